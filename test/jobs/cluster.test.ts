import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordKeys } from '../../base/keys.ts';
import { clusterNightly, clusterTouched } from '../../jobs/cluster.ts';
import { confirmedPairs, mergedPairs, splitPairs, type DecidedPair } from '../../subgraphs/matter/decided-pairs.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';

const keys = recordKeys(Buffer.alloc(32, 5));
let db: TestDatabase;

beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());

async function land(key: string, text: string, place: string, day: number, category = '02'): Promise<string> {
  const rid = keys.rid('hotline', 'tickets', key);
  await db.pool.query(
    `INSERT INTO hub.record (rid, department, stream, record_key, type_name, occurred_at, fetched_at, status, category, division, division_now, text_for_matching, place_text)
     VALUES ($1, 'hotline', 'tickets', $2, 'HotlineTicket', '2026-05-01T08:00:00Z'::timestamptz + make_interval(days => $3), now(), 'OPEN', $4, '510107001001', '510107001001', $5, $6)`,
    [rid, key, day, category, text, place],
  );
  return rid;
}

const matterOf = async (rid: string) => (await db.pool.query<{ matter_key: string }>('SELECT matter_key FROM hub.matter_member WHERE rid = $1', [rid])).rows[0]!.matter_key;

describe('a new record is clustered with its candidates only', () => {
  it('joins the matter that is there, whose key stays; the nightly run changes nothing of it', async () => {
    for (let i = 0; i < 30; i += 1) await land(`other${i}`, `${'甲乙丙丁戊己'[i % 6]}事与它无关${i}`, `武侯区玉林路${i}号${'东西南北'[i % 4]}苑${i}栋`, i * 3, '10');
    const first = await land('a', '楼上阳台渗水把家里淹了', '武侯区玉林中路93号通用机器厂家属院3栋', 0);
    const second = await land('b', '楼上阳台渗水一直不修', '玉林中路93号通用机器厂家属院三号楼', 2);
    await clusterTouched(db.pool, keys);
    const matter = await matterOf(first);
    expect(await matterOf(second)).toBe(matter);
    const learnt = async () => (await db.pool.query<{ at: string }>('SELECT learnt_at::text AS at FROM hub.matter_state')).rows[0]!.at;
    const before = await learnt();

    const third = await land('c', '阳台渗水，楼上还是不修', '通用机器厂家属院3#楼', 4);
    const apart = await land('d', '楼上阳台渗水', '武侯区永盛南街269号锦绣嘉园3号楼', 4);
    const outcome = await clusterTouched(db.pool, keys);
    expect(await learnt()).toBe(before); // online: nothing was learnt anew
    expect(outcome.matters).toBeLessThan(10);
    expect(await matterOf(third)).toBe(matter);
    expect(await matterOf(apart)).not.toBe(matter);

    expect(await clusterNightly(db.pool, keys)).toEqual({ matters: 0, changed: 0 }); // too soon
    await db.pool.query("UPDATE hub.matter_state SET learnt_at = now() - interval '1 day'");
    await clusterNightly(db.pool, keys);
    expect(await Promise.all([first, second, third].map(matterOf))).toEqual([matter, matter, matter]);
    expect((await clusterTouched(db.pool, keys)).changed).toBe(0);
  });

  it('a record that is gone leaves no empty matter', async () => {
    const alone = await land('z', '路边井盖丢失', '武侯区晋阳路1号', 50, '99');
    await clusterTouched(db.pool, keys);
    await db.pool.query('DELETE FROM hub.record WHERE rid = $1', [alone]);
    await clusterTouched(db.pool, keys);
    const { rows } = await db.pool.query<{ empty: number }>('SELECT count(*)::int AS empty FROM hub.matter m WHERE NOT EXISTS (SELECT 1 FROM hub.matter_member e WHERE e.matter_key = m.matter_key)');
    expect(rows[0]!.empty).toBe(0);
  });

  it('every record is of a matter, however old it is and whatever day another one claims', async () => {
    const old = await land('old', '小区大门坏了无人修理', '武侯区洗面桥街7号', -1_500, '05');
    const claimed = await land('claimed', '楼道灯不亮', '武侯区洗面桥街9号', 26_000, '06');
    const ordinary = await land('ordinary', '河边垃圾堆放', '武侯区洗面桥街11号', 20, '07');
    await db.pool.query('UPDATE hub.matter_state SET records = 0'); // outgrown: a full run
    await clusterTouched(db.pool, keys);
    const { rows } = await db.pool.query('SELECT rid FROM hub.matter_member WHERE rid = ANY ($1)', [[old, claimed, ordinary]]);
    expect(rows.map((row) => row.rid).sort()).toEqual([old, claimed, ordinary].sort());
  });
});

