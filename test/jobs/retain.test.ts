import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fold, type Head } from '../../connectors/fold.ts';
import { judge } from '../../connectors/judge.ts';
import { connectorOf, streamOf } from '../../connectors/registry.ts';
import { releaseQuarantine } from '../../jobs/quarantine.ts';
import { loadRetention } from '../../jobs/reference.ts';
import { requestRetain } from '../../jobs/retain.ts';
import { doRun } from '../../jobs/runs.ts';
import { runSchedules } from '../../jobs/dispatch.ts';
import { settle } from '../../jobs/settle.ts';
import { hubStatus } from '../../jobs/status.ts';
import { approveHeldRun } from '../../jobs/sync.ts';
import { retentionSql } from '../../policy/retention.ts';
import { comparable, everything, keys } from '../connectors/sample.ts';
import { emptyDatabase, testDatabase, type TestDatabase } from '../postgres.ts';
import { doDueRuns, fastLimits, fastTiming, now, reconcileNow, syncNow, testConfig, type EndedRun } from '../recovery/hub.ts';
import { event, post } from '../recovery/tickets.ts';

let hub: TestDatabase;
let source: TestDatabase;
const config = () => testConfig({ POLICE_SOURCE_URL: source.url });

beforeEach(async () => {
  [hub, source] = await Promise.all([testDatabase(), emptyDatabase()]);
  await loadRetention(hub.pool);
  await source.pool.query('CREATE TABLE jcj_jjd (jjdbh varchar(30) PRIMARY KEY, bjsj text, sfjf char(1), bjrxm text, bjrdh text, bjrsfzh text, fsdd text, jqjj text, gxsj timestamp(3), scbz char(1)); CREATE TABLE rk_hj (rybh varchar(20) PRIMARY KEY, gxsj timestamp(3), scbz char(1))');
});
afterEach(() => Promise.all([hub.drop(), source.drop()]));

/** Calls are kept for ten years and masked for one. */
const old = { bjsj: '2010-03-02 09:00:00', gxsj: '2010-03-02 10:00:00' };
const person = { bjrxm: '欧阳金丝雀', bjrdh: '13515733663', bjrsfzh: '51010719630710075X', fsdd: '武侯区金丝雀花园3栋', jqjj: '金丝雀邻里噪声纠纷，CANARY-STORY' };
const neighbour = { bjrxm: '诸葛青松', bjrdh: '13912345670', bjrsfzh: '510108198302179572', fsdd: '武侯区梧桐花园7栋', jqjj: '诸葛青松反映梧桐花园7栋楼上装修噪声扰民，多次协商无果' };
const canaries = ['金丝雀', '13515733663', '51010719630710075X', 'CANARY'];

async function write(key: string, changes: Record<string, string>): Promise<void> {
  const row: Record<string, string> = { jjdbh: key, sfjf: '1', scbz: '0', ...changes };
  const columns = Object.keys(row);
  await source.pool.query(
    `INSERT INTO jcj_jjd (${columns.join(', ')}) VALUES (${columns.map((_, index) => `$${index + 1}`).join(', ')}) ON CONFLICT (jjdbh) DO UPDATE SET ${columns.map((column) => `${column} = excluded.${column}`).join(', ')}`,
    Object.values(row),
  );
}

async function retainNow(departments = ['police'], dryRun = false, limits = fastLimits): Promise<EndedRun> {
  await requestRetain(hub.pool, { departments, dryRun, requestedBy: 'test' });
  return (await doDueRuns(hub.pool, await config(), limits)).find((run) => run.mode === 'RETAIN' && run.stream !== 'rk_hj')!;
}

/** Years ago of today, as the source writes it. */
async function ago(years: number, days = 0): Promise<string> {
  return (await source.pool.query<{ at: string }>("SELECT to_char(now() AT TIME ZONE 'Asia/Shanghai' - make_interval(years => $1, days => $2), 'YYYY-MM-DD HH24:MI:SS') AS at", [years, days])).rows[0]!.at;
}

const live = async () => (await hub.pool.query<{ record_key: string }>('SELECT record_key FROM hub.record ORDER BY 1')).rows.map((row) => row.record_key);
const counts = () => comparable(hub.pool, 'police', 'jcj_jjd');
const settled = async () => settle({ config: await config(), pool: hub.pool });

/** Which canaries stand in any column of any table, bytes included. */
async function traces(): Promise<string[]> {
  const text = await everything(hub.pool);
  return canaries.filter((value) => text.includes(value) || text.includes(Buffer.from(value).toString('hex')));
}

