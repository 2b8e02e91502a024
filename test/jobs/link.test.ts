import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordKeys } from '../../base/keys.ts';
import { touch } from '../../connectors/page.ts';
import { clusterTouched } from '../../jobs/cluster.ts';
import { forgetTouched, linkTouched, touchMarks } from '../../jobs/link.ts';
import { inTransaction } from '../../base/db.ts';
import { reachedFrom } from '../../jobs/reach.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';

const keys = recordKeys(Buffer.alloc(32, 7));
let db: TestDatabase;

beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());

interface Person {
  name?: string;
  idNumber?: string;
  phone?: string;
  birthDate?: string;
}

/** One record as a connector leaves it. */
async function land(key: string, person: Person, over: { text?: string; place?: string; parent?: string; at?: string } = {}): Promise<string> {
  const rid = keys.rid('hotline', 'tickets', key);
  await db.pool.query(
    `INSERT INTO hub.record (rid, department, stream, record_key, type_name, occurred_at, fetched_at, status, category, division, division_now, text_for_matching, place_text, parent_key)
     VALUES ($1, 'hotline', 'tickets', $2, 'HotlineTicket', $3, now(), 'OPEN', '02', '510107001001', '510107001001', $4, $5, $6)`,
    [rid, key, over.at ?? '2026-05-01T08:00:00Z', over.text ?? '', over.place ?? '', over.parent ?? null],
  );
  await db.pool.query(
    `INSERT INTO hub.mention (mention_id, rid, department, role, ordinal, kind, name, id_number, phones, birth_date) VALUES ($1, $2, 'hotline', 'REQUESTER', 0, 'PERSON', $3, $4, $5, $6)`,
    [keys.mentionId(rid, 'REQUESTER', 0), rid, person.name ?? null, person.idNumber ?? null, person.phone ? [person.phone] : [], person.birthDate ?? null],
  );
  await db.pool.query('INSERT INTO hub.touched (rid) VALUES ($1)', [rid]);
  return rid;
}

async function entityOf(rid: string): Promise<string> {
  const { rows } = await db.pool.query<{ entity_key: string }>('SELECT entity_key FROM hub.mention WHERE rid = $1', [rid]);
  return rows[0]!.entity_key;
}

async function matterOf(rid: string): Promise<string> {
  const { rows } = await db.pool.query<{ matter_no: string }>('SELECT matter_no FROM hub.matter JOIN hub.matter_member USING (matter_key) WHERE rid = $1', [rid]);
  return rows[0]!.matter_no;
}

