import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Pool } from '../base/db.ts';
import { YiwangError } from '../base/errors.ts';
import { readJsonFile } from '../base/json-file.ts';
import type { HubStatus } from '../jobs/status.ts';

export interface Check {
  /** Counts that are others than `truth/expected.json` says. */
  different: { stream: string; count: string; expected: unknown; found: unknown }[];
  /** Values of `truth/canaries.json` that stand in a table; told by rule and table, because the value is what nobody may see. */
  canaries: { rule: string; table: string }[];
  streams: number;
  canariesLooked: number;
}

const compared = ['offered', 'tombstones', 'dropped', 'droppedFields', 'quarantined', 'quarantinedValues', 'repaired', 'deleted', 'live'] as const;

/** Compares what a hub counts with what the data set that it was synced from states, and looks for its canaries in every table. */
export async function checkDataset(pool: Pool, status: HubStatus, dataset: string): Promise<Check> {
  const expected = truth(dataset, 'expected.json', expectedSchema(status.streams.map(({ stream }) => stream)));
  const streams = status.streams.filter(({ stream }) => expected[stream] !== undefined);
  const different = streams.flatMap((found) => differences(found.stream, expected[found.stream]!, found as unknown as Record<string, unknown>));
  const canaries = truth(dataset, 'canaries.json', canariesSchema);
  return { different, canaries: await foundCanaries(pool, canaries), streams: streams.length, canariesLooked: canaries.length };
}

/** Streams by name, beside what no hub counts. A set that states nothing of any stream would differ in nothing. */
function expectedSchema(streams: readonly string[]) {
  const count = z.union([z.number(), z.record(z.string(), z.number())], { error: 'is no number' }).optional();
  const counts = z.looseObject(Object.fromEntries(compared.map((name) => [name, count])), { error: 'is no object of counts' });
  return z
    .looseObject(Object.fromEntries(streams.map((stream) => [stream, counts.optional()])), { error: 'is no object of streams' })
    .refine((stated) => streams.some((stream) => stated[stream] !== undefined), 'names no stream of the hub')
    .transform((stated) => stated as Record<string, Record<string, unknown> | undefined>);
}

const canariesSchema = z.array(z.object({ value: z.string({ error: 'is no text' }).min(1, 'is empty'), rule: z.string({ error: 'is no text' }) }, { error: 'is no object' }), { error: 'is no list' });

function truth<T>(dataset: string, file: string, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(readTruth(dataset, file));
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw new YiwangError('DATASET_INVALID', { hint: `truth/${file}: ${path.length > 0 ? `\`${path.join('.')}\`` : 'it'} ${message}` });
}

function readTruth(dataset: string, file: string): unknown {
  const path = join(dataset, 'truth', file);
  if (!existsSync(path)) throw new YiwangError('DATASET_INVALID', { hint: `\`${dataset}\` has no truth/${file}` });
  try {
    return readJsonFile(path);
  } catch (cause) {
    throw new YiwangError('DATASET_INVALID', { hint: `truth/${file} cannot be read as JSON`, cause });
  }
}

/** A count that the data set does not state is not compared; of repairs the ID kinds only (sources.md). */
function differences(stream: string, expected: Record<string, unknown>, found: Record<string, unknown>): Check['different'] {
  return compared.flatMap((count) => {
    if (expected[count] === undefined) return [];
    const [left, right] = [expected[count], found[count]].map((value) => plain(value, count === 'repaired'));
    return left === right ? [] : [{ stream, count, expected: expected[count], found: found[count] }];
  });
}

function plain(value: unknown, idKindsOnly: boolean): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value as Record<string, number>).filter(([kind, n]) => n !== 0 && (!idKindsOnly || kind.startsWith('ID_')));
  return JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const rowsPerFetch = 2_000;

/** Every table of the database, the queue's among them, row by row as text. */
async function foundCanaries(pool: Pool, canaries: readonly { value: string; rule: string }[]): Promise<Check['canaries']> {
  if (canaries.length === 0) return [];
  const pattern = new RegExp(canaries.map(({ value }) => value.replaceAll(/[\\^$.*+?()[\]{}|\-/]/g, '\\$&')).join('|'), 'g');
  const ruleOf = new Map(canaries.map(({ value, rule }) => [value, rule]));
  const { rows } = await pool.query<{ name: string }>(
    "SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema') AND (table_schema, table_name) <> ('hub', 'division') ORDER BY 1",
  );
  const found = new Map<string, { rule: string; table: string }>();
  for (const { name } of rows) {
    for await (const text of rowsAsText(pool, name)) {
      for (const [value] of text.matchAll(pattern)) found.set(`${value} ${name}`, { rule: ruleOf.get(value) ?? '', table: name });
    }
  }
  return [...found.values()];
}

async function* rowsAsText(pool: Pool, table: string): AsyncGenerator<string> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN READ ONLY');
    await client.query(`DECLARE looked NO SCROLL CURSOR FOR SELECT t::text AS line FROM ${table} t`);
    for (;;) {
      const { rows } = await client.query<{ line: string }>(`FETCH ${rowsPerFetch} FROM looked`);
      if (rows.length === 0) return;
      yield rows.map((row) => row.line).join('\n');
    }
  } finally {
    await client.query('ROLLBACK').catch(() => undefined); // a connection that is lost ends it too
    client.release();
  }
}