describe('a call past its ten years', () => {
  it('is masked for one year more and then gone, with every word of it in every table; the others of its matter stay', async () => {
    await write('OLD', { ...old, ...person });
    await write('OLD3', { ...old, fsdd: person.fsdd }); // an estate that two addresses name is learnt
    await write('OLD2', { ...old, ...neighbour });
    await write('SECOND', { ...old, ...neighbour, bjsj: '2010-03-03 09:00:00', gxsj: await ago(10, 360) });
    await write('MASKED', { bjsj: old.bjsj, gxsj: await ago(11, -2) });
    await write('NEW', { bjsj: old.bjsj, gxsj: await ago(10, -2) });
    await syncNow(hub.pool, await config());
    await write('OLD', { ...old, ...person, gxsj: '2010-03-02 10:30:00', bjsj: 'x' }); // waits in quarantine
    await syncNow(hub.pool, await config(), { full: true });
    await settled();
    await quoted();
    expect(await traces()).toEqual(canaries);
    const learnt = async () => JSON.stringify((await hub.pool.query('SELECT state, (SELECT learnt FROM hub.matter_state) FROM hub.link_state')).rows);
    for (const value of [person.bjrxm, '金丝雀花园']) expect(await learnt()).toContain(value);
    const told = async () => (await hub.pool.query("SELECT record_key FROM hub.matter_member JOIN hub.record USING (rid) WHERE evidence::text LIKE '%' || $1 || '%' ORDER BY 1", [keys.rid('police', 'jcj_jjd', 'OLD2')])).rows.map((row) => row.record_key);
    expect(await told()).toEqual(['SECOND']);
    const masked = await hub.pool.query(`SELECT record_key FROM hub.record r WHERE ${retentionSql('r')} ORDER BY 1`);
    expect(masked.rows.map((row) => row.record_key)).toEqual(['MASKED', 'OLD', 'OLD2', 'OLD3', 'SECOND']);

    expect((await retainNow()).counts['retention']).toEqual({ due: 3, removed: 3 });
    await settled();
    expect(await live()).toEqual(['MASKED', 'NEW', 'SECOND']);
    expect(await traces()).toEqual([]);
    expect(await learnt()).toContain(neighbour.bjrxm); // who stays
    expect(await told()).toEqual([]);
    expect(await counts()).toMatchObject({ offered: 7, quarantined: { UNPARSABLE_TIME: 1 }, live: 3, deleted: 3 });
    expect((await hubStatus(hub.pool)).streams.find((one) => one.stream === 'jcj_jjd')).toMatchObject({ expired: 3, held: [] });
  });

  /** What people wrote about it: a correction, and why two of its mentions or records belong together. */
  async function quoted(): Promise<void> {
    const rid = keys.rid('police', 'jcj_jjd', 'OLD');
    const mention = keys.mentionId(rid, 'REPORTER', 0);
    expect((await hub.pool.query('SELECT FROM hub.mention WHERE mention_id = $1', [mention])).rowCount).toBe(1);
    await hub.pool.query("INSERT INTO hub.correction (id, rid, department, coordinate, requester, due_on, basis, value_in, value_column, value_digest) VALUES ($1, $2, 'police', 'PoliceCall.narrative', 'resident:x', '2026-10-01', 'x', 'police.call', 'narrative', 'x')", [randomUUID(), rid]);
    await hub.pool.query("INSERT INTO hub.correction_text SELECT id, 'CANARY-PROPOSED', '金丝雀的情况不是这样', 'CANARY-NOTE' FROM hub.correction");
    await hub.pool.query("INSERT INTO hub.link_decision (a, b, decision, decided_by, reason) VALUES ($1, 'other', 'CANNOT_LINK', 'x', 'CANARY-REASON')", [mention]);
    await hub.pool.query("INSERT INTO hub.review_answer (a, b, answer, department, org, answered_by, reason) VALUES ('other', $1, 'DIFFERENT', 'police', 'x', 'x', 'CANARY-REASON')", [mention]);
    await hub.pool.query("INSERT INTO hub.matter_event (id, kind, rids, pairs, reason, decided_by, org) VALUES ($1, 'CONFIRMED', $2, '[]', 'CANARY-REASON', 'x', 'x')", [randomUUID(), [rid]]);
  }

  it('only counts in a dry run, which changes nothing but its own report', async () => {
    await write('OLD', { ...old, ...person });
    await syncNow(hub.pool, await config());
    const state = async () => (await everything(hub.pool)).split('\n').filter((line) => !line.includes('RETAIN')).sort();
    const before = await state();
    const run = await retainNow(['police'], true);
    expect(run).toMatchObject({ status: 'SUCCEEDED', counts: { touched: 1, retention: { due: 1, removed: 0 } } });
    expect(await state()).toEqual(before);
  });
});

