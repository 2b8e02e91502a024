import { invariant } from '../base/errors.ts';
import { partyRoles } from './bits.ts';
import type { Decision, Policy } from './decide.ts';
import { retentionSql } from './retention.ts';
import { unknownRow, type RowAccess } from './row.ts';
import type { Viewer } from './viewer.ts';

/**
 * The relation of the viewer to a row, as SQL over the settings of the transaction (session.ts): one text for every
 * loader. No value of a request ever becomes part of the text; an alias is checked.
 */

/** Integer expression over an alias of hub.record. Give it to `rowAccess`. */
export function recordRelation(alias = 'r'): string {
  return asInteger(recordParts(checked(alias)));
}

/** The same for a mention: the record's relation, but `self` is the mention's. Aliases of hub.mention and hub.record. */
export function mentionRelation(mentionAlias = 'm', recordAlias = 'r'): string {
  const mention = checked(mentionAlias);
  return asInteger({ ...recordParts(checked(recordAlias)), self: isOwnMention(mention) });
}

/** The same for hub.matter, from those of its records that the transaction sees: for WORK fields of the matter itself. */
export function matterRelation(alias = 'm'): string {
  const matter = checked(alias);
  const ofMembers = (condition: string) => `EXISTS (SELECT 1 FROM hub.matter_member mr_member JOIN hub.record mr_record ON mr_record.rid = mr_member.rid WHERE mr_member.matter_key = ${matter}.matter_key AND ${condition})`;
  const assigned = ofMembers(directlyAssigned('mr_record'));
  return asInteger({
    assigned,
    lead: ofMembers(directlyAssigned('mr_record', 'LEAD')),
    linked: assigned,
    inJurisdiction: ofMembers(inJurisdiction('mr_record')),
    owner: ofMembers(owns('mr_record')),
    involved: ofMembers(names('mr_record')),
    inMatter: `${matter}.matter_key = hub.viewer('matter_key')`,
  });
}

/**
 * Condition over an alias of hub.record: rows of which this viewer may see WORK fields. Lists, filters, orders and counts
 * range over these rows only, because already the presence of a row in a filtered list is a WORK fact. Which relations
 * open WORK is asked of the policy, so that it stands in one place.
 */
export function workRows(policy: Policy, viewer: Viewer, alias = 'r'): string {
  const record = checked(alias);
  const parts = recordParts(record);
  const opens = (row: Partial<RowAccess>): boolean => isFull(policy.decide(viewer, workField, { ...unknownRow, ...row }));
  const open = openingRelations.filter(({ row }) => opens(row)).map(({ parts: names }) => `(${names.map((name) => parts[name]).join(' AND ')})`);
  return open.length === 0 ? 'false' : `NOT coalesce(${parts.respondent}, false) AND (${open.join(' OR ')})`;
}

/** The same over hub.matter: matters that hold such a record. */
export function workMatters(policy: Policy, viewer: Viewer, alias = 'm'): string {
  return `EXISTS (SELECT 1 FROM hub.matter_member wm_member JOIN hub.record wm_record ON wm_record.rid = wm_member.rid WHERE wm_member.matter_key = ${checked(alias)}.matter_key AND ${workRows(policy, viewer, 'wm_record')})`;
}

/** The row context of an integer that one of the expressions above gave. */
export function rowAccess(row: { department: string; relation: number; rid?: string; mention?: { mentionId: string; role: string } }): RowAccess {
  const has = (part: Part): boolean => (row.relation & (1 << partNames.indexOf(part))) !== 0;
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
    protections: { confidential: has('confidential'), minor: has('minor'), familyViolence: has('familyViolence'), pastRetention: has('pastRetention') },
    ...(row.mention ? { mention: row.mention } : {}),
    ...(row.rid ? { rid: row.rid } : {}),
  };
}

const partNames = ['assigned', 'lead', 'inJurisdiction', 'owner', 'self', 'involved', 'respondent', 'inMatter', 'linked', 'confidential', 'minor', 'familyViolence', 'pastRetention'] as const;
type Part = (typeof partNames)[number];

const workField = { coordinate: '', class: 'WORK', mask: null, owner: null } as const;

const openingRelations: readonly { row: Partial<RowAccess>; parts: readonly Part[] }[] = [
  { row: { assigned: true }, parts: ['assigned'] },
  { row: { linked: true }, parts: ['linked'] },
  { row: { inJurisdiction: true }, parts: ['inJurisdiction'] },
  { row: { owner: true }, parts: ['owner'] },
  { row: { involved: true }, parts: ['involved'] },
];

