import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fold, type Head } from '../../connectors/fold.ts';
import { judge } from '../../connectors/judge.ts';
import { connectorOf, streamOf } from '../../connectors/registry.ts';
import { emptyDatabase, testDatabase, type TestDatabase } from '../postgres.ts';
import { comparable, everything, keys, pull } from './sample.ts';

describe('versions of a call', () => {
  let hub: TestDatabase;
  let source: TestDatabase;
  const sync = (mode: 'INCREMENT' | 'FULL' = 'INCREMENT') => pull(hub.pool, 'police', 'jcj_jjd', { POLICE_SOURCE_URL: source.url }, mode);
  const write = (changes: Record<string, string | null>) => {
    const row = { jjdbh: 'C1', bjsj: '2026-03-02 09:00:00', sfjf: '1', gxsj: '2026-03-02 10:00:00', scbz: '0', bjrxm: '赵某甲', bjrdh: '13800138000', jqjj: '一段叙述', bmyq: '0', yjzz: '0', jbgjs: '0', ...changes };
    const columns = Object.keys(row);
    return source.pool.query(
      `INSERT INTO jcj_jjd (${columns.join(', ')}) VALUES (${columns.map((_, index) => `$${index + 1}`).join(', ')}) ON CONFLICT (jjdbh) DO UPDATE SET ${columns.map((column) => `${column} = excluded.${column}`).join(', ')}`,
      Object.values(row),
    );
  };
  const live = async () => (await hub.pool.query<{ n: number }>('SELECT count(*) AS n FROM hub.record')).rows[0]!.n;

  beforeEach(async () => {
    [hub, source] = await Promise.all([testDatabase(), emptyDatabase()]);
    await source.pool.query(`CREATE TABLE jcj_jjd (jjdbh varchar(30) PRIMARY KEY, bjsj timestamp, jjdw char(12), jqlbdm varchar(8), sfjf char(1), jflxdm varchar(4), cjsj timestamp, jssj timestamp, cljg varchar(4), fsdd varchar(200), xzqh char(12),
      jd decimal(10,6), wd decimal(10,6), bjrxm varchar(50), bjrdh varchar(30), bjrsfzh varchar(18), bmyq char(1), jqjj text, yjzz char(1), yjsj timestamp, jbgjs char(1), cfjg varchar(200), gxsj timestamp(3), scbz char(1))`);
  });
  afterEach(() => Promise.all([hub.drop(), source.drop()]));

  it('purges a call that turns out to be no dispute, with every copy, and does not take an older version back', async () => {
    await write({});
    await sync();
    expect(await live()).toBe(1);
    await write({ sfjf: '0', gxsj: '2026-03-02 11:00:00' });
    await sync();
    expect(await live()).toBe(0);
    const text = await everything(hub.pool);
    for (const value of ['赵某甲', '13800138000', '一段叙述', 'C1']) expect(text).not.toContain(value);
    await write({ gxsj: '2026-03-02 10:30:00', jqjj: '迟到的旧版本' });
    await sync('FULL');
    expect(await live()).toBe(0);
    await write({ gxsj: '2026-03-02 12:00:00' });
    await sync();
    expect(await live()).toBe(1);
    expect(await comparable(hub.pool, 'police', 'jcj_jjd')).toMatchObject({ offered: 4, dropped: { NOT_A_DISPUTE: 1 }, live: 1, deleted: 0 });
  });

  it('takes what hangs on a record with it, and leaves what hangs on others', async () => {
    const hanging = async () => (await hub.pool.query('SELECT (SELECT count(*) FROM hub.mention) AS mentions, (SELECT count(*) FROM hub.mention_self) AS own, (SELECT count(*) FROM hub.assignment) AS assigned, (SELECT count(*) FROM police.call) AS calls')).rows[0];
    const named = { bjrsfzh: '11010519491231002X', jjdw: '110105590000' };
    await write(named);
    await write({ ...named, jjdbh: 'C2' });
    await sync();
    expect(await hanging()).toEqual({ mentions: 2, own: 2, assigned: 2, calls: 2 });
    await write({ ...named, scbz: '1', gxsj: '2026-03-02 11:00:00' });
    await sync();
    expect(await hanging()).toEqual({ mentions: 1, own: 1, assigned: 1, calls: 1 });
    expect((await hub.pool.query('SELECT count(*) AS n FROM hub.mention m JOIN hub.record r USING (rid) JOIN hub.mention_self USING (rid) JOIN hub.assignment USING (rid)')).rows).toEqual([{ n: 1 }]);
  });

  it('keeps a tombstone against a late update and gives way to a newer version', async () => {
    await write({ scbz: '1', gxsj: '2026-03-02 11:00:00' });
    await sync();
    await write({ gxsj: '2026-03-02 10:59:00' });
    await sync('FULL');
    expect(await comparable(hub.pool, 'police', 'jcj_jjd')).toMatchObject({ offered: 2, tombstones: 1, deleted: 1, live: 0 });
    await write({ gxsj: '2026-03-02 11:01:00' });
    await sync();
    expect(await live()).toBe(1);
  });

  it('finds a row committed late within the overlap, rows of equal time across pages, and rows without a time', async () => {
    await source.pool.query("INSERT INTO jcj_jjd (jjdbh, bjsj, sfjf, gxsj, scbz) SELECT 'E' || n, '2026-03-02', '1', '2026-03-02 10:00:00', '0' FROM generate_series(1, 1203) n");
    await write({ jjdbh: 'NULL', gxsj: null });
    await sync();
    expect(await live()).toBe(1203);
    await write({ jjdbh: 'LATE', gxsj: '2026-03-02 09:51:00' });
    expect((await sync()).touched).toBe(1);
    expect(await comparable(hub.pool, 'police', 'jcj_jjd')).toMatchObject({ quarantined: { REQUIRED_MISSING: 1 }, live: 1204 });
  });

  it('reports an added column and goes on; a required one that is missing stops the stream and leaves the last good data', async () => {
    await write({});
    await source.pool.query("ALTER TABLE jcj_jjd ADD COLUMN xzd varchar(10) DEFAULT 'new'");
    await sync();
    expect((await hub.pool.query("SELECT drift FROM hub.stream WHERE stream = 'jcj_jjd'")).rows).toEqual([{ drift: { xzd: 1 } }]);
    await source.pool.query('ALTER TABLE jcj_jjd RENAME COLUMN bjsj TO bjsj2');
    await expect(sync()).rejects.toMatchObject({ code: 'SOURCE_SCHEMA', hint: '`jcj_jjd` lacks the required column `bjsj`' });
    expect(await live()).toBe(1);
    expect((await hub.pool.query("SELECT stale_reason FROM hub.stream WHERE stream = 'jcj_jjd'")).rows).toMatchObject([{ stale_reason: expect.stringContaining('bjsj') }]);
  });

  it('counts an added column whatever its name, `constructor` as well, page after page', async () => {
    await source.pool.query("ALTER TABLE jcj_jjd ADD COLUMN constructor varchar(10) DEFAULT 'new'");
    for (const jjdbh of ['C1', 'C2']) {
      await write({ jjdbh });
      await sync();
    }
    expect((await hub.pool.query("SELECT drift FROM hub.stream WHERE stream = 'jcj_jjd'")).rows).toEqual([{ drift: { constructor: 2 } }]);
  });

  it.each(['bmyq', 'jbgjs'])('stops the stream where %s, from which a protection is read, is renamed or dropped; what was protected stays so', async (column) => {
    await write({ bmyq: '1', jbgjs: '1' });
    await sync();
    for (const change of [`RENAME COLUMN ${column} TO sfbm`, 'DROP COLUMN sfbm']) {
      await source.pool.query(`ALTER TABLE jcj_jjd ${change}`);
      await source.pool.query("UPDATE jcj_jjd SET gxsj = gxsj + interval '1 minute', jqjj = jqjj || '。'");
      await expect(sync()).rejects.toMatchObject({ code: 'SOURCE_SCHEMA', hint: `\`jcj_jjd\` lacks the column \`${column}\`, from which protections of its records are read` });
    }
    expect((await hub.pool.query('SELECT confidential, family_violence FROM hub.record')).rows).toEqual([{ confidential: true, family_violence: true }]);
    expect((await hub.pool.query("SELECT stale_reason FROM hub.stream WHERE stream = 'jcj_jjd'")).rows).toMatchObject([{ stale_reason: expect.stringContaining(column) }]);
  });

  it('reports any other declared column that is gone, and goes on', async () => {
    await write({});
    await source.pool.query('ALTER TABLE jcj_jjd RENAME COLUMN jd TO jingdu');
    await sync();
    expect((await hub.pool.query("SELECT drift, stale_reason FROM hub.stream WHERE stream = 'jcj_jjd'")).rows).toEqual([{ drift: { jingdu: 1, 'jd (missing)': 1 }, stale_reason: null }]);
  });

  it('lets one of two runs at once work and tells the other that it is busy', async () => {
    await write({});
    const outcomes = await Promise.allSettled([sync(), sync(), sync()]);
    const codes = outcomes.map((one) => (one.status === 'fulfilled' ? 'DONE' : (one.reason as { code: string }).code));
    expect(codes).toContain('DONE');
    expect(codes.every((code) => code === 'DONE' || code === 'STREAM_BUSY')).toBe(true);
    expect(await live()).toBe(1);
  });
});

