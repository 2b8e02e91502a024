import type { Pool } from '../../base/db.ts';
import { personaClaims } from '../../gateway/demo/personas.ts';
import { operationText } from '../hub/cases.ts';

export interface Case {
  name: string;
  persona: string;
  headers: Record<string, string>;
  body: string;
}

/** Queries whose callers get nearly all they ask for, so that both sides do the same work: of an analyst, of a mediator on one matter, of a resident. */
export async function cases(pool: Pool): Promise<Case[]> {
  const { org } = (await personaClaims(pool, 'township-clerk')) as { org: string };
  const { rows } = await pool.query<{ matter_no: string }>(
    `SELECT m.matter_no FROM hub.matter m JOIN hub.matter_member USING (matter_key) JOIN hub.assignment a USING (rid) JOIN hub.mention USING (rid)
     WHERE a.credit_code = $1 AND m.merged_into IS NULL GROUP BY m.matter_no ORDER BY count(*) DESC, m.matter_no LIMIT 1`,
    [org],
  );
  const matterNo = rows[0]?.matter_no ?? '';
  const body = (operation: string, variables: object) => JSON.stringify({ query: operationText(operation), variables });
  return [
    { name: 'matters of a territory, an analyst', persona: 'county-analyst', headers: { 'x-purpose': 'SUPERVISION' }, body: body('Matters', { first: 20 }) },
    { name: 'both sides of one matter, a mediator: masks', persona: 'township-clerk', headers: { 'x-purpose': 'MEDIATION', 'x-matter': matterNo }, body: body('MatterParties', { matterNo }) },
    { name: 'a division at a date, an analyst: nothing is classified', persona: 'county-analyst', headers: { 'x-purpose': 'SUPERVISION' }, body: body('DivisionAt', { code: '330105000000', asOf: '2024-06-01' }) },
  ];
}
