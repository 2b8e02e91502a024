import type { JWTPayload } from 'jose';
import type { Pool } from '../../base/db.ts';
import { YiwangError } from '../../base/errors.ts';
import type { Purpose } from '../../policy/purposes.ts';
import type { Tier, ViewerKind } from '../../policy/viewer.ts';
import { madeCreditCode, unitOf } from '../../schema/units.ts';

/** The personas of interfaces.md, in its order. */
export const personas = {
  'city-app': { kind: 'APP', department: 'MEDIATION', tier: 'CITY', purposes: ['SUPERVISION'] },
  'township-clerk': { kind: 'CLERK', department: 'MEDIATION', tier: 'TOWNSHIP', purposes: ['MEDIATION', 'MATTER_HANDLING'] },
  'village-worker': { kind: 'CLERK', department: 'NONE', tier: 'VILLAGE', purposes: ['SERVICE_DELIVERY'] },
  'county-analyst': { kind: 'ANALYST', department: 'MEDIATION', tier: 'COUNTY', purposes: ['STATISTICS', 'SUPERVISION'] },
  'province-analyst': { kind: 'ANALYST', department: 'MEDIATION', tier: 'PROVINCE', purposes: ['STATISTICS'] },
  'hotline-supervisor': { kind: 'ANALYST', department: 'HOTLINE', tier: 'CITY', purposes: ['SUPERVISION'] },
  'police-officer': { kind: 'CLERK', department: 'POLICE', tier: 'COUNTY', purposes: ['MATTER_HANDLING'] },
  'petition-officer': { kind: 'CLERK', department: 'PETITION', tier: 'COUNTY', purposes: ['MATTER_HANDLING', 'SUPERVISION'] },
  operator: { kind: 'OPERATOR', department: 'DATA', tier: 'COUNTY', purposes: ['DATA_QUALITY'] },
  auditor: { kind: 'AUDITOR', department: 'AUDIT', tier: 'CITY', purposes: ['AUDIT'] },
  'civil-clerk': { kind: 'CLERK', department: 'CIVIL', tier: 'COUNTY', purposes: ['MATTER_HANDLING', 'SERVICE_DELIVERY'] },
  developer: { kind: 'APP', department: 'DATA', tier: 'COUNTY', purposes: [] },
  resident: { kind: 'RESIDENT', department: null, tier: null, purposes: ['SUBJECT_ACCESS'] },
} as const satisfies Record<string, { kind: ViewerKind; department: string | null; tier: Tier | null; purposes: readonly Purpose[] }>;

export type PersonaName = keyof typeof personas;

/**
 * The claims of a persona on the data that the hub holds: divisions of county tier and below lie inside the data set's
 * county, wider ones contain it; clerks belong to the organisation that has the most to do. For the demo issuer only.
 */
export async function personaClaims(pool: Pool, name: string): Promise<JWTPayload> {
  if (!Object.hasOwn(personas, name)) throw new YiwangError('USAGE', { hint: `there is no persona \`${name}\`; there are ${Object.keys(personas).join(', ')}` });
  const { kind, department, tier, purposes } = personas[name as PersonaName];
  const claims = { sub: `persona:${name}`, client_id: 'yiwang-demo', kind, purposes: [...purposes] };
  if (tier === null) return { ...claims, id_number: await residentIdNumber(pool) };
  const county = await countyCode(pool);
  const place = await placeOf(pool, name as PersonaName, tier, county);
  return { ...claims, org: place.org, department, tier, division: place.division };
}

/** `hub.setting.region_root`, which the demo writes from dataset.json; without it the county with the most records. */
async function countyCode(pool: Pool): Promise<string> {
  const { rows } = await pool.query<{ county: string | null }>(`
    SELECT coalesce(
      (SELECT value #>> '{}' FROM hub.setting WHERE name = 'region_root'),
      (SELECT left(division_now, 6) FROM hub.record WHERE division_now IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1)) AS county`);
  const county = rows[0]?.county;
  if (!county) throw new YiwangError('NOT_FOUND', { hint: 'the hub holds no records yet, so no persona has a place to work in; sync first' });
  return county;
}

