import type { Pool } from '../base/db.ts';

/**
 * An organisation that records name and no register lists still needs a division and a tier, or nobody could work in it:
 * a row is made for it, marked GENERATED, which the register replaces when it names the code. Its division is where its
 * records lie: a township when nine in ten lie in one, else the county that its credit code names (GB 32100, digits 3–8).
 */
export async function generateOrganizations(pool: Pool): Promise<number> {
  const { rowCount } = await pool.query(`
    WITH missing AS (
      SELECT a.credit_code, left(r.division_now, 9) AS township, count(*) AS records
      FROM hub.assignment a JOIN hub.record r USING (rid)
      WHERE r.division_now IS NOT NULL AND NOT EXISTS (SELECT 1 FROM hub.organization o WHERE o.credit_code = a.credit_code)
      GROUP BY 1, 2
    ), ranked AS (
      SELECT credit_code, township, records, sum(records) OVER (PARTITION BY credit_code) AS total,
        row_number() OVER (PARTITION BY credit_code ORDER BY records DESC, township) AS place
      FROM missing
    ), placed AS (
      SELECT credit_code,
        CASE WHEN records >= 0.9 * total AND right(township, 3) <> '000' THEN 'TOWNSHIP' ELSE 'COUNTY' END AS tier, township
      FROM ranked WHERE place = 1
    )
    INSERT INTO hub.organization (credit_code, name, kind, tier, division, source)
    SELECT p.credit_code,
      coalesce(d.name, '') || CASE WHEN p.credit_code LIKE '5%' THEN '调解组织' ELSE '承办单位' END || '（' || right(p.credit_code, 4) || '）',
      CASE WHEN p.credit_code LIKE '5%' THEN 'SOCIAL_ORGANIZATION' ELSE 'GOVERNMENT' END,
      p.tier, x.division, 'GENERATED'
    FROM placed p
    CROSS JOIN LATERAL (SELECT rpad(CASE WHEN p.tier = 'TOWNSHIP' THEN p.township ELSE left(p.township, 6) END, 12, '0') AS division) x
    LEFT JOIN hub.division d ON d.code = x.division
    ON CONFLICT (credit_code) DO NOTHING`);
  return rowCount ?? 0;
}
