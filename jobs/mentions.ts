import { sql } from 'drizzle-orm';
import type { Transaction } from '../base/db.ts';
import { divisionIndex, type DivisionIndex } from '../linkage/standardise/division-index.ts';
import { standardiseMention, type Mention } from '../linkage/standardise/mention.ts';
import { divisionsUnder } from '../schema/divisions/divisions.ts';

export interface MentionRow {
  mention_id: string;
  name: string | null;
  sex: string | null;
  birth_date: string | null;
  id_type: string | null;
  id_number: string | null;
  id_suspect: string | null;
  phones: string[];
  address: string | null;
  household_no: string | null;
  division: string | null;
  entity_key: string | null;
}

export async function mentionRows(tx: Transaction, ids: readonly string[] | null): Promise<MentionRow[]> {
  const { rows } = await tx.execute(sql`
    SELECT m.mention_id, m.name, m.sex, m.birth_date, m.id_type, m.id_number, m.id_suspect, m.phones, m.address, m.household_no, m.entity_key,
      coalesce(r.division_now, r.division) AS division
    FROM hub.mention m JOIN hub.record r USING (rid)
    WHERE m.kind = 'PERSON' AND ${ids === null ? sql`true` : sql`m.mention_id = ANY(${sql.param([...ids])}::text[])`}
    ORDER BY m.mention_id`);
  return rows as unknown as MentionRow[];
}

/** A number that failed its check reaches linkage as its HMAC only: it can be compared for equality and read by nobody. */
export function asMention(row: MentionRow, divisions: DivisionIndex): Mention {
  const mention = standardiseMention(
    row.mention_id,
    { name: row.name, idNumber: row.id_number, idType: row.id_type, phone: row.phones.join(' '), birthDate: row.birth_date, sex: row.sex, address: row.address, division: row.division, household: row.household_no },
    divisions,
  );
  return row.id_suspect === null ? mention : { ...mention, idStatus: 'SUSPECT', idNumber: row.id_suspect };
}

const indexes = new Map<string, DivisionIndex>();

/** The names of divisions of the provinces that these rows lie in; kept, because building them costs a second. */
export function divisionsOf(rows: readonly Pick<MentionRow, 'division'>[]): DivisionIndex {
  const provinces = [...new Set(rows.flatMap((row) => (row.division === null ? [] : [row.division.slice(0, 2)])))].sort();
  const name = provinces.join(' ');
  const known = indexes.get(name);
  if (known) return known;
  const made = divisionIndex([...divisionsUnder(provinces).values()]);
  indexes.set(name, made);
  return made;
}
