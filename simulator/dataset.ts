import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { YiwangError } from '../base/errors.ts';
import { readJsonFile } from '../base/json-file.ts';
import { toldTicket, type ToldTicket } from './hotline.ts';
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

/** One that is pushed, with what the hotline itself knows of its ticket from it; null where it says nothing that can be told. */
export interface EventVersion extends Version {
  told: ToldTicket | null;
}

export interface StreamIndex<V extends Version = Version> {
  label: string;
  path: string;
  versions: V[];
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
  events: StreamIndex<EventVersion>;
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
    value = readJsonFile(path);
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
  const calls = indexed(folder, 'police/jcj_jjd.ndjson', (row) => row['jjdbh'], 'gxsj', asItIs);
  const households = indexed(folder, 'police/rk_hj.ndjson', (row) => row['rybh'], 'gxsj', asItIs);
  const cases = indexed(folder, 'court/prelitigation-cases.ndjson', (row) => row['prelitNo'], 'updatedAt', asItIs);
  const petitions = indexed(folder, 'petition/petitions.ndjson', (row) => `${text(row['nd'])}${text(row['xfjbh'])}`, 'gxsj', asItIs);
  const events = indexed(folder, 'hotline/events.ndjson', () => '', 'time', (version, row) => ({ ...version, round: 1, told: toldTicket(row) }));
  const deliveries = deliveryFolders(folder);
  const lastRound = Math.max(1, calls.rounds, households.rounds, cases.rounds, petitions.rounds);
  return { folder, info, calls, households, cases, petitions, events, deliveries, lastRound };
}

type Row = Record<string, unknown>;

const asItIs = (version: Version) => version;

function indexed<V extends Version>(folder: string, label: string, keyOf: (row: Row) => unknown, watermark: string, asVersion: (version: Version, row: Row) => V): StreamIndex<V> {
  const path = join(folder, label);
  const seen = new Map<string, number>();
  const fields = new Set<string>();
  const versions: V[] = [];
  let rounds = 1;
  for (const line of readLines(path, label)) {
    const key = text(keyOf(line.value));
    // A row without a key is a record of its own: it can only be refused.
    const round = key === '' ? 1 : (seen.get(key) ?? 0) + 1;
    if (key !== '') seen.set(key, round);
    rounds = Math.max(rounds, round);
    for (const field in line.value) fields.add(field);
    versions.push(asVersion({ key, round, watermarkMs: instantMs(line.value[watermark]), offset: line.offset, length: line.length }, line.value));
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
      value = readJsonFile(path);
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
