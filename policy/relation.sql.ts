import { invariant } from '../base/errors.ts';
import { partyRoles } from './bits.ts';
import type { Policy } from './decide.ts';
import { retentionSql } from './retention.ts';
import { unknownRow, type RowAccess } from './row.ts';
import type { Viewer } from './viewer.ts';

/**
 * The relation of the viewer to a row, as SQL over the settings of the transaction (session.ts): one text for every
 * loader. No value of a request ever becomes part of the text; an alias is checked.
 */

/** Integer expression over an alias of the table hub.record. Give it to `rowAccess`. */
export function recordRelation(alias = 'r'): string {
  const record = checked(alias);
  const parties = [...partyRoles, 'AGENT'].map((role) => `'${role}'`).join(', ');
  // Only those who asked or told something filed the record: its other fields are not the defendant's to read.
  return `hub.record_relation(${record}, ${retentionSql(record)}, ARRAY[${parties}])`;
}

/** The same for a mention: the record's relation, but `self` is the mention's. Aliases of hub.mention and hub.record. */
export function mentionRelation(mentionAlias = 'm', recordAlias = 'r'): string {
  const self = bitOf('self');
  return `((${recordRelation(recordAlias)} & ~${self}) | CASE WHEN ${checked(mentionAlias)}.id_hmac = hub.viewer('id_hmac') THEN ${self} ELSE 0 END)`;
}

/** The same for hub.matter, from those of its records that the caller may know of: for WORK fields of the matter itself. */
export function matterRelation(alias = 'm'): string {
  return `hub.matter_relation(${checked(alias)}.matter_key)`;
}

/**
 * Condition over an alias of hub.record: rows of which this viewer may see WORK fields. Lists, filters, orders and counts
 * range over these rows only, because already the presence of a row in a filtered list is a WORK fact. Which relations
 * open WORK is asked of the policy, so that it stands in one place.
 */
export function workRows(policy: Policy, viewer: Viewer, alias = 'r'): string {
  const record = checked(alias);
  const opens = (relation: Partial<RowAccess>): boolean => policy.decide(viewer, workField, { ...unknownRow, ...relation }).effect === 'FULL';
  const open = openingRelations.filter(({ relation }) => opens({ [relation]: true })).map(({ sql }) => `(${sql(record)})`);
  if (viewer.breakGlass && opens({ breakGlass: true, inJurisdiction: true })) open.push(`(${inJurisdiction(record)} AND ${record}.rid IN (SELECT hub.break_glass_rids()))`);
  return open.length === 0 ? 'false' : `((${open.join(' OR ')}) AND ${record}.respondent_org IS DISTINCT FROM coalesce(hub.viewer('org'), '-'))`;
}

/** The same over hub.matter: matters that hold such a record. */
export function workMatters(policy: Policy, viewer: Viewer, alias = 'm'): string {
  const rows = workRows(policy, viewer, 'wm_record');
  return rows === 'false' ? rows : `EXISTS (SELECT 1 FROM hub.matter_member wm_member JOIN hub.record wm_record ON wm_record.rid = wm_member.rid WHERE wm_member.matter_key = ${checked(alias)}.matter_key AND ${rows})`;
}

/** The row context of an integer that one of the expressions above gave. */
export function rowAccess(row: { department: string; relation: number; rid?: string; mention?: { mentionId: string; role: string } }): RowAccess {
  const has = (part: Part): boolean => (row.relation & bitOf(part)) !== 0;
  return {
    department: row.department,
    assigned: has('assigned'),
    lead: has('lead'),
    inJurisdiction: has('inJurisdiction'),
    owner: has('owner'),
    self: has('self'),
    involved: has('involved'),
    respondent: has('respondent'),
    inMatter: has('inMatter'),
    linked: has('linked'),
    breakGlass: has('breakGlass'),
    protections: { confidential: has('confidential'), minor: has('minor'), familyViolence: has('familyViolence'), pastRetention: has('pastRetention') },
    ...(row.mention ? { mention: row.mention } : {}),
    ...(row.rid ? { rid: row.rid } : {}),
  };
}

// The order is that of the functions in schema/migrations/0201_policy_relation_functions.sql and 0680_break_glass.sql.
const partNames = ['assigned', 'lead', 'inJurisdiction', 'owner', 'self', 'involved', 'respondent', 'inMatter', 'linked', 'confidential', 'minor', 'familyViolence', 'pastRetention', 'breakGlass'] as const;
type Part = (typeof partNames)[number];

const workField = { coordinate: '', class: 'WORK', mask: null, owner: null } as const;

const inJurisdiction = (record: string): string => `starts_with(${record}.division_now, (SELECT hub.viewer('division_prefix')))`;

// The cheapest first: what lies in the jurisdiction is not looked for among the assignments.
const openingRelations: readonly { relation: 'inJurisdiction' | 'owner' | 'involved' | 'assigned' | 'linked'; sql: (record: string) => string }[] = [
  { relation: 'inJurisdiction', sql: inJurisdiction },
  { relation: 'owner', sql: (record) => `upper(${record}.department) = (SELECT hub.viewer('department')) AND (${inJurisdiction(record)} OR ${record}.rid IN (SELECT a.rid FROM hub.assignment a WHERE a.credit_code = hub.viewer('org')))` },
  { relation: 'involved', sql: (record) => `${record}.rid IN (SELECT s.rid FROM hub.mention_self s WHERE s.id_hmac = hub.viewer('id_hmac'))` },
  { relation: 'assigned', sql: (record) => `${record}.rid IN (SELECT hub.assigned_rids())` },
  { relation: 'linked', sql: (record) => `${record}.rid IN (SELECT hub.linked_rids())` },
];

function bitOf(part: Part): number {
  return 1 << partNames.indexOf(part);
}

function checked(alias: string): string {
  invariant(/^[a-z_][a-z0-9_]{0,62}$/.test(alias), 'an alias is lower-case letters, digits and underscores');
  return alias;
}
