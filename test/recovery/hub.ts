import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../../base/config.ts';
import type { Pool } from '../../base/db.ts';
import type { Limits } from '../../connectors/limits.ts';
import { connectors } from '../../connectors/registry.ts';
import { requestReconcile } from '../../jobs/reconcile.ts';
import { doRun } from '../../jobs/runs.ts';
import { requestSync } from '../../jobs/sync.ts';
import { timing, type Timing } from '../../jobs/timing.ts';

/** Everything a wait of the product is long for, made short; what is waited for is the same. */
export const fastTiming: Timing = { ...timing, tickMs: 50, settleQuietMs: 0, slowTickMs: 200, abandonedAfterSeconds: 1, busyRetrySeconds: 0.1, retryBaseSeconds: 0.1, retryMaxSeconds: 0.5, jobLockMs: 3_000, stalledCheckMs: 500 };
export const fastLimits: Partial<Limits> = { attemptDeadlineMs: 400, pageDeadlineMs: 2_000, runDeadlineMs: 30_000, retryBaseMs: 20, retryMaxMs: 100 };

export const masterSecret = Buffer.alloc(32, 7);
export const sourceSecrets = { HOTLINE_SECRET: 's', HOTLINE_TOKEN: 't', COURT_CLIENT_ID: 'yiwang', COURT_CLIENT_SECRET: 'c', PETITION_USERNAME: 'yiwang', PETITION_PASSWORD: 'p & <q>' };

/** A hub's configuration for sources by their URL names, as `readConfig` would make it. */
export async function testConfig(urls: Record<string, string>, redisUrl?: string): Promise<Config> {
  const sources: Config['sources'] = {};
  for (const { department, source } of (await connectors()).values()) if (urls[source.urlEnv] !== undefined) sources[department] = { url: urls[source.urlEnv]!, secrets: { ...sourceSecrets } };
  return { production: false, home: temporaryFolder(), databaseUrl: undefined, redisUrl, oidc: undefined, port: 0, host: '127.0.0.1', masterSecret, sources };
}

const folders: string[] = [];

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'yiwang-recovery-'));
  folders.push(folder);
  return folder;
}

process.once('exit', () => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

export interface EndedRun {
  id: string;
  stream: string;
  mode: string;
  status: string;
  requested_by: string;
  error_code: string | null;
  message: string | null;
  counts: Record<string, any>;
}

/** Does every run that is due, one after another as a worker would, until none is or so many are done; returns those it did. */
export async function doDueRuns(pool: Pool, config: Config, limits: Partial<Limits> = fastLimits, rounds = runsMax): Promise<EndedRun[]> {
  const done: string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const { rows } = await pool.query<{ id: string }>("SELECT id FROM hub.sync_run WHERE status = 'DUE' ORDER BY requested_at LIMIT 1");
    if (!rows[0]) break;
    await pool.query('UPDATE hub.sync_run SET due_at = now() WHERE id = $1', [rows[0].id]);
    await doRun({ config, pool, now, timing: fastTiming, limits }, rows[0].id);
    done.push(rows[0].id);
  }
  return (await pool.query<EndedRun>('SELECT id, stream, mode, status, requested_by, error_code, message, counts FROM hub.sync_run WHERE id = ANY($1::uuid[]) ORDER BY requested_at', [done])).rows;
}

const runsMax = 200;
export const now = () => new Date('2026-10-01T00:00:00Z');

export async function syncNow(pool: Pool, config: Config, options: { departments?: string[]; full?: boolean } = {}): Promise<EndedRun[]> {
  await requestSync(pool, { departments: options.departments ?? Object.keys(config.sources), full: options.full ?? false, requestedBy: 'test' });
  return doDueRuns(pool, config);
}

export async function reconcileNow(pool: Pool, config: Config, departments: string[], dryRun = false): Promise<EndedRun[]> {
  await requestReconcile(pool, { departments, dryRun, requestedBy: 'test' });
  return doDueRuns(pool, config);
}

/** What the hub publishes, line by line, without what differs between two runs by nature (run ids, positions, fetch times), and without further columns of the record that a test names. */
export async function publishedTables(pool: Pool, without: readonly string[] = []): Promise<string[]> {
  const details = [...(await connectors()).values()].flatMap((connector) => connector.streams.flatMap((stream) => (stream.detail ? [stream.detail.table] : [])));
  const selects = [
    "SELECT 'record ' || (to_jsonb(t) - 'fetched_at' - 'run_id' - 'place_key' - $1::text[])::text AS line FROM hub.record t",
    "SELECT 'mention ' || (to_jsonb(t) - 'entity_key' - 'standard')::text FROM hub.mention t",
    "SELECT 'assignment ' || t::text FROM hub.assignment t",
    "SELECT 'self ' || t::text FROM hub.mention_self t",
    "SELECT 'thing ' || thing_key || kind || name FROM hub.thing t",
    "SELECT 'landed ' || stream || record_key || content::text FROM hub.landed t",
    "SELECT 'live ' || stream || key_hmac FROM hub.record_head t WHERE state = 'LIVE'",
    ...details.map((table) => `SELECT '${table} ' || to_jsonb(t)::text FROM ${table} t`),
  ];
  return (await pool.query<{ line: string }>(`${selects.join(' UNION ALL ')} ORDER BY 1`, [without])).rows.map((row) => row.line);
}