function isFull(decision: Decision): boolean {
  return decision.effect === 'FULL';
}

function recordParts(record: string): Record<Part, string> {
  return {
    assigned: `(${directlyAssigned(record)} OR ${assignedThroughMatter(record)})`,
    lead: `(${directlyAssigned(record, 'LEAD')} OR ${assignedThroughMatter(record, 'LEAD')})`,
    inJurisdiction: inJurisdiction(record),
    owner: owns(record),
    self: filedByOneself(record),
    involved: names(record),
    respondent: `${record}.respondent_org = hub.viewer('org')`,
    inMatter: `EXISTS (SELECT 1 FROM hub.matter_member rl_in WHERE rl_in.rid = ${record}.rid AND rl_in.matter_key = hub.viewer('matter_key'))`,
    linked: linkedThroughMatter(record),
    confidential: `${record}.confidential`,
    minor: `${record}.minor`,
    familyViolence: `${record}.family_violence`,
    pastRetention: retentionSql(record),
  };
}

/** Assignment is a fact of the record. */
function directlyAssigned(record: string, relation?: 'LEAD'): string {
  return `EXISTS (SELECT 1 FROM hub.assignment rl_a WHERE rl_a.rid = ${record}.rid AND rl_a.credit_code = hub.viewer('org')${relation ? ` AND rl_a.relation = '${relation}'` : ''})`;
}

/**
 * Membership extends an assignment only where it rests on an explicit reference or on a person's confirmation, at both
 * ends: a wrong merge must never open a person's data.
 */
function assignedThroughMatter(record: string, relation?: 'LEAD'): string {
  return throughMatter(record, `rl_here.basis <> 'INFERRED' AND rl_there.basis <> 'INFERRED'${relation ? ` AND rl_b.relation = '${relation}'` : ''}`);
}

function linkedThroughMatter(record: string): string {
  return throughMatter(record, 'true');
}

function throughMatter(record: string, condition: string): string {
  return `EXISTS (SELECT 1 FROM hub.matter_member rl_here JOIN hub.matter_member rl_there ON rl_there.matter_key = rl_here.matter_key JOIN hub.assignment rl_b ON rl_b.rid = rl_there.rid
    WHERE rl_here.rid = ${record}.rid AND rl_b.credit_code = hub.viewer('org') AND ${condition})`;
}

function inJurisdiction(record: string): string {
  return `starts_with(${record}.division_now, hub.viewer('division_prefix'))`;
}

/** Of the viewer's department, and in their territory or assigned to them. */
function owns(record: string): string {
  return `(upper(${record}.department) = hub.viewer('department') AND (coalesce(${inJurisdiction(record)}, false) OR ${directlyAssigned(record)}))`;
}

/** Only those who asked or told something filed the record; its other fields are not the defendant's to read. */
function filedByOneself(record: string): string {
  const parties = partyRoles.map((role) => `'${role}'`).join(', ');
  return `(hub.viewer('id_hmac') IS NOT NULL AND EXISTS (SELECT 1 FROM hub.mention rl_m WHERE rl_m.rid = ${record}.rid AND rl_m.id_hmac = hub.viewer('id_hmac') AND rl_m.role NOT IN (${parties}, 'AGENT')))`;
}

function isOwnMention(mention: string): string {
  return `${mention}.id_hmac = hub.viewer('id_hmac')`;
}

function names(record: string): string {
  return `(hub.viewer('id_hmac') IS NOT NULL AND EXISTS (SELECT 1 FROM hub.mention_self rl_s WHERE rl_s.rid = ${record}.rid AND rl_s.id_hmac = hub.viewer('id_hmac')))`;
}

/** NULL of a missing setting or column counts as false. */
function asInteger(parts: Partial<Record<Part, string>>): string {
  return `(${Object.entries(parts)
    .map(([part, sql]) => `CASE WHEN ${sql} THEN ${1 << partNames.indexOf(part as Part)} ELSE 0 END`)
    .join(' + ')})`;
}

function checked(alias: string): string {
  invariant(/^[a-z_][a-z0-9_.]{0,62}$/.test(alias), 'an alias is lower-case letters, digits, underscores and dots');
  return alias;
}
