import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeHome } from '../../base/embedded-place.ts';
import { openPool, type Pool } from '../../base/db.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../base/embedded.ts';
import { embeddedPlace } from '../../base/embedded-place.ts';
import { YiwangError } from '../../base/errors.ts';
import { migrate } from '../../base/migrate.ts';
import { receiveEvents } from '../../connectors/ingest.ts';
import { startJobs, type RunningJobs } from '../../jobs/main.ts';
import { requestSync } from '../../jobs/sync.ts';
import { emptyDatabase, testDatabase } from '../postgres.ts';
import { callSource } from './calls.ts';
import { tcpProxy, type Proxy } from './fault-server.ts';
import { doDueRuns, fastLimits, fastTiming, temporaryFolder, testConfig } from './hub.ts';

const recoveryMs = 60_000;

describe('a PostgreSQL of its own', () => {
  const home = temporaryFolder();
  let server: EmbeddedPostgres;
  let proxy: Proxy;
  let pool: Pool;
  let jobs: RunningJobs;

  beforeAll(async () => {
    server = await startEmbeddedPostgres({ home });
    const url = new URL(server.url);
    proxy = await tcpProxy({ host: url.hostname, port: Number(url.port) });
    url.port = String(proxy.port);
    pool = openPool(url.href);
    await migrate(pool);
    jobs = await startJobs({ config: await testConfig({ HOTLINE_SOURCE_URL: 'http://127.0.0.1:1' }), pool, databaseUrl: url.href, timing: fastTiming, limits: fastLimits });
  });
  afterAll(async () => {
    await jobs?.stop();
    await pool?.end();
    await proxy?.close();
    await server?.stop();
    removeHome(home);
  });

  it('stopped at once in mid-transaction, twice: callers are told to try again, and every event it acknowledged is published', async () => {
    const acknowledged = new Set<string>();
    const refusals: unknown[] = [];
    let sent = 0;
    let sending = true;
    const senders = Array.from({ length: 3 }, async () => {
      while (sending) {
        sent += 1;
        const id = `T${sent}`;
        try {
          const { status } = await receiveEvents(delivery(pool, id));
          if (status === 202) acknowledged.add(id);
        } catch (error) {
          refusals.push(error);
          await pause(50);
        }
        await pause(5);
      }
    });
    for (let stop = 0; stop < 2; stop += 1) {
      const before = acknowledged.size;
      await expect.poll(() => acknowledged.size, { timeout: recoveryMs }).toBeGreaterThan(before + 25);
      await stopAtOnce(home);
      await expect.poll(() => refusals.length, { timeout: recoveryMs }).toBeGreaterThan(stop);
      await server.stop();
      server = await startEmbeddedPostgres({ home });
      proxy.target = { host: '127.0.0.1', port: Number(new URL(server.url).port) };
    }
    const after = acknowledged.size;
    await expect.poll(() => acknowledged.size, { timeout: recoveryMs }).toBeGreaterThan(after + 10);
    sending = false;
    await Promise.all(senders);

    for (const error of refusals) expect(error).toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    expect(refusals.every((error) => error instanceof YiwangError && error.retryable)).toBe(true);
    const published = async () => new Set((await pool.query<{ key: string }>('SELECT record_key AS key FROM hub.record')).rows.map((row) => row.key));
    await expect.poll(async () => [...acknowledged].filter((id) => !acknowledged.has(id)).length + (await missing(acknowledged, published)), { timeout: recoveryMs, interval: 500 }).toBe(0);
    const { rows } = await pool.query<{ n: number; offered: number }>("SELECT (SELECT count(*) FROM hub.record) AS n, (SELECT (totals->>'offered')::int FROM hub.stream WHERE stream = 'tickets') AS offered");
    // What was refused may have become durable before the answer was lost; nothing is there twice.
    expect(rows[0]!.n).toBe(rows[0]!.offered);
    expect(rows[0]!.n).toBeLessThanOrEqual(sent);
  });
});

async function missing(acknowledged: ReadonlySet<string>, published: () => Promise<Set<string>>): Promise<number> {
  const there = await published();
  return [...acknowledged].filter((id) => !there.has(id)).length;
}

/** What `pg_ctl stop -m immediate` sends. The number stands in this test's own data folder. */
async function stopAtOnce(home: string): Promise<void> {
  const pid = Number(readFileSync(join(embeddedPlace(home).dataFolder, 'postmaster.pid'), 'utf8').split('\n')[0]);
  expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toContain(embeddedPlace(home).dataFolder);
  process.kill(pid, 'SIGQUIT');
}

function delivery(pool: Pool, id: string) {
  const data = { ticketNo: id, receivedAt: '2026-03-02', status: 'HANDLING', updatedAt: '2026-03-02T10:00:00+08:00' };
  const body = Buffer.from(JSON.stringify({ specversion: '1.0', id, source: '/t', type: 'cn.gov.12345.ticket.created', subject: id, sequence: '1', data }));
  return { pool, department: 'hotline', body, signature: `sha256=${createHmac('sha256', 's').update(body).digest('hex')}`, contentType: undefined, secret: 's' };
}

describe('a disk that is full', () => {
  it('ends no run for good: it is tried again, and what it had committed stays', async () => {
    const [hub, source] = await Promise.all([testDatabase(), emptyDatabase()]);
    try {
      await callSource(source.pool, 20);
      await hub.pool.query("CREATE FUNCTION public.full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no space left on device' USING ERRCODE = '53100'; END $$; CREATE TRIGGER full_disk BEFORE INSERT ON hub.landed FOR EACH ROW EXECUTE FUNCTION public.full()");
      const config = await testConfig({ POLICE_SOURCE_URL: source.url });
      await requestSync(hub.pool, { departments: ['police'], stream: 'jcj_jjd', requestedBy: 'test' });
      expect(await doDueRuns(hub.pool, config, fastLimits, 1)).toMatchObject([{ status: 'DUE', error_code: 'DATABASE_UNAVAILABLE' }]);
      await hub.pool.query('DROP TRIGGER full_disk ON hub.landed');
      expect(await doDueRuns(hub.pool, config)).toMatchObject([{ status: 'SUCCEEDED', counts: { offered: 20 } }]);
    } finally {
      await Promise.all([hub.drop(), source.drop()]);
    }
  });
});
