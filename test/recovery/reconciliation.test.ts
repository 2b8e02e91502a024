import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withStream } from '../../connectors/pull.ts';
import { connectorOf, streamOf } from '../../connectors/registry.ts';
import { dispatch } from '../../jobs/dispatch.ts';
import { hubStatus } from '../../jobs/status.ts';
import { approveHeldRun, requestSync } from '../../jobs/sync.ts';
import { everything } from '../connectors/sample.ts';
import { emptyDatabase, testDatabase, type TestDatabase } from '../postgres.ts';
import { doDueRuns, fastLimits, publishedTables, reconcileNow, syncNow, testConfig, type EndedRun } from './hub.ts';
import { event, post } from './tickets.ts';

const found = (runs: readonly EndedRun[]) => runs.find((run) => run.mode === 'RECONCILE')!.counts['reconciliation'];

describe('what the push lost', () => {
  let hub: TestDatabase;
  let server: Server;
  const events = Array.from({ length: 30 }, (_, n) => event(`T${n}`, 1, `2026-03-02T10:${String(n).padStart(2, '0')}:00+08:00`));
  const served = new Map(events.map((one) => [one.subject, one]));
  beforeEach(async () => {
    hub = await testDatabase();
    server = ticketServer(served).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(async () => {
    server.close();
    await hub.drop();
  });
  const config = () => testConfig({ HOTLINE_SOURCE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });

  it('is found in the back-fill at night, reported with positions alone, and comes with an ordinary run', async () => {
    // The push brought all but three of one hour, and newer ones since: no increment would ask for that hour again.
    await post(hub, events.filter((one) => !['T3', 'T4', 'T17'].includes(one.subject)));
    await hub.pool.query(`INSERT INTO hub.stream (department, stream, watermark) VALUES ('hotline', 'tickets', '{"since": "2026-03-03T00:00:00Z"}')`);
    await syncNow(hub.pool, await config());
    expect((await publishedTables(hub.pool)).filter((line) => line.startsWith('record'))).toHaveLength(27);

    const runs = await reconcileNow(hub.pool, await config(), ['hotline']);
    expect(found(runs)).toMatchObject({ compared: 30, missing: 3, different: 0, extra: 0 });
    expect(found(runs).positions).toEqual([4, 5, 18].map((item) => ({ kind: 'MISSING', position: `page 1 item ${item}` })));
    expect(JSON.stringify(runs[0])).not.toContain('T17');
    expect(runs.map((run) => `${run.mode} ${run.status} ${run.requested_by}`)).toEqual(['RECONCILE SUCCEEDED test', 'FULL SUCCEEDED reconcile']);
    expect((await publishedTables(hub.pool)).filter((line) => line.startsWith('record'))).toHaveLength(30);
    expect(found(await reconcileNow(hub.pool, await config(), ['hotline']))).toMatchObject({ missing: 0, different: 0, extra: 0 });
    const tickets = (await hubStatus(hub.pool)).streams.find((stream) => stream.stream === 'tickets');
    expect(tickets).toMatchObject({ offered: 30, live: 30, lastRun: { status: 'SUCCEEDED' }, lastReconciliation: { status: 'SUCCEEDED', compared: 30, missing: 0 } });
  });

  it('is not what was acknowledged and waits to be applied; a newer version that was lost is a difference', async () => {
    await post(hub, events.slice(0, 29));
    served.set('T5', event('T5', 2, '2026-03-02T10:05:30+08:00'));
    const dry = await reconcileNow(hub.pool, await config(), ['hotline'], true);
    expect(found(dry)).toMatchObject({ compared: 30, missing: 2, different: 0 }); // T29, and T5 of which version 1 waits
    await syncNow(hub.pool, await config());
    served.set('T6', event('T6', 7, '2026-03-02T10:06:30+08:00'));
    expect(found(await reconcileNow(hub.pool, await config(), ['hotline'], true))).toMatchObject({ missing: 0, different: 1 });
    served.set('T5', events[5]!);
    served.set('T6', events[6]!);
  });

  it('is told once by a dry run of the sync, of however many pages', async () => {
    await post(hub, events.slice(0, 10));
    await requestSync(hub.pool, { departments: ['hotline'], full: true, dryRun: true, requestedBy: 'test' });
    expect(await doDueRuns(hub.pool, await config(), { ...fastLimits, pageRowsMax: 7 })).toMatchObject([{ status: 'SUCCEEDED', counts: { offered: 30, published: 30 } }]);
  });

  it('is looked for again while its source does not answer, and what is pushed meanwhile waits for no such attempt', async () => {
    await hub.pool.query("INSERT INTO hub.sync_run (id, department, stream, mode, status, requested_by, due_at) SELECT gen_random_uuid(), 'hotline', 'tickets', mode, 'DUE', 'schedule', now() + interval '30 seconds' FROM unnest(ARRAY['RECONCILE', 'INCREMENT']) AS mode");
    await post(hub, events.slice(0, 3));
    for (let tick = 0; tick < 2; tick += 1) await dispatch(hub.pool, { ring: async () => undefined } as never, { pushQuietMs: 0, settleQuietMs: 0 });
    expect((await hub.pool.query("SELECT mode, status FROM hub.sync_run WHERE requested_by = 'push'")).rows).toEqual([{ mode: 'PUSH', status: 'DUE' }]);
  });

  it('stays lost in a dry run, which changes nothing but its own report', async () => {
    await post(hub, events.slice(0, 10));
    await syncNow(hub.pool, { ...(await config()), sources: { hotline: { url: '', secrets: {} } } });
    const state = async () => (await everything(hub.pool)).split('\n').filter((line) => !line.includes('RECONCILE')).sort();
    const before = await state();
    const runs = await reconcileNow(hub.pool, await config(), ['hotline'], true);
    expect(found(runs)).toMatchObject({ missing: 20 });
    expect(runs).toHaveLength(1);
    expect(await state()).toEqual(before);
  });
});

describe('what a watermark cannot see', () => {
  let hub: TestDatabase;
  let source: TestDatabase;
  beforeEach(async () => {
    [hub, source] = await Promise.all([testDatabase(), emptyDatabase()]);
    await source.pool.query('CREATE TABLE jcj_jjd (jjdbh varchar(30) PRIMARY KEY, bjsj timestamp, sfjf char(1), jqjj text, gxsj timestamp(3), scbz char(1)); CREATE TABLE rk_hj (rybh varchar(20) PRIMARY KEY, gxsj timestamp(3), scbz char(1))');
    await source.pool.query("INSERT INTO jcj_jjd SELECT 'C' || n, '2026-03-02', '1', 'text ' || n, '2026-03-02 10:00:00'::timestamp + make_interval(mins => n), '0' FROM generate_series(1, 300) n");
    await syncNow(hub.pool, await config());
  });
  afterEach(() => Promise.all([hub.drop(), source.drop()]));
  const config = () => testConfig({ POLICE_SOURCE_URL: source.url });
  const live = async () => (await hub.pool.query<{ n: number }>('SELECT count(*) AS n FROM hub.record')).rows[0]!.n;
  const text = async (key: string) => (await hub.pool.query('SELECT narrative FROM police.call JOIN hub.record USING (rid) WHERE record_key = $1', [key])).rows;

  it('a row changed behind the watermark, one that came in far behind it and one that left the view', async () => {
    await source.pool.query("UPDATE jcj_jjd SET jqjj = 'changed quietly' WHERE jjdbh = 'C7'; DELETE FROM jcj_jjd WHERE jjdbh = 'C8'; INSERT INTO jcj_jjd VALUES ('OLD', '2026-03-01', '1', 'late', '2026-03-01 00:00:00', '0')");
    expect((await syncNow(hub.pool, await config())).every((run) => run.counts['touched'] === 0)).toBe(true);
    const runs = await reconcileNow(hub.pool, await config(), ['police']);
    expect(runs.find((run) => run.mode === 'RECONCILE' && run.stream === 'jcj_jjd')!.counts['reconciliation']).toMatchObject({ compared: 300, missing: 1, different: 1, extra: 1, removed: 1 });
    expect(await text('C7')).toEqual([{ narrative: 'changed quietly' }]);
    expect(await text('OLD')).toHaveLength(1);
    expect(await text('C8')).toEqual([]);
    expect((await hubStatus(hub.pool)).streams.find((stream) => stream.stream === 'jcj_jjd')).toMatchObject({ live: 300, deleted: 1 });
  });

  it('a landed copy that was lost or altered in the hub is written again and not counted again', async () => {
    const before = await publishedTables(hub.pool);
    await hub.pool.query("DELETE FROM hub.landed WHERE record_key = 'C9'; DELETE FROM hub.record WHERE record_key = 'C9'; UPDATE hub.landed SET content_hash = 'other', content = '{}' WHERE record_key = 'C10'");
    const runs = await reconcileNow(hub.pool, await config(), ['police']);
    expect(runs.find((run) => run.stream === 'jcj_jjd')!.counts['reconciliation']).toMatchObject({ missing: 0, different: 2, restored: 2 });
    expect(await publishedTables(hub.pool)).toEqual(before);
    expect((await hubStatus(hub.pool)).streams.find((stream) => stream.stream === 'jcj_jjd')).toMatchObject({ offered: 300, published: 300, live: 300 });
  });

  it('records that left the view are deleted at once up to 5 % and 20; more wait for an operator, who is told the numbers', async () => {
    await source.pool.query("DELETE FROM jcj_jjd WHERE jjdbh IN (SELECT 'C' || n FROM generate_series(1, 16) n)"); // 16 ≤ 20, though over 5 %
    await reconcileNow(hub.pool, await config(), ['police']);
    expect(await live()).toBe(284);
    await source.pool.query("DELETE FROM jcj_jjd WHERE jjdbh IN (SELECT 'C' || n FROM generate_series(17, 60) n)");
    const held = (await reconcileNow(hub.pool, await config(), ['police'])).find((run) => run.stream === 'jcj_jjd')!;
    expect(held).toMatchObject({ status: 'HELD', error_code: 'HELD', message: 'this would delete 44 of 284 records of `jcj_jjd`', counts: { reconciliation: { extra: 44, removed: 0 } } });
    expect(await live()).toBe(284);
    await approveHeldRun(hub.pool, held.id, 'operator');
    await doDueRuns(hub.pool, await config());
    expect(await live()).toBe(240);
    await expect(approveHeldRun(hub.pool, held.id, 'operator')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('is looked for at night though a sync comes due in the same minute and has the stream', async () => {
    await hub.pool.query("INSERT INTO hub.sync_run (id, department, stream, mode, status, requested_by) VALUES (gen_random_uuid(), 'police', 'jcj_jjd', 'RECONCILE', 'DUE', 'schedule')");
    const connector = await connectorOf('police');
    const [found] = await withStream(hub.pool, connector, streamOf(connector, 'jcj_jjd'), async () => doDueRuns(hub.pool, await config(), fastLimits, 1));
    expect(found).toMatchObject({ status: 'DUE', error_code: 'STREAM_BUSY' });
    expect(await doDueRuns(hub.pool, await config())).toMatchObject([{ mode: 'RECONCILE', status: 'SUCCEEDED', requested_by: 'schedule', counts: { reconciliation: { compared: 300 } } }]);
  });

  it('an empty table deletes nothing, nor does a dry run', async () => {
    await source.pool.query("DELETE FROM jcj_jjd WHERE jjdbh = 'C1'");
    expect(found(await reconcileNow(hub.pool, await config(), ['police'], true))).toBeDefined();
    expect(await live()).toBe(300);
    await source.pool.query('TRUNCATE jcj_jjd');
    const runs = await reconcileNow(hub.pool, await config(), ['police']);
    expect(runs.find((run) => run.stream === 'jcj_jjd')).toMatchObject({ status: 'HELD' });
    expect(await live()).toBe(300);
  });
});

function ticketServer(served: ReadonlyMap<string, ReturnType<typeof event>>): Server {
  return createServer((request, response) => {
    const query = new URL(request.url ?? '/', 'http://test').searchParams;
    const [page, size, since] = [Number(query.get('page')), Number(query.get('size')), Date.parse(query.get('since') ?? '')];
    const due = [...served.values()].filter((one) => Date.parse(one.data.updatedAt) >= since);
    const tickets = due.slice((page - 1) * size, page * size).map(({ data, sequence, type }) => ({ ...data, sequence, type }));
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ tickets, page, last: page * size >= due.length }));
  });
}
