import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordKeys } from '../../base/keys.ts';
import { placeTouched } from '../../jobs/places.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';

const keys = recordKeys(Buffer.alloc(32, 9));
let db: TestDatabase;

beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());

async function land(key: string, place: string | null, division = '510107063000'): Promise<void> {
  const rid = keys.rid('hotline', 'tickets', key);
  await db.pool.query(
    `INSERT INTO hub.record (rid, department, stream, record_key, type_name, occurred_at, fetched_at, division, division_now, place_text)
     VALUES ($1, 'hotline', 'tickets', $2, 'HotlineTicket', now(), now(), $3, $3, $4)`,
    [rid, key, division, place],
  );
  await db.pool.query('INSERT INTO hub.touched (rid) VALUES ($1)', [rid]);
}

async function placeOf(key: string): Promise<string | null> {
  const { rows } = await db.pool.query<{ place_key: string | null }>('SELECT place_key FROM hub.record WHERE record_key = $1', [key]);
  return rows[0]!.place_key;
}

describe('records are linked to places', () => {
  it('two spellings of one building are one place, another building is another', async () => {
    await land('a', '四川省成都市武侯区石羊街道办事处红牌楼路317号宏建新城小区四号楼');
    await land('b', '石羊街道红牌楼路317号宏建新城4栋');
    await land('c', '武侯区红牌楼路317号宏建新城5栋');
    await land('nowhere', '不详');
    await placeTouched(db.pool, keys);
    expect(await placeOf('a')).not.toBeNull();
    expect(await placeOf('b')).toBe(await placeOf('a'));
    expect(await placeOf('c')).not.toBe(await placeOf('a'));
    expect(await placeOf('nowhere')).toBeNull();
  });

  it('an estate of the same name in another county is another place', async () => {
    await land('far', '红牌楼路317号宏建新城4栋', '620102001000');
    await placeTouched(db.pool, keys);
    expect(await placeOf('far')).not.toBe(await placeOf('a'));
  });

  it('again changes nothing, and a place without a record is gone', async () => {
    expect(await placeTouched(db.pool, keys)).toEqual({ placed: 0 });
    await db.pool.query("DELETE FROM hub.record WHERE record_key = 'c'");
    await placeTouched(db.pool, keys);
    const { rows } = await db.pool.query<{ orphans: number }>('SELECT count(*) AS orphans FROM hub.place p WHERE NOT EXISTS (SELECT 1 FROM hub.record r WHERE r.place_key = p.place_key)');
    expect(rows[0]!.orphans).toBe(0);
  });

  it('no room of a home stands in a place', async () => {
    await land('home', '武侯区红牌楼路317号宏建新城5栋2单元1203室');
    await placeTouched(db.pool, keys);
    const { rows } = await db.pool.query<{ address: string }>('SELECT standard_address AS address FROM hub.place');
    expect(rows.map(({ address }) => address).filter((address) => address.includes('1203'))).toEqual([]);
  });

  it('the reader sees no place without a record it may see', async () => {
    const client = await db.pool.connect();
    try {
      await client.query('BEGIN');
      await client.query(`SELECT set_config('yiwang.kind', 'CLERK', true), set_config('yiwang.tier', 'COUNTY', true), set_config('yiwang.division_prefix', '110101', true), set_config('role', 'yiwang_reader', true)`);
      expect((await client.query('SELECT 1 FROM hub.place')).rowCount).toBe(0);
      await client.query('ROLLBACK');
    } finally {
      client.release();
    }
  });
});
