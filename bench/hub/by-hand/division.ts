import { rowsOf, type Asked } from './asked.ts';

interface DivisionRow {
  code: string;
  name: string;
  tier: string;
  valid_from: string | null;
  valid_to: string | null;
  parent_code: string | null;
  parent_name: string;
  parent_tier: string;
  successor_code: string | null;
  successor_name: string;
  predecessors: object[] | null;
}

/** 18: a division as it was on a day. */
export async function division(asked: Asked<{ code: string; asOf: string }>) {
  const [row] = await rowsOf<DivisionRow>(asked, 'division',
    `SELECT d.code, d.name, d.tier, d.valid_from::text, d.valid_to::text, p.code AS parent_code, p.name AS parent_name, p.tier AS parent_tier, s.code AS successor_code, s.name AS successor_name,
       (SELECT json_agg(json_build_object('code', x.code, 'name', x.name, 'validTo', x.valid_to::text) ORDER BY x.code) FROM hub.division x WHERE x.successor = d.code) AS predecessors
     FROM hub.division d LEFT JOIN hub.division p ON p.code = d.parent LEFT JOIN hub.division s ON s.code = d.successor
     WHERE d.code = $1 AND (d.valid_from IS NULL OR d.valid_from <= $2::date) AND (d.valid_to IS NULL OR $2::date < d.valid_to)`,
    [asked.variables.code, asked.variables.asOf],
  );
  if (!row) return { division: null };
  return {
    division: {
      code: row.code, name: row.name, tier: row.tier, validFrom: row.valid_from, validTo: row.valid_to,
      parent: row.parent_code && { code: row.parent_code, name: row.parent_name, tier: row.parent_tier },
      successor: row.successor_code && { code: row.successor_code, name: row.successor_name },
      predecessors: row.predecessors ?? [],
    },
  };
}
