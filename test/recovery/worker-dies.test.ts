import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startJobs, type RunningJobs } from '../../jobs/main.ts';
import { hubStatus } from '../../jobs/status.ts';
import { requestSync } from '../../jobs/sync.ts';
import { emptyDatabase, testDatabase, type TestDatabase } from '../postgres.ts';
import { fastLimits, fastTiming, publishedTables, syncNow, testConfig } from './hub.ts';
import { callSource } from './calls.ts';

/** pipeline.md, I5: unattended, within a minute. */
const recoveryMs = 60_000;

describe('a worker', () => {
  let hub: TestDatabase;
  let source: TestDatabase;
  let holder: pg.PoolClient;
  let oracle: { tables: string[]; status: unknown };
  const children: ChildProcess[] = [];
  const started: RunningJobs[] = [];

  beforeEach(async () => {
    source = await emptyDatabase();
    await callSource(source.pool, 700);
    const quiet = await testDatabase();
    await syncNow(quiet.pool, await config());
    oracle = { tables: await publishedTables(quiet.pool), status: await counted(quiet) };
    await quiet.drop();
    hub = await testDatabase();
    holder = await hub.pool.connect();
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await holder.query('ROLLBACK'); // first: jobs that stop would wait for what is held
    for (const jobs of started.splice(0)) await jobs.stop();
    holder.release();
    await Promise.all([hub.drop(), source.drop()]);
  });

  const config = () => testConfig({ POLICE_SOURCE_URL: source.url });
  const spawnWorker = async () => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'worker-process.ts'), hub.url, JSON.stringify({ POLICE_SOURCE_URL: source.url })], { stdio: ['ignore', 'pipe', 'ignore'] });
    children.push(child);
    await once(child.stdout!, 'data');
    return child;
  };
  /** The connector's own schedule goes by the real clock and comes due every ten minutes: not while this test counts runs. */
  const farFromMark = async () => {
    const [everyMs, neededMs] = [600_000, 20_000];
    const leftMs = everyMs - (Date.now() % everyMs);
    if (leftMs < neededMs) await pause(leftMs + 1_000);
  };
  const killed = async (child: ChildProcess) => {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  const request = () => requestSync(hub.pool, { departments: ['police'], requestedBy: 'test' });
  /** A page in the middle of its transaction stands still here: its heads, records and mentions are written, not committed. */
  const hold = async () => {
    await holder.query('BEGIN');
    await holder.query('LOCK TABLE hub.assignment IN ACCESS EXCLUSIVE MODE');
  };
  const waiting = (on: string) => async () => (await hub.pool.query<{ n: number }>("SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query ILIKE $1", [`%${on}%`])).rows[0]!.n;
  const statuses = async () => (await hub.pool.query<{ status: string }>("SELECT DISTINCT status FROM hub.sync_run WHERE requested_by = 'test'")).rows.map((row) => row.status);
  const counted = async ({ pool }: TestDatabase) => (await hubStatus(pool)).streams.filter((stream) => stream.department === 'police').map(({ lastRun: _, ...stream }) => stream);

  it('killed in the middle of a page leaves nothing of it; another does the run and the tables are whole', async () => {
    await hold();
    await request();
    const first = await spawnWorker();
    await expect.poll(waiting('hub.assignment'), { timeout: 20_000 }).toBeGreaterThan(0);
    await killed(first);
    await holder.query('ROLLBACK');
    const diedAt = performance.now();
    expect((await publishedTables(hub.pool)).filter((line) => /jcj_jjd|"stream": "jcj/.test(line))).toEqual([]);
    await spawnWorker();
    await expect.poll(statuses, { timeout: recoveryMs }).toEqual(['SUCCEEDED']);
    expect(performance.now() - diedAt).toBeLessThan(recoveryMs);
    expect(await publishedTables(hub.pool)).toEqual(oracle.tables);
    expect(await counted(hub)).toEqual(oracle.status);
  });

  it('killed after its commit and before its job is done has done it all: the repeat changes no row', async () => {
    await hold();
    await request();
    const first = await spawnWorker();
    await expect.poll(waiting('hub.assignment'), { timeout: 20_000 }).toBeGreaterThan(0);
    const ender = await hub.pool.connect();
    try {
      await ender.query('BEGIN');
      await ender.query("SELECT id FROM hub.sync_run WHERE status = 'RUNNING' FOR UPDATE");
      await holder.query('ROLLBACK');
      await expect.poll(waiting('UPDATE hub.sync_run SET status = \'SUCCEEDED\''), { timeout: 20_000 }).toBeGreaterThan(0);
      await expect.poll(() => publishedTables(hub.pool), { timeout: 20_000 }).toEqual(oracle.tables);
      await killed(first);
      const before = await hub.pool.query("SELECT xmin::text, rid FROM hub.record ORDER BY rid");
      // The server would still finish the statement of a client that is gone, and that is another fault than this one.
      await ender.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query ILIKE '%UPDATE hub.sync_run%'");
      await ender.query('ROLLBACK');
      await spawnWorker();
      await expect.poll(statuses, { timeout: recoveryMs }).toEqual(['SUCCEEDED']);
      const repeated = await hub.pool.query<{ touched: number; attempt: number }>("SELECT (counts->>'touched')::int AS touched, attempt FROM hub.sync_run WHERE attempt > 1");
      expect(repeated.rows.length).toBeGreaterThan(0);
      for (const run of repeated.rows) expect(run.touched).toBe(0);
      expect((await hub.pool.query("SELECT xmin::text, rid FROM hub.record ORDER BY rid")).rows).toEqual(before.rows);
      expect(await counted(hub)).toEqual(oracle.status);
    } finally {
      await ender.query('ROLLBACK');
      ender.release();
    }
  });

  it('is one of two: a schedule that comes due makes one run a stream, a stream that is busy says so, and all ends once', async () => {
    await farFromMark();
    await hub.pool.query("INSERT INTO hub.schedule (department, kind, cron, tz, next_at) VALUES ('police', 'SYNC', '*/10 * * * *', 'Asia/Shanghai', now() - interval '1 second')");
    const options = { config: await config(), pool: hub.pool, databaseUrl: hub.url, timing: fastTiming, limits: fastLimits };
    await hold();
    started.push(...(await Promise.all([startJobs({ ...options, concurrency: 2 }), startJobs({ ...options, concurrency: 2 })])));
    await expect.poll(waiting('hub.assignment'), { timeout: 20_000 }).toBeGreaterThan(0);
    const runs = async () => (await hub.pool.query<{ stream: string; status: string; error_code: string | null }>("SELECT stream, status, error_code FROM hub.sync_run ORDER BY stream, requested_at")).rows;
    expect((await runs()).map((run) => run.stream)).toEqual(['jcj_jjd', 'rk_hj']);
    await hub.pool.query("UPDATE hub.schedule SET next_at = now() + interval '1 day' WHERE department = 'police'");
    await hub.pool.query("INSERT INTO hub.sync_run (id, department, stream, mode, status, requested_by, requested_at) VALUES (gen_random_uuid(), 'police', 'jcj_jjd', 'INCREMENT', 'DUE', 'schedule', now() + interval '1 second'), (gen_random_uuid(), 'police', 'jcj_jjd', 'INCREMENT', 'DUE', 'test', now() + interval '2 seconds')");
    await expect.poll(async () => (await runs()).map((run) => run.status), { timeout: 20_000 }).toContain('BUSY');
    await holder.query('ROLLBACK');
    await expect.poll(async () => (await runs()).filter((run) => run.stream === 'jcj_jjd').map((run) => run.status), { timeout: recoveryMs }).toEqual(['SUCCEEDED', 'BUSY', 'SUCCEEDED']);
    expect((await runs()).find((run) => run.status === 'BUSY')!.error_code).toBe('STREAM_BUSY');
    expect(await publishedTables(hub.pool)).toEqual(oracle.tables);
    expect(await counted(hub)).toEqual(oracle.status);
  });
});
