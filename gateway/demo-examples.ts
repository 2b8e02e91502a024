import type { JWTPayload } from 'jose';
import type { Pool } from '../base/db.ts';

/**
 * The number of one matter that a persona can open, for the console's first example: one that rests on records of their
 * own organisation, or that names the resident; null where there is none. For the demo only.
 */
export async function exampleMatter(pool: Pool, claims: JWTPayload): Promise<string | null> {
  const { rows } = await pool.query<{ matter_no: string }>(typeof claims['id_number'] === 'string' ? ofResident : ofOrganization, [claims['id_number'] ?? claims['org'] ?? '']);
  return rows[0]?.matter_no ?? null;
}

const ofOrganization = `
  SELECT m.matter_no FROM hub.matter m JOIN hub.matter_member mm USING (matter_key) JOIN hub.assignment a USING (rid)
  WHERE a.credit_code = $1 AND m.merged_into IS NULL
  GROUP BY m.matter_key ORDER BY (SELECT count(*) FROM hub.matter_member x WHERE x.matter_key = m.matter_key) DESC, m.matter_no LIMIT 1`;

const ofResident = `
  SELECT m.matter_no FROM hub.matter m JOIN hub.matter_member mm USING (matter_key) JOIN hub.mention n USING (rid)
  WHERE n.id_number = $1 AND m.merged_into IS NULL
  GROUP BY m.matter_key ORDER BY count(DISTINCT mm.rid) DESC, m.matter_no LIMIT 1`;
