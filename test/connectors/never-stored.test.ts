import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Row, Stream } from '../../connectors/contract.ts';
import { fold, type Head, type Landed } from '../../connectors/fold.ts';
import { judge } from '../../connectors/judge.ts';
import { connectorOf, streamOf } from '../../connectors/registry.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';
import { faultServer, type FaultServer } from '../recovery/fault-server.ts';
import { comparable, everything, keys, pull } from './sample.ts';

const petition = { xfjbh: '1', nd: '2026', djsj: '2026-03-01', xfmd: '3', gxsj: '2026-03-01 10:00:00', zf: '0' };
const judged = async (department: string, stream: string, row: Row) => judge(department, streamOf(await connectorOf(department), stream), { row, position: '' }, keys);

describe('a name that is never stored', () => {
  it.each<[string, Row, Record<string, number>]>([
    ['of the record', { bfyr: 'ACCUSED' }, { bfyr: 1 }],
    ['in a petitioner’s block', { xfr: [{ xfrxm: '张三', bfyr: 'ACCUSED' }, { xfrxm: '李四', bfyr: 'ACCUSED' }] }, { bfyr: 2 }],
    ['in a block that nobody declared', { more: { parts: [[{ bfyr: 'ACCUSED' }]] } }, { bfyr: 1 }],
    ['that is empty, which counts for nothing', { xfr: [{ xfrxm: '张三', bfyr: '' }] }, {}],
    ['that is repeated, and empty each time', { bfyr: ['', '无'] }, {}],
    ['whose block is empty', { bfyr: { xm: ' ', dw: null } }, {}],
  ])('goes %s', async (_, more, droppedFields) => {
    const version = await judged('petition', 'petitions', { ...petition, ...more });
    expect(version).toMatchObject({ kind: 'LIVE', droppedFields });
    expect(JSON.stringify(version)).not.toMatch(/ACCUSED|"bfyr":""/);
    expect(version.droppedFields).toEqual(droppedFields);
  });

  it('goes from what is quarantined too', async () => {
    const version = await judged('petition', 'petitions', { ...petition, djsj: 'x', xfr: [{ xfrxm: '张三', bfyr: 'ACCUSED' }] });
    expect(version).toMatchObject({ kind: 'QUARANTINED', reason: 'UNPARSABLE_TIME', droppedFields: { bfyr: 1 }, content: { xfr: [{ xfrxm: '张三' }] } });
    expect(JSON.stringify(version)).not.toContain('ACCUSED');
  });
});

const nested = (depth: number): unknown => (depth === 0 ? 'x' : [nested(depth - 1)]);
const call = { jjdbh: 'K', bjsj: '2026-03-02', sfjf: '1', gxsj: '2026-03-02 10:00:00', scbz: '0' };
const filing = { prelitNo: 'K', receivedAt: '2026-03-02', outcome: 'PENDING', closedHearing: false, minorInvolved: false, updatedAt: '2026-03-02T10:00:00+08:00', deleted: false };
const becomes: [string, string, string, Row, Row][] = [
  ['police', 'jcj_jjd', 'is no dispute any more', call, { sfjf: '0', gxsj: '2026-03-02 11:00:00' }],
  ['court', 'prelitigation-cases', 'is heard behind closed doors', filing, { closedHearing: true, updatedAt: '2026-03-02T11:00:00+08:00' }],
  ['petition', 'petitions', 'is an accusation', petition, { xfmd: '2', gxsj: '2026-03-01 11:00:00' }],
];
const faults: [string, Row][] = [
  ['nothing', {}],
  ['its first time', { bjsj: '0000-00-00', receivedAt: '0000-00-00', djsj: '0000-00-00' }],
  ['its update time', { gxsj: 'x', updatedAt: 'x' }],
  ['a required field', { bjsj: null, receivedAt: null, djsj: null }],
  ['a value no list knows', { outcome: 'NEW', minorInvolved: 'maybe' }],
  ['a type', { jqjj: { a: 1 }, summary: { a: 1 }, gy: { a: 1 } }],
  ['the size of a cell', { jqjj: 'x'.repeat(70_000), summary: 'x'.repeat(70_000), gy: 'x'.repeat(70_000) }],
  ['its depth', { more: nested(40) }],
  ['a character', { jqjj: '\ud800', summary: '\ud800', gy: '\ud800' }],
];

describe.each(becomes)('a record of %s (%s) that %s', (department, name, _, row, never) => {
  it.each(faults)('goes whole where %s is wrong with that version too', async (_what, fault) => {
    const stream = streamOf(await connectorOf(department), name);
    const [first, waiting, last] = [row, { ...row, bjsj: 'x', receivedAt: 'x', djsj: 'x' }, { ...row, ...fault, ...never, ...('gxsj' in fault ? fault : {}) }].map((one) => judge(department, stream, { row: one, position: '' }, keys));
    const { counts, gone, live, purged, heads, quarantined } = fold(stream, [first!, waiting!, last!], { heads: new Map(), seen: new Set() }, keys);
    expect(counts).toMatchObject({ offered: 3, published: 1, dropped: { [stream.drop!.rule]: 1 }, quarantined: { UNPARSABLE_TIME: 1 } });
    expect([gone.size, live.size, purged.size, quarantined.map((one) => one.content), [...heads.values()].map((head) => head.state)]).toEqual([1, 0, 1, [null], ['DROPPED']]);
  });
});

