import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { YiwangError } from '../base/errors.ts';
import { readLines } from './lines.ts';
import { instantMs } from './time.ts';

/** What `dataset.json` says. `asOf` is where the hub's business clock starts, `regionRoot` the six digits of the county. */
export const datasetSchema = z.looseObject({
  seed: z.union([z.number(), z.string()]),
  residents: z.number().int().nonnegative(),
  asOf: z.string().refine((text) => !Number.isNaN(Date.parse(text)), 'is not an RFC 3339 time'),
  regionRoot: z.string().regex(/^\d{6}$/, 'is not six digits'),
});

export type DatasetInfo = z.infer<typeof datasetSchema>;

/** Where one version of a record stands. `round` counts the lines of its key from 1; an unreadable watermark is Infinity. */
export interface Version {
  key: string;
  round: number;
  watermarkMs: number;
  offset: number;
  length: number;
}

export interface StreamIndex {
  label: string;
  path: string;
  versions: Version[];
  /** The most lines that one key has. */
  rounds: number;
  /** Keys of the objects, in the order they were first seen: the columns. */
  fields: string[];
}

export interface Dataset {
  folder: string;
  info: DatasetInfo;
  calls: StreamIndex;
  households: StreamIndex;
  cases: StreamIndex;
  petitions: StreamIndex;
  /** Events are all of round 1: they are pushed in the order of the file. */
  events: StreamIndex;
  /** Names of the folders under civil/, in order. */
  deliveries: string[];
  lastRound: number;
}

/** Reads `dataset.json` alone; for callers that need the seed, the date or the county before anything is served. */
export function readDatasetInfo(folder: string): DatasetInfo {
  const path = join(folder, 'dataset.json');
  if (!existsSync(path)) throw new YiwangError('DATASET_INVALID', { hint: `\`${folder}\` is no data set: it has no dataset.json` });
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new YiwangError('DATASET_INVALID', { hint: 'dataset.json: this is not JSON', cause });
  }
  const parsed = datasetSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new YiwangError('DATASET_INVALID', { hint: `dataset.json: \`${issue?.path.join('.') ?? ''}\` ${issue?.message ?? 'is wrong'}` });
}

/** Checks a data set whole and indexes it. Any fault is `DATASET_INVALID` with the file and line in its hint. */
export function openDataset(folder: string): Dataset {
  const info = readDatasetInfo(folder);
  const calls = indexed(folder, 'police/jcj_jjd.ndjson', (row) => row['jjdbh'], 'gxsj');
  const households = indexed(folder, 'police/rk_hj.ndjson', (row) => row['rybh'], 'gxsj');
  const cases = indexed(folder, 'court/prelitigation-cases.ndjson', (row) => row['prelitNo'], 'updatedAt');
  const petitions = indexed(folder, 'petition/petitions.ndjson', (row) => `${text(row['nd'])}${text(row['xfjbh'])}`, 'gxsj');
  const events = indexed(folder, 'hotline/events.ndjson', () => '', 'time');
  for (const version of events.versions) version.round = 1;
  const deliveries = deliveryFolders(folder);
  const lastRound = Math.max(1, calls.rounds, households.rounds, cases.rounds, petitions.rounds);
  return { folder, info, calls, households, cases, petitions, events, deliveries, lastRound };
}

function indexed(folder: string, label: string, keyOf: (row: Record<string, unknown>) => unknown, watermark: string): StreamIndex {
  const path = join(folder, label);
  const seen = new Map<string, number>();
  const fields = new Set<string>();
  const versions: Version[] = [];
  let rounds = 1;
  for (const line of readLines(path, label)) {
    const key = text(keyOf(line.value));
    // A row without a key is a record of its own: it can only be refused.
    const round = key === '' ? 1 : (seen.get(key) ?? 0) + 1;
    if (key !== '') seen.set(key, round);
    rounds = Math.max(rounds, round);
    for (const field in line.value) fields.add(field);
    versions.push({ key, round, watermarkMs: instantMs(line.value[watermark]), offset: line.offset, length: line.length });
  }
  return { label, path, versions, rounds, fields: [...fields] };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

const manifestSchema = z.object({
  kind: z.enum(['INCREMENT', 'SNAPSHOT']),
  asOf: z.string(),
  files: z.array(z.looseObject({ name: z.string(), stream: z.string(), rows: z.number(), sha256: z.string(), encoding: z.string() })),
});

/** A delivery without a manifest is half written and allowed; a manifest that cannot be read is a fault of the set. */
function deliveryFolders(folder: string): string[] {
  const root = join(folder, 'civil');
  if (!existsSync(root)) throw new YiwangError('DATASET_INVALID', { hint: 'the data set has no folder `civil`' });
  const names = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => entry.name).sort(byDelivery);
  for (const name of names) {
    const path = join(root, name, 'manifest.json');
    if (!existsSync(path)) continue;
    const label = `civil/${name}/manifest.json`;
    let value: unknown;
    try {
      value = JSON.parse(readFileSync(path, 'utf8'));
    } catch {
      throw new YiwangError('DATASET_INVALID', { hint: `${label}: this is not JSON` });
    }
    const parsed = manifestSchema.safeParse(value);
    if (!parsed.success) throw new YiwangError('DATASET_INVALID', { hint: `${label}: \`${parsed.error.issues[0]?.path.join('.') ?? ''}\` is wrong` });
  }
  return names;
}

/** `20260310` before `20260310-2` before `20260310-10`. */
function byDelivery(a: string, b: string): number {
  const [dayA = '', numberA = '1'] = a.split('-');
  const [dayB = '', numberB = '1'] = b.split('-');
  return dayA < dayB ? -1 : dayA > dayB ? 1 : Number(numberA) - Number(numberB);
}