describe('what a sync touched is linked and clustered', () => {
  let first: string;
  let second: string;
  let namesake: string;

  it('joins two mentions of one ID number, and keeps a namesake with another number apart', async () => {
    first = await land('t1', { name: '王平军', idNumber: '51010719630710075X', phone: '+8614785591918' });
    second = await land('t2', { name: '王平军', idNumber: '51010719630710075X' });
    namesake = await land('t3', { name: '王平军', idNumber: '510108198302179572', phone: '+8614785591918' });
    const outcome = await linkTouched(db.pool, keys);
    expect(outcome).toMatchObject({ touched: 3, changed: 3 });
    expect(await entityOf(first)).toBe(await entityOf(second));
    expect(await entityOf(namesake)).not.toBe(await entityOf(first));
  });

  it('changes nothing when it runs again on the same records', async () => {
    await db.pool.query('INSERT INTO hub.touched SELECT rid FROM hub.record');
    expect(await linkTouched(db.pool, keys)).toMatchObject({ touched: 3, changed: 0 });
    expect(await linkTouched(db.pool, keys)).toEqual({ touched: 0, entities: 0, changed: 0 });
  });

  it('links a later record to the entity that is there, whose key stays', async () => {
    const before = await entityOf(first);
    const later = await land('t4', { name: '王平军', idNumber: '51010719630710075X' });
    await linkTouched(db.pool, keys);
    expect(await entityOf(later)).toBe(before);
    expect(await entityOf(first)).toBe(before);
  });

  it('what a page touches while it is being settled stays touched, new or again', async () => {
    const before = await land('t6', { name: '赵小平' });
    const marks = await touchMarks(db.pool);
    const late = await land('t7', { name: '钱小平' });
    await db.pool.query('INSERT INTO hub.touched (rid) VALUES ($1)', [before]);
    expect((await linkTouched(db.pool, keys, marks)).touched).toBe(1);
    await forgetTouched(db.pool, marks);
    expect((await touchMarks(db.pool)).map((mark) => mark.rid)).toEqual([before, late].sort());
    expect((await linkTouched(db.pool, keys)).touched).toBe(2);
    expect(await touchMarks(db.pool)).toEqual([]);
  });

  it('two pages that touch one record wait for nobody', async () => {
    const [one, other] = await Promise.all([db.pool.connect(), db.pool.connect()]);
    try {
      for (const page of [one, other]) await page.query("BEGIN; SET LOCAL lock_timeout = '1s'");
      for (const page of [one, other]) await touch(page, [first]);
      for (const page of [one, other]) await page.query('COMMIT');
    } finally {
      for (const page of [one, other]) page.release();
    }
    expect((await touchMarks(db.pool)).map((mark) => mark.rid)).toEqual([first, first]);
    expect((await linkTouched(db.pool, keys)).touched).toBe(1);
  });

  it('a phone that everybody shares links nobody', async () => {
    const rids: string[] = [];
    for (let i = 0; i < 60; i += 1) rids.push(await land(`shared${i}`, { phone: '+862812345' }));
    await linkTouched(db.pool, keys);
    expect(new Set(await Promise.all(rids.map(entityOf))).size).toBe(60);
  });

  it('a hub that has outgrown what was learnt links everybody with the keys that are there, and has all of them', async () => {
    await db.pool.query("UPDATE hub.link_state SET state = jsonb_set(state, '{frequencies,rows}', '1')");
    const rid = await land('outgrown', { name: '王平军', idNumber: '51010719630710075X' });
    const writtenBefore = (await db.pool.query('SELECT max(xmin::text::bigint) AS last FROM hub.blocking_key')).rows[0];
    await linkTouched(db.pool, keys);
    expect(await entityOf(rid)).toBe(await entityOf(first));
    const storedKeys = async () => (await db.pool.query('SELECT key_type, key_hash, mention_id FROM hub.blocking_key ORDER BY 1, 2, 3')).rows;
    const [after, fresh] = [await storedKeys(), (await db.pool.query('SELECT count(DISTINCT mention_id)::int AS mentions FROM hub.blocking_key WHERE xmin::text::bigint > $1', [writtenBefore.last])).rows];
    expect(fresh).toEqual([{ mentions: 1 }]);
    await db.pool.query('DELETE FROM hub.link_state; DELETE FROM hub.blocking_key; INSERT INTO hub.touched SELECT rid FROM hub.record');
    expect((await linkTouched(db.pool, keys)).changed).toBe(0);
    expect(after).toEqual(await storedKeys());
  });

  it('a decision of a person holds against one ID number', async () => {
    const [a, b] = [first, second].map((rid) => keys.mentionId(rid, 'REQUESTER', 0)).sort();
    await db.pool.query(`INSERT INTO hub.link_decision (a, b, decision, decided_by, reason) VALUES ($1, $2, 'CANNOT_LINK', 'test', 'twins')`, [a, b]);
    await db.pool.query('INSERT INTO hub.touched (rid) VALUES ($1)', [first]);
    await linkTouched(db.pool, keys);
    expect(await entityOf(first)).not.toBe(await entityOf(second));
  });

  it('makes one matter of a ticket and the one that names it as its parent; again changes nothing', async () => {
    const parent = await land('p1', {}, { text: '楼上渗水' });
    const child = await land('p2', {}, { text: '还是没有人来', parent: 'p1', at: '2026-05-09T08:00:00Z' });
    await clusterTouched(db.pool, keys);
    expect(await matterOf(child)).toBe(await matterOf(parent));
    expect(await matterOf(parent)).toMatch(/^M[0-9A-HJKMNP-TV-Z]{12}$/);
    expect((await clusterTouched(db.pool, keys)).changed).toBe(0);
  });

  it('a matter whose records are gone is gone, and the numbers of the others stay', async () => {
    const kept = await matterOf(keys.rid('hotline', 'tickets', 'p1'));
    await db.pool.query(`DELETE FROM hub.record WHERE record_key = 'p2'`);
    await clusterTouched(db.pool, keys);
    expect(await matterOf(keys.rid('hotline', 'tickets', 'p1'))).toBe(kept);
    const { rows } = await db.pool.query<{ empty: number }>('SELECT count(*) AS empty FROM hub.matter m WHERE NOT EXISTS (SELECT 1 FROM hub.matter_member e WHERE e.matter_key = m.matter_key)');
    expect(rows[0]!.empty).toBe(0);
  });
});

