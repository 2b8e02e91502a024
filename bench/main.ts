import { YiwangError } from '../base/errors.ts';

export interface BenchOptions {
  durationSeconds?: number;
  /** How often each contender of `federation` is measured, in turn; the run that cost least CPU is told. */
  rounds?: number;
  /** Size of the county, where the bench has one. */
  residents?: number;
  /** Rows of the large source in the memory part of `ingest`. */
  memoryRows?: number;
  /** The largest generated set of `linkage`. */
  mentionsMax?: number;
  /** Where public data sets lie that were fetched by hand; for `hub` a home that `yiwang demo --once` filled. */
  folder?: string;
  /** A data set of another generator, with its truth, to report beside ours. */
  dataset?: string;
  /** Largest size of `matters`, in records. */
  records?: number;
}

/** Name → what runs it and gives the table to print. Each is loaded only when it is asked for. */
const benches: Record<string, () => Promise<(options: BenchOptions) => Promise<string>>> = {
  federation: async () => (await import('./federation/main.ts')).benchFederation,
  memory: async () => (await import('./federation/memory.ts')).benchMemory,
  ingest: async () => (await import('./ingest/main.ts')).benchIngest,
  linkage: async () => (await import('./linkage/main.ts')).benchLinkage,
  matters: async () => {
    const { benchMatters } = await import('./matters/main.ts');
    return ({ dataset, records }) => benchMatters({ ...(dataset === undefined ? {} : { dataset }), ...(records === undefined ? {} : { recordsMax: records }) });
  },
  permissions: async () => (await import('./permissions/main.ts')).benchPermissions,
  hub: async () => (await import('./hub/main.ts')).benchHub,
};

export const benchNames: readonly string[] = Object.keys(benches);

/** Runs one bench and gives its table (Markdown). Errors: `USAGE` for a name that is none. */
export async function runBench(name: string, options: BenchOptions = {}): Promise<string> {
  const load = benches[name];
  if (!load) throw new YiwangError('USAGE', { hint: `\`${name}\` is no bench; there are: ${benchNames.join(', ')} · 没有名为 \`${name}\` 的基准` });
  return (await load())(options);
}