describe('what was deleted for its age', () => {
  beforeEach(async () => {
    await write('OLD', { ...old, ...person });
    await write('NEW', { bjsj: old.bjsj, gxsj: await ago(1) });
    await syncNow(hub.pool, await config());
    await retainNow();
    await settled();
    expect(await live()).toEqual(['NEW']);
  });

  const again = async () => void (await syncNow(hub.pool, await config(), { full: true }));
  const ways: [string, number, () => Promise<unknown>][] = [
    ['a full read', 0, again],
    ['a back-fill', 0, async () => {
      await hub.pool.query("SELECT hub.request_run('police', 'jcj_jjd', 'INCREMENT', '{\"since\": \"2010-01-01T00:00:00Z\", \"until\": \"2011-01-01T00:00:00Z\"}', 'test')");
      await doDueRuns(hub.pool, await config());
    }],
    ['the comparison at night', 0, async () => reconcileNow(hub.pool, await config(), ['police'])],
    ['an older version that comes late', 1, async () => write('OLD', { ...old, ...person, gxsj: '2010-03-02 09:30:00' }).then(again)],
    ['other content of the same time', 1, async () => write('OLD', { ...old, ...person, jqjj: 'CANARY-AGAIN' }).then(again)],
    ['a newer version that is past it too', 1, async () => write('OLD', { ...old, ...person, gxsj: await ago(11, 2) }).then(again)],
    ['a newer version past it that the night finds', 1, async () => write('OLD', { ...old, ...person, gxsj: await ago(11, 2) }).then(async () => reconcileNow(hub.pool, await config(), ['police']))],
    ['a tombstone without a time, and then other content', 2, async () => {
      await write('OLD', { ...old, ...person, scbz: '1' });
      await source.pool.query("UPDATE jcj_jjd SET gxsj = NULL WHERE jjdbh = 'OLD'");
      await again();
      await write('OLD', { ...old, ...person, jqjj: 'CANARY-AGAIN', scbz: '0' }).then(again);
    }],
    ['a version in quarantine, its release and what it reads again', 1, async () => {
      await write('OLD', { ...old, ...person, gxsj: '2010-03-02 09:30:00', bjsj: 'x' });
      await again();
      expect(await traces()).toEqual([]);
      expect(await releaseQuarantine(hub.pool, keys, { reason: 'UNPARSABLE_TIME' }, 'test', now())).toMatchObject({ REREAD: 1 });
      await write('OLD', { ...old, ...person, gxsj: '2010-03-02 09:30:00' });
      await doDueRuns(hub.pool, await config());
    }],
    ['a landed copy that is mended', 0, async () => {
      await hub.pool.query("DELETE FROM hub.landed; DELETE FROM hub.record");
      await reconcileNow(hub.pool, await config(), ['police']);
    }],
  ];

  it.each(ways)('does not come back by %s, and the counts add up', async (_, offered, bring) => {
    await bring();
    await settled();
    expect(await live()).toEqual(['NEW']);
    expect(await traces()).toEqual([]);
    expect(await counts()).toMatchObject({ offered: 2 + offered, live: 1, deleted: 1 });
    const night = await reconcileNow(hub.pool, await config(), ['police']);
    expect(night.map((run) => run.mode)).toEqual(['RECONCILE', 'RECONCILE']); // and asks for no full read
    expect(night.find((run) => run.stream === 'jcj_jjd')!.counts['reconciliation']).toMatchObject({ missing: 0, different: 0, extra: 0 });
  });

  it('is published again by a version whose own time lies within the period, in full, and goes again in its time', async () => {
    await write('OLD', { ...old, ...person, gxsj: await ago(9) });
    await syncNow(hub.pool, await config(), { full: true });
    expect(await live()).toEqual(['NEW', 'OLD']);
    expect(await traces()).toEqual(canaries);
    expect(await counts()).toMatchObject({ offered: 3, live: 2, deleted: 0 });
    expect((await retainNow()).counts['retention']).toEqual({ due: 0, removed: 0 });
  });
});

