import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { realpathSync } from 'node:fs';
import { Redis } from 'ioredis';
import type pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startJobs, type RunningJobs } from '../../jobs/main.ts';
import { requestSync } from '../../jobs/sync.ts';
import { emptyDatabase, testDatabase, type TestDatabase } from '../postgres.ts';
import { services } from '../services.ts';
import { callSource } from './calls.ts';
import { fastLimits, fastTiming, publishedTables, syncNow, temporaryFolder, testConfig } from './hub.ts';

const hasServer = spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0;
const recoveryMs = 60_000;

describe.runIf(services().redis && hasServer)('a queue of its own', () => {
  let hub: TestDatabase;
  let source: TestDatabase;
  let redis: OwnRedis;
  let jobs: RunningJobs;
  let holder: pg.PoolClient;
  let oracle: string[];

  beforeEach(async () => {
    source = await emptyDatabase();
    await callSource(source.pool, 250);
    const quiet = await testDatabase();
    await syncNow(quiet.pool, await testConfig({ POLICE_SOURCE_URL: source.url }));
    oracle = await publishedTables(quiet.pool);
    await quiet.drop();
    hub = await testDatabase();
    redis = await ownRedis();
    holder = await hub.pool.connect();
    await holder.query('BEGIN');
    await holder.query('LOCK TABLE hub.assignment IN ACCESS EXCLUSIVE MODE');
    // One at a time: one run stands still in mid-page, the others wait in the queue.
    jobs = await startJobs({ config: await testConfig({ POLICE_SOURCE_URL: source.url }, redis.url), pool: hub.pool, databaseUrl: hub.url, timing: fastTiming, limits: { ...fastLimits, attemptDeadlineMs: 5_000, pageDeadlineMs: 10_000 }, concurrency: 1 });
    await requestSync(hub.pool, { departments: ['police'], requestedBy: 'test' });
    await expect.poll(async () => (await hub.pool.query("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query ILIKE '%hub.assignment%'")).rowCount, { timeout: 20_000 }).toBe(1);
    await requestSync(hub.pool, { departments: ['police'], full: true, requestedBy: 'test' });
    await expect.poll(async () => (await redis.keys()).length, { timeout: 10_000 }).toBeGreaterThan(3);
  });
  afterEach(async () => {
    await holder.query('ROLLBACK');
    holder.release();
    await redis.start();
    await jobs?.stop();
    await redis.kill();
    await Promise.all([hub.drop(), source.drop()]);
  });
  const allDone = async () => {
    const lostAt = performance.now();
    await holder.query('ROLLBACK');
    await expect.poll(async () => (await hub.pool.query<{ s: string }>('SELECT DISTINCT status AS s FROM hub.sync_run')).rows.map((row) => row.s), { timeout: recoveryMs }).toEqual(['SUCCEEDED']);
    expect(performance.now() - lostAt).toBeLessThan(recoveryMs);
    expect(await publishedTables(hub.pool)).toEqual(oracle);
  };

  it('that is killed with runs in it and comes back empty loses none', async () => {
    await redis.kill();
    await requestSync(hub.pool, { departments: ['police'], requestedBy: 'test' });
    await redis.start();
    await allDone();
  });

  it('that is wiped has all runs back, and schedules never stood in it', async () => {
    await hub.pool.query("UPDATE hub.schedule SET next_at = now() - interval '1 second' WHERE department = 'police' AND kind = 'SYNC'");
    await redis.wipe();
    await requestSync(hub.pool, { departments: ['police'], requestedBy: 'test' });
    await expect.poll(async () => (await hub.pool.query("SELECT 1 FROM hub.sync_run WHERE requested_by = 'schedule' AND mode = 'INCREMENT'")).rowCount, { timeout: recoveryMs }).toBe(2);
    await allDone();
  });
});

interface OwnRedis {
  url: string;
  keys(): Promise<string[]>;
  wipe(): Promise<void>;
  kill(): Promise<void>;
  start(): Promise<void>;
}

/** A Redis that keeps nothing on disk, on a port and in a folder of its own. */
async function ownRedis(): Promise<OwnRedis> {
  const folder = realpathSync(temporaryFolder());
  const port = await freePort();
  let child: ChildProcess | undefined;
  const start = async () => {
    if (child) return;
    child = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder], { stdio: 'ignore' });
    await expect.poll(() => asked((client) => client.ping()).catch(() => ''), { timeout: 10_000 }).toBe('PONG');
  };
  const asked = async <T>(ask: (client: Redis) => Promise<T>): Promise<T> => {
    const client = new Redis(port, '127.0.0.1', { lazyConnect: true, retryStrategy: () => null });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return await ask(client);
    } finally {
      client.disconnect();
    }
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    keys: () => asked((client) => client.keys('*')),
    wipe: () => asked(async (client) => {
      expect(await client.config('GET', 'dir')).toEqual(['dir', folder]); // this one is ours
      await client.flushall();
    }),
    async kill() {
      if (!child) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      child = undefined;
    },
    start,
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
