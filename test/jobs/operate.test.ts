import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Config } from '../../base/config.ts';
import { runSchedules } from '../../jobs/dispatch.ts';
import { startJobs, type RunningJobs } from '../../jobs/main.ts';
import { askNightlySnapshot, takeSnapshot } from '../../jobs/snapshot.ts';
import { hubStatus, type StreamStatus } from '../../jobs/status.ts';
import { pauseStreams } from '../../jobs/streams.ts';
import { approveHeldRun, requestSync, waitForSync, type FinishedRun, type SyncRequest } from '../../jobs/sync.ts';
import { deliver } from '../connectors/deliver.ts';
import { pull } from '../connectors/sample.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';

let hub: TestDatabase;
let folder: string;
let jobs: RunningJobs | undefined;
let config: Config;

beforeEach(async () => {
  hub = await testDatabase();
  folder = mkdtempSync(join(tmpdir(), 'yiwang-operate-'));
  config = { production: false, home: folder, databaseUrl: undefined, redisUrl: undefined, oidc: undefined, port: 0, host: '127.0.0.1', masterSecret: Buffer.alloc(32, 7), sources: { civil: { url: pathToFileURL(folder).href, secrets: {} } } };
  jobs = await startJobs({ config, pool: hub.pool, databaseUrl: hub.url });
});
afterEach(async () => {
  await jobs?.stop();
  await hub.drop();
  rmSync(folder, { recursive: true });
});

const many = (count: number) => Array.from({ length: count }, (_, index) => [`K${String(index).padStart(2, '0')}`, '受理', '2026-02-01'] as string[]);
const live = async () => (await hub.pool.query<{ n: number }>("SELECT count(*) AS n FROM hub.record WHERE stream = 'jzsq'")).rows[0]!.n;
const stream = async (): Promise<StreamStatus> => (await hubStatus(hub.pool)).streams.find((one) => one.stream === 'jzsq')!;
const watermark = async () => (await hub.pool.query("SELECT watermark FROM hub.stream WHERE stream = 'jzsq'")).rows[0]?.['watermark'];

async function sync(more: Partial<SyncRequest> = {}): Promise<FinishedRun> {
  const [run] = await waitForSync(hub.pool, await requestSync(hub.pool, { departments: ['civil'], stream: 'jzsq', requestedBy: 'test', ...more }), { timeoutMs: 20_000 });
  return run!;
}

describe('a dry run', () => {
  it('tells what a run would do, and changes nothing', async () => {
    deliver(folder, '20260301', 'INCREMENT', '2026-03-01', many(30));
    const before = await unchanging();
    const dry = await sync({ dryRun: true });
    expect(dry).toMatchObject({ mode: 'DRY_RUN', status: 'SUCCEEDED', counts: { offered: 30, published: 30, touched: 30 } });
    expect(await unchanging()).toBe(before);
    const real = await sync();
    expect(real.counts).toMatchObject({ offered: 30, published: 30, touched: 30 });
    expect((await sync({ full: true, dryRun: true })).counts).toMatchObject({ touched: 0 });
    expect(await stream()).toMatchObject({ lastRun: { id: real.id } });
  });

  /** Everything but the runs themselves and the queue. */
  async function unchanging(): Promise<string> {
    const { rows } = await hub.pool.query<{ name: string }>("SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables WHERE table_type = 'BASE TABLE' AND table_schema IN ('hub', 'civil') AND table_name NOT IN ('sync_run', 'schedule') ORDER BY 1");
    const lines: string[] = [];
    for (const { name } of rows) lines.push(...(await hub.pool.query<{ line: string }>(`SELECT t::text AS line FROM ${name} t ORDER BY 1`)).rows.map((row) => row.line));
    return lines.join('\n');
  }
});