it('a record that is past everything when it comes is published and counted as any, and goes the next night', async () => {
  await write('OLD', { ...old, ...person });
  await syncNow(hub.pool, await config());
  expect(await counts()).toMatchObject({ offered: 1, live: 1, deleted: 0 });
  await retainNow();
  expect(await counts()).toMatchObject({ offered: 1, live: 0, deleted: 1 });
});

describe('many at once', () => {
  const calls = (from: number, to: number, at: string) =>
    source.pool.query("INSERT INTO jcj_jjd (jjdbh, bjsj, sfjf, jqjj, gxsj, scbz) SELECT 'C' || lpad(n::text, 3, '0'), '2010-03-02', '1', 'text ' || n, $3, '0' FROM generate_series($1::int, $2::int) n", [from, to, at]);

  it('20 go by themselves; more than that and than 5 % wait for an operator, who sees them in the status and approves the number', async () => {
    await calls(1, 20, old.gxsj);
    await calls(101, 150, await ago(1));
    await syncNow(hub.pool, await config());
    expect(await retainNow()).toMatchObject({ status: 'SUCCEEDED', counts: { retention: { due: 20, removed: 20 } } });
    await calls(21, 41, old.gxsj);
    await syncNow(hub.pool, await config(), { full: true });
    const held = await retainNow();
    expect(held).toMatchObject({ status: 'HELD', error_code: 'HELD', message: 'this would delete 21 of 71 records of `jcj_jjd`', counts: { retention: { due: 21, removed: 0 } } });
    expect(await live()).toHaveLength(71);
    // Neither an ordinary run nor a comparison decides it.
    await syncNow(hub.pool, await config());
    await reconcileNow(hub.pool, await config(), ['police']);
    expect((await hubStatus(hub.pool)).streams.find((one) => one.stream === 'jcj_jjd')!.held).toMatchObject([{ id: held.id, message: held.message }]);
    await approveHeldRun(hub.pool, held.id, 'operator');
    await doDueRuns(hub.pool, await config());
    expect(await live()).toHaveLength(50);
    await expect(approveHeldRun(hub.pool, held.id, 'operator')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('a run whose database connection ends in mid-page keeps the pages before, loses that page whole, and goes on', async () => {
    await calls(1, 18, old.gxsj);
    await syncNow(hub.pool, await config());
    await hub.pool.query(`CREATE FUNCTION public.die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5); RETURN OLD; END $$;
      CREATE TRIGGER die BEFORE DELETE ON hub.record FOR EACH ROW WHEN (OLD.record_key = 'C012') EXECUTE FUNCTION public.die()`);
    await requestRetain(hub.pool, { departments: ['police'], requestedBy: 'test' });
    const limits = { ...fastLimits, pageRowsMax: 5 };
    const { rows } = await hub.pool.query<{ id: string }>("SELECT id FROM hub.sync_run WHERE mode = 'RETAIN' AND stream = 'jcj_jjd'");
    await doRun({ config: await config(), pool: hub.pool, now, timing: fastTiming, limits }, rows[0]!.id);
    expect(await live()).toHaveLength(8);
    expect((await hub.pool.query("SELECT status FROM hub.sync_run WHERE id = $1", [rows[0]!.id])).rows).toEqual([{ status: 'DUE' }]);
    expect(await counts()).toMatchObject({ live: 8, deleted: 10 });
    await hub.pool.query('DROP TRIGGER die ON hub.record');
    await doDueRuns(hub.pool, await config(), limits);
    expect(await live()).toEqual([]);
    expect(await counts()).toMatchObject({ offered: 18, live: 0, deleted: 18 });
  });
});

describe('a ticket, of five years and one', () => {
  const at = '2010-03-02T10:00:00+08:00';
  const stream = () => comparable(hub.pool, 'hotline', 'tickets');
  const applied = async (...events: ReturnType<typeof event>[]) => {
    await post(hub, events);
    await hub.pool.query("INSERT INTO hub.sync_run (id, department, stream, mode, status, requested_by) VALUES (gen_random_uuid(), 'hotline', 'tickets', 'PUSH', 'DUE', 'test')");
    await doDueRuns(hub.pool, await config());
  };

  it('does not come back by what is pushed again, and does by a newer event of today', async () => {
    await applied(event('T1', 3, at));
    expect((await retainNow(['hotline'])).counts['retention']).toEqual({ due: 1, removed: 1 });
    await applied(event('T1', 3, at)); // the same event
    await applied({ ...event('T1', 3, at), id: 'again' }, event('T1', 2, at), event('T1', 5, at));
    expect(await live()).toEqual([]);
    expect(await stream()).toMatchObject({ offered: 5, dropped: { DUPLICATE_EVENT: 1 }, live: 0, deleted: 1 });
    await applied(event('T1', 4, new Date().toISOString())); // older than the last that came
    expect(await live()).toEqual([]);
    await applied(event('T1', 6, new Date().toISOString()));
    expect(await live()).toEqual(['T1']);
    expect(await stream()).toMatchObject({ offered: 7, live: 1, deleted: 0 });
  });

  it('is left while an acknowledged event about it waits', async () => {
    await applied(event('T1', 1, at), event('T2', 1, at));
    await post(hub, [event('T1', 2, new Date().toISOString())]);
    expect((await retainNow(['hotline'])).counts['retention']).toEqual({ due: 1, removed: 1 });
    expect(await live()).toEqual(['T1']);
  });
});

it('every night makes one run for each stream that holds a record, its source connected or not', async () => {
  await write('OLD', { ...old });
  await syncNow(hub.pool, await config());
  const apart = { ...(await config()), sources: {} };
  await runSchedules(hub.pool, apart);
  const { rows: planned } = await hub.pool.query("SELECT DISTINCT kind, cron, tz, next_at > now() AND next_at < now() + interval '25 hours' AS tonight FROM hub.schedule");
  expect(planned).toEqual([{ kind: 'RETAIN', cron: '7 1 * * *', tz: 'Asia/Shanghai', tonight: true }]);
  for (let night = 0; night < 2; night += 1) {
    await hub.pool.query("UPDATE hub.schedule SET next_at = now() - interval '1 minute'");
    await runSchedules(hub.pool, apart);
  }
  const { rows } = await hub.pool.query("SELECT department, stream, mode FROM hub.sync_run WHERE requested_by = 'schedule'");
  expect(rows).toEqual([{ department: 'police', stream: 'jcj_jjd', mode: 'RETAIN' }]);
  await doDueRuns(hub.pool, apart);
  expect(await live()).toEqual([]);
});

describe('versions of a record that went for its age', () => {
  const before = '2015-01-01T00:00:00.000Z';
  const version = fc.record({ year: fc.constantFrom('2009', '2010', '2014', '2015', '2020'), minute: fc.integer({ min: 0, max: 59 }), sfjf: fc.constantFrom('1', '1', '1', '0'), scbz: fc.constantFrom('0', '0', '0', '1'), bjsj: fc.constantFrom('2009-03-02', '2009-03-02', '?'), jqjj: fc.string({ maxLength: 3 }) });

  it('bring it back only where one of them has a time of its own within the period, whatever else comes in whatever pages, and all are counted', async () => {
    const stream = streamOf(await connectorOf('police'), 'jcj_jjd');
    const { keyHmac } = judge('police', stream, { row: { jjdbh: 'C1' }, position: '' }, keys);
    fc.assert(
      fc.property(fc.array(version, { minLength: 1, maxLength: 8 }), fc.integer({ min: 1, max: 4 }), (versions, pageSize) => {
        const heads = new Map<string, Head>([[keyHmac, { order: '2010-06-01T00:00:00.000Z', state: 'TOMBSTONE', expired: true, mappedHash: null, restricted: false, repaired: {}, quarantinedValues: {} }]]);
        const seen = new Set<string>();
        let recent = false;
        for (let start = 0; start < versions.length; start += pageSize) {
          const page = versions.slice(start, start + pageSize);
          recent ||= page.some(({ year, sfjf, scbz, bjsj }) => year >= '2015' && sfjf === '1' && scbz === '0' && bjsj !== '?');
          const judged = page.map(({ year, minute, ...more }) => judge('police', stream, { row: { jjdbh: 'C1', ...more, gxsj: `${year}-03-02 10:${String(minute).padStart(2, '0')}:00` }, position: '' }, keys));
          const { counts: told, heads: ended, live: written, seen: counted, quarantined } = fold(stream, judged, { heads, seen, deletedBefore: before }, keys);
          const sum = (group: Record<string, number>) => Object.values(group).reduce((total, n) => total + n, 0);
          expect(told.published + told.unchanged + told.superseded + told.tombstones + sum(told.dropped) + sum(told.quarantined)).toBe(told.offered);
          for (const [key, head] of ended) heads.set(key, head);
          for (const one of counted) seen.add(one);
          if (!recent) expect([written.size, heads.get(keyHmac)!.expired, heads.get(keyHmac)!.state === 'LIVE', quarantined.filter((one) => one.content !== null)]).toEqual([0, true, false, []]);
        }
      }),
      { numRuns: 300 },
    );
  });
});