describe('what goes and what comes reaches everybody it concerns', () => {
  it('a mention that held two others together goes: they part, as in a full run', async () => {
    // The middle one shares the ID number with the first and phone and name with the last, who share nothing but a name that many have.
    const [one, bridge, two] = [
      await land('b1', { name: '王建国', idNumber: '510107198503071534' }),
      await land('b2', { name: '王建国', idNumber: '510107198503071534', phone: '+8613911112222' }),
      await land('b3', { name: '王建国', phone: '+8613911112222' }),
    ];
    await linkTouched(db.pool, keys);
    expect(new Set([await entityOf(one), await entityOf(bridge), await entityOf(two)]).size).toBe(1);
    const kept = await entityOf(one);
    await db.pool.query('DELETE FROM hub.record WHERE rid = $1', [bridge]);
    await linkTouched(db.pool, keys);
    expect(await entityOf(one)).toBe(kept);
    expect(await entityOf(two)).not.toBe(kept);
  });

  it('a mention that is corrected loses the edges that no longer hold, and no other', async () => {
    const rids = [];
    for (const key of ['e1', 'e2', 'e3']) rids.push(await land(key, { name: '司马青云', phone: '+8613922223333' }));
    await linkTouched(db.pool, keys);
    const ids = rids.map((rid) => keys.mentionId(rid, 'REQUESTER', 0));
    const edges = async () => (await db.pool.query<{ pair: string[] }>('SELECT ARRAY[a, b] AS pair FROM hub.link_edge WHERE a = ANY($1) AND b = ANY($1)', [ids])).rows.map(({ pair }) => pair.sort());
    expect(await edges()).toHaveLength(3);
    await db.pool.query(`UPDATE hub.mention SET name = '何满', phones = '{+8613944445555}' WHERE rid = $1`, [rids[2]]);
    await db.pool.query('INSERT INTO hub.touched (rid) VALUES ($1)', [rids[2]]);
    await linkTouched(db.pool, keys);
    expect(await edges()).toEqual([[ids[0], ids[1]].sort()]);
  });

  it('a chain of any length is one component: a later mention joins the far end', async () => {
    const number = (n: number) => `+86139${String(30_000_000 + n)}`;
    for (let n = 0; n < 12; n += 1) {
      const rid = await land(`chain${n}`, { name: '欧阳晓岚', phone: number(n) });
      await db.pool.query('UPDATE hub.mention SET phones = $2 WHERE rid = $1', [rid, [number(n), number(n + 1)]]);
    }
    await linkTouched(db.pool, keys);
    const rids = Array.from({ length: 12 }, (_, n) => keys.rid('hotline', 'tickets', `chain${n}`));
    const entities = await Promise.all(rids.map(entityOf));
    const state = async () => Object.fromEntries((await db.pool.query<{ rid: string; entity_key: string }>('SELECT rid, entity_key FROM hub.mention')).rows.map((row) => [row.rid, row.entity_key]));
    await land('chain12', { name: '欧阳晓岚', phone: number(12) });
    await linkTouched(db.pool, keys);
    const incremental = await state();
    await db.pool.query('DELETE FROM hub.link_state');
    await db.pool.query('INSERT INTO hub.touched SELECT rid FROM hub.record ON CONFLICT DO NOTHING');
    await linkTouched(db.pool, keys);
    expect(await state()).toEqual(incremental);
    expect(entities.length).toBe(12);
  });

  it('a name that two persons with an ID number bear is generic in the whole hub; one that a single person bears is not', async () => {
    const [sole, one, two] = [
      await land('n1', { name: '闻人雪晴', idNumber: '510107195504040018' }),
      await land('n2', { name: '令狐雨涵', idNumber: '510107198706152253' }),
      await land('n3', { name: '令狐雨涵', idNumber: '510107198706152261' }),
    ];
    await linkTouched(db.pool, keys);
    const genericNames = (rid: string) => inTransaction(db.pool, async (tx) => [...(await reachedFrom(tx, [keys.mentionId(rid, 'REQUESTER', 0)]))!.generic].filter((key) => key.startsWith('NAME:')).length);
    expect([await genericNames(sole), await genericNames(one), await genericNames(two)]).toEqual([0, 1, 1]);
  });

  it('entities without a mention are gone', async () => {
    const { rows } = await db.pool.query('SELECT 1 FROM hub.entity e WHERE merged_into IS NULL AND NOT EXISTS (SELECT 1 FROM hub.mention m WHERE m.entity_key = e.entity_key)');
    expect(rows).toEqual([]);
  });
});