describe('a case that becomes a minor’s', () => {
  let hub: TestDatabase;
  let court: FaultServer;
  let offered: Row[];
  const env = () => ({ COURT_SOURCE_URL: court.url, COURT_CLIENT_ID: 'c', COURT_CLIENT_SECRET: 's' });
  const sync = async (...rows: Row[]) => {
    offered = rows;
    return (await pull(hub.pool, 'court', 'prelitigation-cases', env(), 'FULL')).counts;
  };
  const at = (minute: number) => `2026-03-02T10:${String(minute).padStart(2, '0')}:00+08:00`;
  const child = { ...filing, parties: [{ role: 'PLAINTIFF', kind: 'PERSON', name: '李小童', idType: '111', phone: '13515733663', address: 'CHILD-HOME' }], summary: 'CHILD-STORY', address: 'CHILD-PLACE', causeName: '健康权纠纷' };
  const traces = async () => [...new Set((await everything(hub.pool)).match(/李小童|13515733663|CHILD-\w+/g) ?? [])];

  beforeEach(async () => {
    [hub, court] = await Promise.all([testDatabase(), faultServer()]);
    court.handle = ({ path }) => ({ json: path === '/oauth/token' ? { access_token: 't', token_type: 'Bearer', expires_in: 300 } : { data: offered, nextCursor: null, asOf: at(59) } });
  });
  afterEach(() => Promise.all([hub.drop(), court.close()]));

  it.each<[string, Row, string]>([
    ['an unknown outcome', { outcome: 'MEDIATED_PARTLY' }, 'SCHEMA'],
    ['a time that is none', { receivedAt: '0000-00-00' }, 'UNPARSABLE_TIME'],
    ['an update time that is none', { updatedAt: 'x' }, 'UNPARSABLE_TIME'],
    ['a cell over the limit', { causeName: 'x'.repeat(70_000) }, 'TOO_LARGE'],
    ['a flag as text', { minorInvolved: 'true' }, 'SCHEMA'],
    ['a hearing nobody can tell to be closed', { closedHearing: 'maybe' }, 'SCHEMA'],
  ])('keeps nothing of the child where that version has %s, and stays with what is left', async (_, fault, reason) => {
    await sync(child);
    await sync({ ...child, receivedAt: 'x', updatedAt: at(1) }); // waits in quarantine
    expect(await traces()).not.toEqual([]);
    expect(await sync({ ...child, minorInvolved: true, updatedAt: at(2), ...fault })).toMatchObject({ offered: 1, quarantined: { [reason]: 1 }, published: 0 });
    expect(await traces()).toEqual([]);
    const { rows } = await hub.pool.query("SELECT r.minor, d.cause_name, (SELECT count(*)::int FROM hub.mention m WHERE m.rid = r.rid) AS mentions FROM hub.record r JOIN court.prelitigation_case d USING (rid)");
    expect(rows).toEqual([{ minor: true, cause_name: '健康权纠纷', mentions: 0 }]);
    expect(await comparable(hub.pool, 'court', 'prelitigation-cases')).toMatchObject({ live: 1, deleted: 0, offered: 3 });
  });

  it.each<[string, Row]>([['valid', {}], ['quarantined', { outcome: 'x' }]])('takes with it what corrections of the record say, by a version that is %s', async (_, fault) => {
    await sync(child);
    const mention = '(SELECT mention_id FROM hub.mention)';
    const asked = (field: string, of: string, where: string, column: string) =>
      hub.pool.query(`WITH asked AS (
        INSERT INTO hub.correction (id, rid, mention_id, department, coordinate, requester, due_on, basis, value_in, value_column, value_digest)
        SELECT x.id, r.rid, ${of}, 'court', '${field}', 'resident:x', '2026-10-01', 'x', '${where}', '${column}', hub.value_digest(x.id, '${where}', '${column}', r.rid, ${of}) FROM hub.record r, gen_random_uuid() AS x(id) RETURNING id)
        INSERT INTO hub.correction_text SELECT id, 'CHILD-PROPOSED', '李小童的情况不是这样', 'CHILD-NOTE' FROM asked`);
    await asked('CourtCase.summary', 'NULL', 'court.prelitigation_case', 'summary');
    await asked('Person.phones', mention, 'hub.mention', 'phones');
    await asked('CourtCase.causeName', 'NULL', 'court.prelitigation_case', 'cause_name');
    await hub.pool.query("UPDATE hub.correction SET state = 'ANSWERED', outcome = 'CONFIRMED', answered_at = now() WHERE coordinate = 'CourtCase.summary'");
    await sync({ ...child, minorInvolved: true, updatedAt: at(2), ...fault });
    expect(await traces()).toEqual([]);
    expect((await hub.pool.query("SELECT coordinate, outcome, value_digest = '' AS forgotten FROM hub.correction ORDER BY 1")).rows).toEqual([
      { coordinate: 'CourtCase.causeName', outcome: null, forgotten: false },
      { coordinate: 'CourtCase.summary', outcome: 'CONFIRMED', forgotten: true },
      { coordinate: 'Person.phones', outcome: 'SOURCE_CHANGED', forgotten: true },
    ]);
    expect((await hub.pool.query('SELECT 1 FROM hub.correction_text')).rowCount).toBe(0);
  });

  it('does not take it back from a late older version, and stores it again once it is lawful', async () => {
    await sync(child);
    await sync({ ...child, minorInvolved: true, outcome: 'x', updatedAt: at(5) });
    expect(await sync({ ...child, causeName: '侵权纠纷', updatedAt: at(3) })).toMatchObject({ published: 1 });
    expect(await traces()).toEqual([]);
    expect((await hub.pool.query('SELECT cause_name FROM court.prelitigation_case')).rows).toEqual([{ cause_name: '侵权纠纷' }]);
    expect(await sync({ ...child, updatedAt: at(6) })).toMatchObject({ published: 1 });
    expect(await traces()).toContain('CHILD-STORY');
  });

  it('brings nothing when its first version is the one in quarantine, and an older one follows; what waits can be released', async () => {
    await sync({ ...child, minorInvolved: true, outcome: 'x', updatedAt: at(5) });
    expect(await sync({ ...child, receivedAt: 'x' })).toMatchObject({ quarantined: { UNPARSABLE_TIME: 1 } });
    expect(await sync({ ...child, updatedAt: at(3) })).toMatchObject({ published: 1 });
    expect(await traces()).toEqual([]);
    expect((await hub.pool.query("SELECT reason FROM hub.quarantine WHERE content IS NOT NULL")).rows).toEqual([{ reason: 'SCHEMA' }]);
  });

  it('is not whole again when its lost landed copy is mended', async () => {
    const stream = streamOf(await connectorOf('court'), 'prelitigation-cases');
    const [first, restricting] = [child, { ...child, minorInvolved: true, outcome: 'x', updatedAt: at(5) }].map((row) => judge('court', stream, { row, position: '' }, keys));
    const { heads } = fold(stream, [first!, restricting!], { heads: new Map(), seen: new Set() }, keys);
    const mended = fold(stream, [{ ...first!, restores: true }], { heads, seen: new Set() }, keys);
    expect(JSON.stringify([...mended.live.values()])).toContain('健康权纠纷');
    expect(JSON.stringify([...mended.live.values()])).not.toMatch(/李小童|CHILD/);
    expect([...mended.heads.values()]).toEqual([...heads.values()]);
  });

  it('ends the same in whatever order its versions arrive', async () => {
    const stream = streamOf(await connectorOf('court'), 'prelitigation-cases');
    const version = fc.record({ minute: fc.integer({ min: 0, max: 59 }), minorInvolved: fc.boolean(), closedHearing: fc.constantFrom(false, false, false, true), deleted: fc.constantFrom(false, false, false, true), outcome: fc.constantFrom('PENDING', 'AGREED', 'x') });
    fc.assert(
      fc.property(fc.uniqueArray(version, { minLength: 1, maxLength: 6, selector: (one) => one.minute }), fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), fc.integer({ min: 1, max: 3 }), (versions, chance, pageSize) => {
        const rows = versions.map(({ minute, ...more }) => ({ ...child, ...more, updatedAt: at(minute) }));
        const rank = new Map(rows.map((one) => [one, chance.next().value as number]));
        const inOrder = rows.toSorted((a, b) => (a.updatedAt < b.updatedAt ? -1 : 1));
        expect(kept(stream, rows.toSorted((a, b) => rank.get(a)! - rank.get(b)!), pageSize)).toEqual(kept(stream, inOrder, rows.length));
      }),
      { numRuns: 500 },
    );
  });
});

/** What stands of one record after its versions, page by page: its head and its landed copy. */
function kept(stream: Stream, rows: readonly Row[], pageSize: number): unknown {
  const heads = new Map<string, Head>();
  const landed = new Map<string, Landed>();
  for (let start = 0; start < rows.length; start += pageSize) {
    const judged = rows.slice(start, start + pageSize).map((row) => judge('court', stream, { row, position: '' }, keys));
    const effects = fold(stream, judged, { heads, landed, seen: new Set() }, keys);
    for (const [key, head] of effects.heads) heads.set(key, head);
    if (effects.gone.size > 0) landed.clear();
    for (const [key, live] of effects.live) landed.set(key, live);
  }
  return { heads: [...heads], content: [...landed.values()].map((one) => one.content) };
}
