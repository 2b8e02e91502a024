import { sql } from 'drizzle-orm';
import { inTransaction, type Pool, type Transaction } from '../base/db.ts';
import type { Keys } from '../base/keys.ts';
import { standardiseAddress, type Address } from '../linkage/standardise/address.ts';
import { divisionsOf } from './mentions.ts';

/**
 * Links the touched records to places: two spellings of one building get one key. The deterministic key is the county with
 * the estate (or the street and its number) and the building; rooms are no places, because they are somebody's home.
 * A place that no record names any more is deleted, so that a purge leaves no address behind.
 */
export async function placeTouched(pool: Pool, keys: Keys): Promise<{ placed: number }> {
  return inTransaction(pool, async (tx) => {
    const rows = await touchedRows(tx);
    const divisions = divisionsOf(rows);
    const placed = rows.map((row) => ({ rid: row.rid, ...placeOf(standardiseAddress(row.place_text, divisions, row.division), row, keys) }));
    await writePlaces(tx, placed);
    const { rowCount } = await tx.execute(sql`
      UPDATE hub.record r SET place_key = x.place_key FROM jsonb_to_recordset(${JSON.stringify(placed)}::jsonb) AS x(rid text, place_key text)
      WHERE r.rid = x.rid AND r.place_key IS DISTINCT FROM x.place_key`);
    await tx.execute(sql`DELETE FROM hub.place p WHERE NOT EXISTS (SELECT 1 FROM hub.record r WHERE r.place_key = p.place_key)`);
    return { placed: rowCount ?? 0 };
  });
}

interface TouchedRow {
  rid: string;
  place_text: string | null;
  division: string | null;
  grid_code: string | null;
}

async function touchedRows(tx: Transaction): Promise<TouchedRow[]> {
  const { rows } = await tx.execute(sql`
    SELECT r.rid, r.place_text, coalesce(r.division_now, r.division) AS division, r.grid_code
    FROM hub.record r WHERE r.type_name IS NOT NULL AND r.rid IN (SELECT rid FROM hub.touched) ORDER BY r.rid`);
  return rows as unknown as TouchedRow[];
}

interface Placed {
  place_key: string | null;
  kind?: 'BUILDING' | 'ESTATE' | 'STREET_NUMBER';
  standard_address?: string;
  division?: string;
  grid_code?: string | null;
}

const nowhere: Placed = { place_key: null };

function placeOf(address: Address | null, row: TouchedRow, keys: Keys): Placed {
  const division = address?.division ?? row.division;
  const site = address?.estateStem ?? (address?.street && address.streetNumber ? `${address.street} ${address.streetNumber}` : null);
  if (!address || !division || site === null) return nowhere;
  const street = address.street ? `${address.street}${address.streetNumber ? `${address.streetNumber}号` : ''}` : '';
  return {
    place_key: keys.placeKey(division.slice(0, countyDigits), site, address.building ?? ''),
    kind: address.building ? 'BUILDING' : address.estateStem ? 'ESTATE' : 'STREET_NUMBER',
    standard_address: `${street}${address.estate ?? ''}${address.building ? `${address.building}栋` : ''}`,
    division,
    grid_code: row.grid_code,
  };
}

const countyDigits = 6; // townships are often left out of an address, counties hardly ever

/** The fullest spelling stands for the place, the same whatever order the records come in. */
async function writePlaces(tx: Transaction, placed: readonly Placed[]): Promise<void> {
  const places = new Map<string, Placed>();
  for (const one of placed) {
    const known = one.place_key === null ? undefined : places.get(one.place_key);
    if (one.place_key !== null && (!known || fuller(one, known))) places.set(one.place_key, one);
  }
  await tx.execute(sql`
    INSERT INTO hub.place AS p (place_key, kind, standard_address, division, grid_code)
    SELECT x.place_key, x.kind, x.standard_address, x.division, x.grid_code
    FROM jsonb_to_recordset(${JSON.stringify([...places.values()])}::jsonb) AS x(place_key text, kind text, standard_address text, division text, grid_code text)
    ON CONFLICT (place_key) DO UPDATE SET standard_address = excluded.standard_address, division = excluded.division, grid_code = coalesce(excluded.grid_code, p.grid_code)
    WHERE length(excluded.standard_address) > length(p.standard_address)`);
}

function fuller(a: Placed, b: Placed): boolean {
  const [left, right] = [a.standard_address!, b.standard_address!];
  return left.length > right.length || (left.length === right.length && left < right);
}