describe('order of versions', () => {
  it('ends in the same state in whatever order and in whatever pages versions with different times arrive', async () => {
    const stream = streamOf(await connectorOf('police'), 'jcj_jjd');
    const version = fc.record({ minute: fc.integer({ min: 0, max: 59 }), sfjf: fc.constantFrom('1', '1', '1', '0'), scbz: fc.constantFrom('0', '0', '1'), bjsj: fc.constantFrom('2026-03-02', '2026-03-02', '?'), jqjj: fc.string({ maxLength: 3 }) });
    fc.assert(
      fc.property(fc.uniqueArray(version, { minLength: 1, maxLength: 8, selector: (one) => one.minute }), fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), fc.integer({ min: 1, max: 4 }), (versions, chance, pageSize) => {
        const rank = new Map(versions.map((one) => [one, chance.next().value as number]));
        const shuffled = [...versions].sort((a, b) => rank.get(a)! - rank.get(b)!);
        const inOrder = [...versions].sort((a, b) => a.minute - b.minute);
        expect(finalState(stream, shuffled, pageSize)).toEqual(finalState(stream, inOrder, versions.length));
      }),
      { numRuns: 200 },
    );
  });
});

type Version = { minute: number; sfjf: string; scbz: string; bjsj: string; jqjj: string };

function finalState(stream: Parameters<typeof judge>[1], versions: readonly Version[], pageSize: number): unknown {
  const heads = new Map<string, Head>();
  const seen = new Set<string>();
  for (let start = 0; start < versions.length; start += pageSize) {
    const judged = versions.slice(start, start + pageSize).map(({ minute, ...more }) => judge('police', stream, { row: { jjdbh: 'C1', ...more, gxsj: `2026-03-02 10:${String(minute).padStart(2, '0')}:00` }, position: '' }, keys));
    const effects = fold(stream, judged, { heads, seen }, keys);
    for (const [key, head] of effects.heads) heads.set(key, head);
    for (const one of effects.seen) seen.add(one);
  }
  return [...heads];
}
