import { comesBack, derivedStatus, firstOf } from '../../../subgraphs/matter/matters.ts';
import { openRows, rowsOf, type Asked } from './asked.ts';

export interface MatterRow {
  matter_key: string;
  matter_no: string;
  status: string;
  category: string | null;
  opened_at: Date;
  lead_org: string | null;
  lead_name: string | null;
  lead_phone: string | null;
  division: string | null;
  division_name: string | null;
}

export interface Choice {
  /** Condition over `om`, a member of the matter, that most matters fail: they are passed over before anything is derived. */
  likely?: string;
  /** Condition over the array `x.rids` of records that the caller sees. */
  where?: string;
  earliestFirst?: boolean;
}

/** One page of matters and one row more, with the names that it shows, in one statement. */
export function matterPage(asked: Asked<{ first: number }>, name: string, { likely = 'true', where = 'true', earliestFirst = false }: Choice): Promise<MatterRow[]> {
  const limit = Math.trunc(asked.variables.first) + 1; // a number of the text: as a value it is planned anew each time
  const direction = earliestFirst ? 'ASC' : 'DESC';
  return rowsOf<MatterRow>(asked, name,
    `SELECT d.*, m.matter_no, g.name AS lead_name, g.public_phone AS lead_phone, v.name AS division_name FROM (
       SELECT k.matter_key, k.occurred_at AS opened_at, k.rid, x.status, x.category, x.lead_org, x.division FROM (
         SELECT om.matter_key, o.occurred_at, o.rid FROM hub.record o JOIN hub.matter_member om ON om.rid = o.rid
         WHERE o.occurred_at IS NOT NULL AND ${openRows(asked, 'o')} AND ${likely} AND NOT EXISTS (SELECT 1 FROM hub.matter_member em JOIN hub.record e ON e.rid = em.rid
           WHERE em.matter_key = om.matter_key AND (e.occurred_at, e.rid) < (o.occurred_at, o.rid) AND ${openRows(asked, 'e')})) k
       JOIN LATERAL (
         SELECT array_agg(r.rid) AS rids, ${derivedStatus} AS status, ${firstOf('category')} AS category, ${firstOf('lead_org')} AS lead_org, ${firstOf('division_now')} AS division
         FROM (SELECT r.*, ${comesBack} AS comes_back FROM hub.matter_member mm JOIN hub.record r ON r.rid = mm.rid AND ${openRows(asked, 'r')} WHERE mm.matter_key = k.matter_key) r) x ON true
       WHERE ${where} ORDER BY k.occurred_at ${direction}, k.rid ${direction} LIMIT ${limit}) d
     JOIN hub.matter m USING (matter_key) LEFT JOIN hub.organization g ON g.credit_code = d.lead_org LEFT JOIN hub.division v ON v.code = d.division
     ORDER BY d.opened_at ${direction}, d.rid ${direction}`,
  );
}

export function pageInfo(rows: readonly MatterRow[], first: number) {
  return { hasNextPage: rows.length > first, endCursor: rows[first - 1]?.matter_key ?? null };
}
