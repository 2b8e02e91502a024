import type { JWTPayload } from 'jose';
import type { Pool } from '../../base/db.ts';
import { divisionPrefix } from '../../policy/row.ts';
import type { Tier } from '../../policy/viewer.ts';

/**
 * The number of one matter that a persona can open, for the console's first example: best one with records of their own
 * organisation whose persons nothing protects, else any of their territory, or one that names the resident; null where
 * there is none. `recordTypes`: types of records that the graph serves. For the demo only.
 */
export async function exampleMatter(pool: Pool, claims: JWTPayload, recordTypes: readonly string[]): Promise<string | null> {
  const idNumber = claims['id_number'];
  if (typeof idNumber === 'string') return first(pool, ofResident, [idNumber, recordTypes]);
  const territory = divisionPrefix({ tier: claims['tier'] as Tier, division: claims['division'] as string });
  return first(pool, ofOrganization, [claims['org'] ?? '', recordTypes, territory ?? '-']);
}

async function first(pool: Pool, sql: string, values: unknown[]): Promise<string | null> {
  const { rows } = await pool.query<{ matter_no: string }>(sql, values);
  return rows[0]?.matter_no ?? null;
}

const ofOrganization = `
  SELECT m.matter_no FROM hub.matter m JOIN hub.matter_member mm USING (matter_key) JOIN hub.record r USING (rid)
  LEFT JOIN hub.assignment a ON a.rid = r.rid AND a.credit_code = $1
  WHERE m.merged_into IS NULL AND r.type_name = ANY ($2) AND r.respondent_org IS DISTINCT FROM $1
    AND (a.rid IS NOT NULL OR r.division_now LIKE $3 || '%')
  GROUP BY m.matter_key
  ORDER BY bool_or(a.rid IS NOT NULL AND NOT r.confidential AND NOT r.minor AND NOT r.family_violence
      AND EXISTS (SELECT 1 FROM hub.mention n WHERE n.rid = r.rid AND n.id_number IS NOT NULL)) DESC,
    bool_or(a.rid IS NOT NULL) DESC, least(count(DISTINCT r.department), 2) DESC, count(*), m.matter_no
  LIMIT 1`;

const ofResident = `
  SELECT m.matter_no FROM hub.matter m JOIN hub.matter_member mm USING (matter_key) JOIN hub.mention n USING (rid) JOIN hub.record r USING (rid)
  WHERE n.id_number = $1 AND m.merged_into IS NULL
  GROUP BY m.matter_key ORDER BY count(DISTINCT mm.rid) FILTER (WHERE r.type_name = ANY ($2)) DESC, m.matter_no LIMIT 1`;