describe('a paused stream', () => {
  it('starts nothing until it is resumed, in another process too, and its due runs then go on', async () => {
    deliver(folder, '20260301', 'INCREMENT', '2026-03-01', many(3));
    await pauseStreams(hub.pool, { department: 'civil', stream: 'jzsq' }, true, 'test');
    await expect(requestSync(hub.pool, { departments: ['civil'], stream: 'jzsq', requestedBy: 'test' })).rejects.toMatchObject({ code: 'USAGE' });
    expect((await requestSync(hub.pool, { departments: ['civil'], requestedBy: 'test' })).length).toBe(1); // the other stream of the department

    // Due before the pause was known, and a process that starts afterwards.
    await hub.pool.query("INSERT INTO hub.sync_run (id, department, stream, mode, status, requested_by) VALUES (gen_random_uuid(), 'civil', 'jzsq', 'INCREMENT', 'DUE', 'test')");
    await jobs?.stop();
    jobs = await startJobs({ config, pool: hub.pool, databaseUrl: hub.url });
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect(await live()).toBe(0);
    expect(await stream()).toMatchObject({ paused: true, pausedAt: expect.stringMatching(/^\d{4}-/) });
    expect((await hubStatus(hub.pool)).ready).toBe(true); // a paused stream keeps nobody waiting

    await pauseStreams(hub.pool, { department: 'civil', stream: 'jzsq' }, false, 'test');
    await expect.poll(live, { timeout: 10_000 }).toBe(3);
  });

  it('gets no runs of its schedule', async () => {
    const due = () => hub.pool.query("UPDATE hub.schedule SET next_at = now() - interval '1 minute'");
    const scheduled = async () => (await hub.pool.query<{ stream: string }>("SELECT DISTINCT stream FROM hub.sync_run WHERE requested_by = 'schedule'")).rows.map((row) => row.stream);
    await runSchedules(hub.pool, config);
    await pauseStreams(hub.pool, { department: 'civil', stream: 'jzsq' }, true, 'test');
    await due();
    await runSchedules(hub.pool, config);
    expect(await scheduled()).toEqual(['shzz']);
  });

  it('is dry-run all the same', async () => {
    deliver(folder, '20260301', 'INCREMENT', '2026-03-01', many(3));
    await pauseStreams(hub.pool, { department: 'civil' }, true, 'test');
    expect(await sync({ dryRun: true })).toMatchObject({ status: 'SUCCEEDED', counts: { offered: 3 } });
  });
});

describe('a schedule that has come', () => {
  const runs = async () => (await hub.pool.query<{ mode: string; stream: string }>("SELECT mode, stream FROM hub.sync_run WHERE requested_by = 'schedule' ORDER BY 1, 2")).rows.map((row) => `${row.mode} ${row.stream}`);
  const come = (kind: string) => hub.pool.query("UPDATE hub.schedule SET next_at = now() - interval '1 minute' WHERE kind = $1", [kind]);
  beforeEach(async () => {
    await jobs?.stop();
    jobs = undefined;
    await runSchedules(hub.pool, config);
    await hub.pool.query('DELETE FROM hub.sync_run');
  });
  afterEach(() => void vi.useRealTimers());

  it('is not lost with a worker that ends while it makes the runs', async () => {
    await come('RECONCILE');
    await hub.pool.query("CREATE FUNCTION public.fails() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'gone'; END $$; CREATE TRIGGER fails BEFORE INSERT ON hub.sync_run FOR EACH ROW WHEN (NEW.stream = 'shzz') EXECUTE FUNCTION public.fails()");
    await expect(runSchedules(hub.pool, config)).rejects.toThrow('gone');
    await hub.pool.query('DROP TRIGGER fails ON hub.sync_run');
    await runSchedules(hub.pool, config);
    expect(await runs()).toEqual(['RECONCILE jzsq', 'RECONCILE shzz']);
  });

  it.each([['an hour behind', -1], ['two days ahead', 48]])('makes its runs once and comes again in its time, though the clock of a worker is %s', async (_, hours) => {
    await come('SYNC');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + hours * 3_600_000 });
    for (let look = 0; look < 3; look += 1) {
      await runSchedules(hub.pool, config);
      await hub.pool.query("UPDATE hub.sync_run SET status = 'SUCCEEDED'");
    }
    expect(await runs()).toEqual(['INCREMENT jzsq', 'INCREMENT shzz']);
    expect((await hub.pool.query("SELECT bool_and(next_at BETWEEN now() AND now() + interval '25 hours') AS tonight FROM hub.schedule")).rows).toEqual([{ tonight: true }]);
  });

  it('counts statistics too, though nobody ever waited for a sync', async () => {
    const asked = async () => {
      await askNightlySnapshot(hub.pool);
      return (await hub.pool.query("DELETE FROM hub.outbox WHERE kind = 'SNAPSHOT'")).rowCount;
    };
    expect(await asked()).toBe(0); // there is nothing to count
    deliver(folder, '20260301', 'INCREMENT', '2026-03-01', many(3));
    await pull(hub.pool, 'civil', 'jzsq', { CIVIL_SOURCE_URL: config.sources['civil']!.url });
    expect(await asked()).toBe(1);
    await takeSnapshot(hub.pool, config.masterSecret);
    expect(await asked()).toBe(0);
    await hub.pool.query("UPDATE hub.setting SET set_at = now() - interval '1 day' WHERE name = 'statistics_snapshot'");
    expect(await asked()).toBe(1);
  });

  it('planned too late, by a clock that was set back since, is planned anew', async () => {
    await hub.pool.query("UPDATE hub.schedule SET next_at = now() + interval '9 days'");
    await runSchedules(hub.pool, config);
    expect((await hub.pool.query("SELECT bool_and(next_at < now() + interval '25 hours') AS tonight FROM hub.schedule")).rows).toEqual([{ tonight: true }]);
    expect(await runs()).toEqual([]);
  });
});

