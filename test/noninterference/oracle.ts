import type { Row, Rows } from './tables.ts';
import type { Viewer } from './viewers.ts';

/**
 * Who may see what, written from the design page alone (access.md: the table of tier and purpose, "Assigned", C1 to C5) and
 * without a line of the policy: what the campaign holds the hub against.
 */
export type Effect = 'FULL' | 'MASKED' | 'WITHHELD';
export type Class = 'WORK' | 'PERSONAL' | 'IDENTIFYING' | 'SENSITIVE';
/** What a value is. LINK: a way to a person or a record; OTHER: a value of which nothing can be shown in part. */
export type Value = 'NAME' | 'PHONE' | 'ID_NUMBER' | 'ADDRESS' | 'COORDINATES' | 'BIRTH_DATE' | 'TEXT' | 'LINK' | 'OTHER';
/** The part of the person a value tells of, in the record; null: the value is the record's own. */
export type Role = string | null;

export interface Relation {
  assigned: boolean;
  lead: boolean;
  near: boolean;
  owner: boolean;
  filed: boolean;
  involved: boolean;
  respondent: boolean;
  linked: boolean;
  inMatter: boolean;
}

const handling = ['MATTER_HANDLING', 'MEDIATION', 'SERVICE_DELIVERY'];
const officials = ['CLERK', 'ANALYST', 'APP'];
const high = ['COUNTY', 'CITY'];
/** Roles of people who did not ask: for them a confidential request hides nothing, and a record is not theirs. */
const parties = ['DEFENDANT', 'RESIDENT'];

/** The relation of a viewer to a record: facts of the record, of its trust group and of its matter. */
export function relationTo(viewer: Viewer, rows: Rows, record: Row): Relation {
  const rid = String(record['rid']);
  const member = rows['hub.matter_member'].get(rid);
  const own = viewer.org === null ? undefined : rows['hub.assignment'].get(`${rid}|${viewer.org}`);
  const siblings = viewer.org === null || !member ? [] : [...rows['hub.matter_member'].values()].filter((one) => one['matter_key'] === member['matter_key']);
  const lending = siblings.flatMap((one) => {
    const assignment = rows['hub.assignment'].get(`${one['rid']}|${viewer.org}`);
    return assignment && rows['hub.record'].get(String(one['rid']))?.['respondent_org'] !== viewer.org ? [{ one, assignment }] : [];
  });
  const trusted = lending.filter(({ one }) => one['trust_group'] === member?.['trust_group']);
  const near = viewer.prefix !== null && String(record['division_now']).startsWith(viewer.prefix);
  const named = [...rows['hub.mention'].values()].filter((one) => one['rid'] === rid && viewer.idHmac !== null && one['id_hmac'] === viewer.idHmac);
  return {
    assigned: own !== undefined || trusted.length > 0,
    lead: own?.['relation'] === 'LEAD' || trusted.some(({ assignment }) => assignment['relation'] === 'LEAD'),
    near,
    owner: viewer.department !== null && String(record['department']).toUpperCase() === viewer.department && (near || own !== undefined),
    filed: named.some((one) => ![...parties, 'AGENT'].includes(String(one['role']))),
    involved: named.length > 0,
    respondent: viewer.org !== null && record['respondent_org'] === viewer.org,
    linked: lending.length > 0,
    inMatter: viewer.matterKey !== null && member?.['matter_key'] === viewer.matterKey,
  };
}

/** What the third wall lets through: rows of the territory, of the caller's own organisation, or of the resident. */
export function reaches(viewer: Viewer, relation: Relation): boolean {
  if (relation.respondent) return false;
  if (viewer.kind === 'RESIDENT') return relation.involved;
  return officials.includes(viewer.kind) && (relation.near || relation.assigned || relation.linked);
}

/** The effect on one value of a record, or of a person as the record names them. */
export function effectOn(viewer: Viewer, record: Row, relation: Relation, as: Class, value: Value, role: Role = null, self = relation.filed): Effect {
  if (!reaches(viewer, relation)) return 'WITHHELD';
  const open = withoutConditions(viewer, relation, as, self);
  if (open === 'WITHHELD' || as === 'WORK') return open;
  if (isForbidden(viewer, record, relation, value, role, self)) return 'WITHHELD';
  const masked = open === 'MASKED' || isPastRetention(record);
  return !masked ? 'FULL' : value === 'TEXT' || value === 'COORDINATES' || value === 'OTHER' ? 'WITHHELD' : 'MASKED';
}

export function isPastRetention(record: Row): boolean {
  return String(record['source_updated_at'] ?? record['occurred_at']) < '2015';
}

function withoutConditions(viewer: Viewer, relation: Relation, as: Class, self: boolean): Effect {
  const { kind, tier, purpose } = viewer;
  if (kind === 'RESIDENT') return purpose === 'SUBJECT_ACCESS' && (self || (as === 'WORK' && relation.involved)) ? 'FULL' : 'WITHHELD';
  if (!officials.includes(kind) || tier === null || tier === 'PROVINCE' || purpose === undefined) return 'WITHHELD';
  if (as === 'WORK') return opensWork(purpose, tier, relation) ? 'FULL' : 'WITHHELD';
  if (kind !== 'CLERK' || !relation.inMatter) return 'WITHHELD';
  if (purpose === 'SUPERVISION') return as === 'PERSONAL' && tier !== 'VILLAGE' && relation.near ? 'MASKED' : 'WITHHELD';
  if (!handling.includes(purpose) || !relation.assigned) return 'WITHHELD';
  if (high.includes(tier) && (!relation.lead || purpose === 'SERVICE_DELIVERY')) return 'WITHHELD';
  if (as === 'PERSONAL') return 'FULL';
  if (tier === 'VILLAGE') return 'WITHHELD';
  return as === 'SENSITIVE' || relation.owner ? 'FULL' : 'MASKED';
}

function opensWork(purpose: string, tier: string, { assigned, linked, owner, near }: Relation): boolean {
  if (purpose === 'SUPERVISION') return near || assigned;
  if (!handling.includes(purpose) || (purpose === 'SERVICE_DELIVERY' && high.includes(tier))) return false;
  return assigned || linked || (owner && purpose !== 'SERVICE_DELIVERY');
}

/** C2 to C4. Text may tell who somebody is, so it goes with the name. */
function isForbidden(viewer: Viewer, record: Row, relation: Relation, value: Value, role: Role, self: boolean): boolean {
  const ofRequester = role === null ? value !== 'ADDRESS' && value !== 'COORDINATES' : !parties.includes(role);
  if (record['confidential'] === true && ofRequester && !relation.owner && !self) return true;
  if (record['minor'] === true && ['NAME', 'ADDRESS', 'COORDINATES', 'TEXT'].includes(value) && !self) return true;
  const fromHome = viewer.tier === 'VILLAGE' || viewer.kind === 'RESIDENT';
  return record['family_violence'] === true && fromHome && ['PHONE', 'ADDRESS', 'COORDINATES', 'TEXT'].includes(value) && !(self && role !== null);
}