describe('what people decide one after the other', () => {
  const named = (...rids: string[]) => rids.map((rid) => ({ rid, own: false }));
  const groupsOf = async (rids: readonly string[]) => {
    await clusterTouched(db.pool, keys);
    const found = await Promise.all(rids.map(matterOf));
    return [...Map.groupBy(rids, (_, index) => found[index]!).values()].map((group) => group.map((rid) => rids.indexOf(rid)));
  };
  const decide = async (kind: string, pairs: DecidedPair[]) =>
    (await db.pool.query<{ id: string }>("SELECT hub.decide_matter($1, $2, $3, '同一件事', '{}', 'somebody', 'ORG')::text AS id", [kind, [...new Set(pairs.flatMap(({ a, b }) => [a, b]))], JSON.stringify(pairs)])).rows[0]!.id;
  const undo = async (event: string) => void (await db.pool.query("SELECT hub.undo_matter_decision($1, '看错了', 'somebody', 'ORG')", [event]));
  const decisionOf = async (a: string, b: string) => (await db.pool.query<{ decision: string }>('SELECT decision FROM hub.matter_decision WHERE a = least($1, $2) AND b = greatest($1, $2)', [a, b])).rows[0]?.decision ?? null;

  it('a merge after a split makes one matter of all of them, and its undo the two that the split had made', async () => {
    const [a, b, c] = await Promise.all(['s1', 's2', 's3'].map((key) => land(key, `各说各的${key}`, `武侯区锦绣路${key.slice(1)}号`, 30)));
    await decide('MERGED', mergedPairs(named(a!, b!), named(c!)));
    expect(await groupsOf([a!, b!, c!])).toEqual([[0, 1, 2]]);
    await decide('SPLIT', splitPairs(named(a!, b!, c!), named(c!)));
    expect(await groupsOf([a!, b!, c!])).toEqual([[0, 1], [2]]);
    const merged = await decide('MERGED', mergedPairs(named(a!, b!), named(c!)));
    expect(await groupsOf([a!, b!, c!])).toEqual([[0, 1, 2]]);
    await undo(merged);
    expect(await groupsOf([a!, b!, c!])).toEqual([[0, 1], [2]]);
  });

  it('a split that was undone does not come back with the undo of what was decided after it', async () => {
    const [a, b] = await Promise.all(['u1', 'u2'].map((key) => land(key, `另说各的${key}`, `武侯区锦绣南路${key.slice(1)}号`, 30)));
    const split = await decide('SPLIT', splitPairs(named(a!, b!), named(b!)));
    const merged = await decide('MERGED', mergedPairs(named(a!), named(b!)));
    await undo(split);
    expect(await decisionOf(a!, b!)).toBe('MUST_LINK');
    await undo(merged);
    expect(await decisionOf(a!, b!)).toBeNull();
  });

  it('a merge takes no confirmation away', async () => {
    const [a, b, c] = await Promise.all(['k1', 'k2', 'k3'].map((key) => land(key, `再说各的${key}`, `武侯区锦绣北路${key.slice(1)}号`, 30)));
    await decide('CONFIRMED', confirmedPairs(named(a!, b!), named(b!)[0]!));
    const merged = await decide('MERGED', mergedPairs(named(a!, b!), named(c!)));
    expect(await decisionOf(a!, b!)).toBe('MUST_LINK');
    await undo(merged);
    expect([await decisionOf(a!, b!), await decisionOf(a!, c!)]).toEqual(['MUST_LINK', null]);
  });
});