describe('a held deletion', () => {
  beforeEach(async () => {
    deliver(folder, '20260301', 'SNAPSHOT', '2026-03-01', many(60));
    await sync();
    deliver(folder, '20260401', 'SNAPSHOT', '2026-04-01', many(20));
  });

  it('is shown, waits, and goes on when an operator approves it, once', async () => {
    const run = await sync();
    expect(run).toMatchObject({ status: 'HELD', message: 'this would delete 40 of 60 records of `jzsq`' });
    expect(await live()).toBe(60);
    expect((await stream()).held).toMatchObject([{ id: run.id, message: run.message }]);
    const [first, second] = await Promise.allSettled([1, 2].map(() => approveHeldRun(hub.pool, run.id, 'test')));
    const approved = [first, second].flatMap((one) => (one?.status === 'fulfilled' ? [one.value] : []));
    expect(approved).toHaveLength(1);
    expect(await waitForSync(hub.pool, approved, { timeoutMs: 20_000 })).toMatchObject([{ status: 'SUCCEEDED' }]);
    expect(await live()).toBe(20);
    expect((await stream()).held).toEqual([]);
  });

  it('approved for so many deletes no more than that: what has grown is held again', async () => {
    const run = await sync();
    deliver(folder, '20260402', 'SNAPSHOT', '2026-04-02', many(5));
    await jobs?.stop();
    const approved = await approveHeldRun(hub.pool, run.id, 'test');
    await hub.pool.query(`UPDATE hub.sync_run SET parameters = parameters || '{"approveDeletes": 30}' WHERE id = $1`, [approved]);
    jobs = await startJobs({ config, pool: hub.pool, databaseUrl: hub.url });
    expect(await waitForSync(hub.pool, [approved], { timeoutMs: 20_000 })).toMatchObject([{ status: 'HELD' }]);
    expect(await live()).toBe(60);
  });

  it('can no longer be approved when a later run has decided it', async () => {
    const run = await sync();
    deliver(folder, '20260402', 'SNAPSHOT', '2026-04-02', many(58));
    rmSync(join(folder, '20260401'), { recursive: true });
    expect(await sync()).toMatchObject({ status: 'SUCCEEDED' });
    await expect(approveHeldRun(hub.pool, run.id, 'test')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('is told by a dry run, which is not approved', async () => {
    const dry = await sync({ dryRun: true });
    expect(dry).toMatchObject({ status: 'HELD', counts: { held: 40 } });
    expect((await stream()).held).toEqual([]);
    await expect(approveHeldRun(hub.pool, dry.id, 'test')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('a back-fill', () => {
  it('reads its period only, moves the watermark nowhere, and a second one changes nothing', async () => {
    deliver(folder, '20260301', 'INCREMENT', '2026-03-01', many(3));
    deliver(folder, '20260401', 'INCREMENT', '2026-04-01', [['A', '受理', '2026-03-20']]);
    deliver(folder, '20260501', 'INCREMENT', '2026-05-01', [['B', '受理', '2026-04-20']]);
    await sync();
    const before = await watermark();
    await hub.pool.query("DELETE FROM hub.record; DELETE FROM hub.record_head; DELETE FROM hub.version_seen; DELETE FROM hub.landed");
    const period = { since: '2026-03-15T00:00:00Z', until: '2026-04-15T00:00:00Z' };
    expect(await sync({ ...period, dryRun: true })).toMatchObject({ counts: { offered: 1, touched: 1 } });
    expect(await live()).toBe(0);
    expect(await sync(period)).toMatchObject({ status: 'SUCCEEDED', counts: { offered: 1, published: 1, touched: 1 } });
    expect((await hub.pool.query("SELECT record_key FROM hub.record")).rows).toEqual([{ record_key: 'A' }]);
    expect(await watermark()).toEqual(before);
    expect((await sync(period)).counts).toMatchObject({ touched: 0 });
  });
});