async function placeOf(pool: Pool, name: PersonaName, tier: Tier, county: string): Promise<{ org: string; division: string }> {
  if (name === 'township-clerk') return townshipCentre(pool, county);
  if (name === 'village-worker') return villageCommittee(pool, county);
  const division = { VILLAGE: county, TOWNSHIP: county, COUNTY: county, CITY: county.slice(0, 4), PROVINCE: county.slice(0, 2) }[tier].padEnd(12, '0');
  const busiest = { 'police-officer': 'police', 'petition-officer': 'petition', 'civil-clerk': 'civil' }[name as string];
  const org = busiest === undefined ? undefined : await busiestOrganization(pool, busiest, county);
  return { org: org ?? madeCreditCode('11', division.slice(0, 6), `persona/${name}/${division}`), division };
}

/**
 * Where cases are diverted to: the organisation with the most court cases, of those with two matters in one township, where a
 * clerk may decide that they are one; before any, the busiest mediation centre.
 */
async function townshipCentre(pool: Pool, county: string): Promise<{ org: string; division: string }> {
  const { rows } = await pool.query<{ org: string; township: string }>(
    `SELECT org, township FROM (
       SELECT a.credit_code AS org, left(r.division_now, 9) AS township, count(DISTINCT m.matter_key) AS matters, count(*) AS here,
         sum(count(*) FILTER (WHERE r.department = 'court')) OVER (PARTITION BY a.credit_code) AS court, sum(count(*)) OVER (PARTITION BY a.credit_code) AS everywhere
       FROM hub.assignment a JOIN hub.record r USING (rid) LEFT JOIN hub.organization o ON o.credit_code = a.credit_code LEFT JOIN hub.matter_member m ON m.rid = r.rid
       WHERE left(r.division_now, 6) = $1 AND substr(r.division_now, 7, 3) <> '000'
         AND (o.kind IN ('MEDIATION_CENTRE', 'SOCIAL_ORGANIZATION') OR o.department = 'MEDIATION')
       GROUP BY 1, 2) t
     ORDER BY matters >= 2 DESC, court DESC, everywhere DESC, org, here DESC, township LIMIT 1`,
    [county],
  );
  const [found] = rows;
  if (found) return { org: found.org, division: `${found.township}000` };
  const division = await divisionBelow(pool, county, 'TOWNSHIP');
  return { org: unitOf('MEDIATION_CENTRE', division).creditCode, division };
}

async function villageCommittee(pool: Pool, county: string): Promise<{ org: string; division: string }> {
  const { rows } = await pool.query<{ division: string }>(
    `SELECT division_now AS division FROM hub.record WHERE left(division_now, 6) = $1 AND right(division_now, 3) <> '000' GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1`,
    [county],
  );
  const division = rows[0]?.division ?? (await divisionBelow(pool, county, 'VILLAGE'));
  return { org: madeCreditCode('54', county, `persona/village-worker/${division}`), division };
}

async function divisionBelow(pool: Pool, county: string, tier: Tier): Promise<string> {
  const { rows } = await pool.query<{ code: string }>(`SELECT code FROM hub.division WHERE code LIKE $1 AND tier = $2 AND valid_to IS NULL ORDER BY code LIMIT 1`, [`${county}%`, tier]);
  return rows[0]?.code ?? county.padEnd(12, '0');
}

async function busiestOrganization(pool: Pool, department: string, county: string): Promise<string | undefined> {
  const { rows } = await pool.query<{ org: string }>(
    `SELECT a.credit_code AS org FROM hub.assignment a JOIN hub.record r USING (rid)
     WHERE r.department = $1 AND left(r.division_now, 6) = $2 GROUP BY 1 ORDER BY count(*) FILTER (WHERE a.relation = 'LEAD') DESC, 1 LIMIT 1`,
    [department, county],
  );
  return rows[0]?.org;
}

/** A person with records in at least three departments; before all five are synced, in as many as there are. */
async function residentIdNumber(pool: Pool): Promise<string> {
  const { rows } = await pool.query<{ id_number: string }>(`
    SELECT m.id_number FROM hub.mention m JOIN hub.record r USING (rid)
    WHERE m.id_number IS NOT NULL AND m.kind = 'PERSON' AND r.type_name IS NOT NULL AND NOT r.minor
    GROUP BY 1 ORDER BY least(count(DISTINCT m.department), 3) DESC, count(*) DESC, md5(m.id_number) LIMIT 1`);
  const idNumber = rows[0]?.id_number;
  if (!idNumber) throw new YiwangError('NOT_FOUND', { hint: 'the hub holds no person with an ID number yet; sync first' });
  return idNumber;
}
