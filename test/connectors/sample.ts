import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { recordKeys } from '../../base/keys.ts';
import type { Pool } from '../../base/db.ts';
import { pullStream, type PullOutcome, type RunMode } from '../../connectors/pull.ts';
import { connectorOf, streamOf } from '../../connectors/registry.ts';
import { streamCounts } from '../../connectors/totals.ts';

/** A data set of another generator, where this checkout has one beside it. */
export const sampleCounty = join(import.meta.dirname, '../../../shared/sample-county');
export const hasSampleCounty = existsSync(join(sampleCounty, 'dataset.json'));

export const keys = recordKeys(Buffer.alloc(32, 7));

export function expectedCounts(stream: string): Record<string, unknown> {
  return (JSON.parse(readFileSync(join(sampleCounty, 'truth/expected.json'), 'utf8')) as Record<string, Record<string, unknown>>)[stream]!;
}

export function canaries(prefixes: readonly string[]): string[] {
  const all = JSON.parse(readFileSync(join(sampleCounty, 'truth/canaries.json'), 'utf8')) as { value: string; rule: string }[];
  return all.filter(({ rule }) => prefixes.some((prefix) => rule.startsWith(prefix))).map(({ value }) => value);
}

export async function pull(pool: Pool, department: string, stream: string, env: Record<string, string>, mode: RunMode = 'INCREMENT'): Promise<PullOutcome> {
  const connector = await connectorOf(department);
  return pullStream({ pool, keys, connector, stream: streamOf(connector, stream), runId: null, mode, env, now: () => new Date('2026-10-01T00:00:00Z') });
}

/** The counts of one stream in the form of `expected.json`, without what it does not compare. */
export async function comparable(pool: Pool, department: string, stream: string): Promise<Record<string, unknown>> {
  const counts = await streamCounts(pool, department, stream);
  const { offered, published, unchanged, superseded, tombstones, dropped, droppedFields, quarantined, quarantinedValues, repaired, deleted, live } = counts;
  const sum = (group: Record<string, number>) => Object.values(group).reduce((total, n) => total + n, 0);
  const ended = published + unchanged + superseded + tombstones + sum(dropped) + sum(quarantined);
  if (ended !== offered) return { offered, ended };
  const ids = Object.fromEntries(Object.entries(repaired).filter(([kind]) => kind.startsWith('ID_')));
  return { offered, tombstones, dropped, droppedFields, quarantined, quarantinedValues, repaired: ids, deleted, live };
}

/** Every table of the database as text. */
export async function everything(pool: Pool): Promise<string> {
  const { rows } = await pool.query<{ name: string }>(
    "SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')",
  );
  const texts: string[] = [];
  for (const { name } of rows) texts.push(...(await pool.query<{ line: string }>(`SELECT t::text AS line FROM ${name} t`)).rows.map((row) => row.line));
  return texts.join('\n');
}

/** Published state without what differs between two runs by nature. */
export async function published(pool: Pool): Promise<string[]> {
  const record = "SELECT (to_jsonb(t) - 'fetched_at' - 'run_id')::text AS line FROM hub.record t";
  const mention = "SELECT to_jsonb(t)::text AS line FROM hub.mention t";
  const assignment = 'SELECT t::text AS line FROM hub.assignment t';
  const { rows } = await pool.query<{ line: string }>(`${record} UNION ALL ${mention} UNION ALL ${assignment} ORDER BY line`);
  return rows.map((row) => row.line);
}
