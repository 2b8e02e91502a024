import { invariant } from '../base/errors.ts';
import { notFilers } from './bits.ts';
import type { Policy } from './decide.ts';
import { retentionSql } from './retention.ts';
import { unknownRow, type RowAccess } from './row.ts';
import type { Viewer } from './viewer.ts';

/**
 * The relation of the viewer to a row, as SQL over the settings of the transaction (session.ts): one text for every
 * loader. No value of a request ever becomes part of the text; an alias is checked.
 */

/**
 * Integer expression over an alias of the table hub.record. Give it to `rowAccess`. It stands in the statement that reads the
 * rows, which are those that row-level security shows; of what is hidden, views of the owner tell the caller's own part
 * (schema/migrations/0760_relations_in_line.sql).
 */
export function recordRelation(alias = 'r'): string {
  const record = checked(alias);
  const parties = notFilers.map((role) => `'${role}'`).join(', ');
  return `(SELECT ${[
    bitsWhere('assigned', 'direct IS NOT NULL OR l.assigned'),
    bitsWhere('lead', `direct = 'LEAD' OR l.lead`),
    bitsWhere('inJurisdiction', 'near'),
    bitsWhere('owner', `upper(${record}.department) = hub.viewer('department') AND (near OR direct IS NOT NULL)`),
    // Only those who asked or told something filed the record: its other fields are not the defendant's to read.
    bitsWhere('self', `EXISTS (SELECT 1 FROM hub.own_mention o WHERE o.rid = ${record}.rid AND o.role <> ALL (ARRAY[${parties}]))`),
    bitsWhere('involved', `EXISTS (SELECT 1 FROM hub.own_mention o WHERE o.rid = ${record}.rid)`),
    bitsWhere('respondent', `${record}.respondent_org = hub.viewer('org')`),
    bitsWhere('inMatter', `hub.viewer('matter_key') IS NOT NULL AND EXISTS (SELECT 1 FROM hub.matter_record q WHERE q.rid = ${record}.rid)`),
    bitsWhere('linked', 'l.linked'),
    bitsWhere('confidential', `${record}.confidential`),
    bitsWhere('minor', `${record}.minor`),
    bitsWhere('familyViolence', `${record}.family_violence`),
    bitsWhere('pastRetention', retentionSql(record)),
    bitsWhere('breakGlass', `near AND hub.viewer('break_glass') IS NOT NULL AND ${record}.rid IN (SELECT hub.break_glass_rids())`),
  ].join(' + ')} FROM (
    SELECT starts_with(${record}.division_now, hub.viewer('division_prefix')) AS near, (SELECT a.relation FROM hub.assignment a WHERE a.rid = ${record}.rid AND a.credit_code = hub.viewer('org')) AS direct OFFSET 0
  ) f, LATERAL (SELECT bool_or(true) AS linked, bool_or(l.is_assigned) AS assigned, bool_or(l.is_assigned AND l.relation = 'LEAD') AS lead FROM hub.linked_record l WHERE l.rid = ${record}.rid) l)`;
}

/** Boolean expression over an alias of hub.mention: it is the resident's own. */
export function isOwnMention(alias = 'm'): string {
  return `coalesce(${checked(alias)}.id_hmac = hub.viewer('id_hmac'), false)`;
}

/** The same for a mention: the record's relation, but `self` is the mention's. Aliases of hub.mention and hub.record. */
export function mentionRelation(mentionAlias = 'm', recordAlias = 'r'): string {
  const self = bitOf('self');
  return `((${recordRelation(recordAlias)} & ~${self}) | CASE WHEN ${isOwnMention(mentionAlias)} THEN ${self} ELSE 0 END)`;
}

/** The same for hub.matter, from those of its records that the caller may know of: for WORK fields of the matter itself. */
export function matterRelation(alias = 'm'): string {
  const matter = checked(alias);
  return `(SELECT ${[
    bitsWhere('assigned', 'named'),
    bitsWhere('linked', 'named'),
    bitsWhere('lead', 'leads'),
    bitsWhere('inJurisdiction', 'near'),
    bitsWhere('owner', 'owned'),
    bitsWhere('involved', `EXISTS (SELECT 1 FROM hub.own_member s WHERE s.matter_key = ${matter}.matter_key)`),
    bitsWhere('inMatter', `${matter}.matter_key = hub.viewer('matter_key')`),
    bitsWhere('breakGlass', `hub.viewer('break_glass') IS NOT NULL AND EXISTS (SELECT 1 FROM hub.near_member b WHERE b.matter_key = ${matter}.matter_key AND b.is_near AND b.rid IN (SELECT hub.break_glass_rids()))`),
  ].join(' + ')} FROM (
    SELECT bool_or(n.relation IS NOT NULL) AS named, bool_or(n.relation = 'LEAD') AS leads, bool_or(n.is_near) AS near, bool_or(upper(n.department) = hub.viewer('department')) AS owned
    FROM hub.near_member n WHERE n.matter_key = ${matter}.matter_key
  ) f)`;
}

/**
 * Condition over an alias of hub.record: rows of which this viewer may see WORK fields. Lists, filters, orders and counts
 * range over these rows only, because already the presence of a row in a filtered list is a WORK fact. Which relations
 * open WORK is asked of the policy, so that it stands in one place.
 */
export function workRows(policy: Policy, viewer: Viewer, alias = 'r'): string {
  const record = checked(alias);
  const opens = (relation: Partial<RowAccess>): boolean => policy.decide(viewer, workField, { ...unknownRow, ...relation }).effect === 'FULL';
  const opening = openingRelations.filter((relation) => opens({ [relation]: true }));
  const open = opening.map((relation) => `(${rowsOf[relation](record, opening)})`);
  if (viewer.breakGlass && opens({ breakGlass: true, inJurisdiction: true })) open.push(`(${inJurisdiction(record)} AND ${record}.rid IN (SELECT hub.break_glass_rids()))`);
  return open.length === 0 ? 'false' : `((${open.join(' OR ')}) AND ${record}.respondent_org IS DISTINCT FROM coalesce(hub.viewer('org'), '-'))`;
}

/** The same over hub.matter: matters that hold such a record. */
export function workMatters(policy: Policy, viewer: Viewer, alias = 'm'): string {
  const rows = workRows(policy, viewer, 'wm_record');
  // Not EXISTS, for which PostgreSQL would look through every matter of the hub where it expects many rows.
  return rows === 'false' ? rows : `coalesce((SELECT true FROM hub.matter_member wm_member JOIN hub.record wm_record ON wm_record.rid = wm_member.rid WHERE wm_member.matter_key = ${checked(alias)}.matter_key AND ${rows} LIMIT 1), false)`;
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
    ...(row.rid ? { rid: row.rid, standing: standing(row.relation) } : {}),
  };
}

/**
 * What of a relation to a record may open a value, as bits: its rights, and that no protection stands in the way. A bit that is
 * lost is a right that has ended. `self` is left out: of a mention it is the mention's, and who somebody is does not end.
 */
export function standing(relation: number): number {
  return (relation ^ protectionBits) & ~bitOf('self');
}

const partNames = ['assigned', 'lead', 'inJurisdiction', 'owner', 'self', 'involved', 'respondent', 'inMatter', 'linked', 'confidential', 'minor', 'familyViolence', 'pastRetention', 'breakGlass'] as const;
type Part = (typeof partNames)[number];

const protectionBits = (['respondent', 'confidential', 'minor', 'familyViolence', 'pastRetention'] as const).reduce((bits, part) => bits | bitOf(part), 0);

const workField = { coordinate: '', class: 'WORK', mask: null, owner: null } as const;

const inJurisdiction = (record: string): string => `starts_with(${record}.division_now, (SELECT hub.viewer('division_prefix')))`;

// The cheapest first: what lies in the jurisdiction is not looked for among the assignments.
const openingRelations = ['inJurisdiction', 'owner', 'involved', 'assigned', 'linked'] as const;
type OpeningRelation = (typeof openingRelations)[number];

const isNamed = (record: string): string => `EXISTS (SELECT 1 FROM hub.assignment a WHERE a.rid = ${record}.rid AND a.credit_code = hub.viewer('org'))`;
// Not EXISTS, for which PostgreSQL would find all linked records of the organisation: few rows are left when it comes to this.
const isLinked = (record: string, further = ''): string => `coalesce((SELECT true FROM hub.linked_record l WHERE l.rid = ${record}.rid${further} LIMIT 1), false)`;

/** The rows in a relation, but for those that another one of `opening` opens as well: nothing is asked twice of a row. */
const rowsOf: Record<OpeningRelation, (record: string, opening: readonly OpeningRelation[]) => string> = {
  inJurisdiction,
  owner: (record, opening) => `upper(${record}.department) = (SELECT hub.viewer('department')) AND (${inJurisdiction(record)}${opening.includes('assigned') ? '' : ` OR ${isNamed(record)}`})`,
  involved: (record) => `${record}.rid IN (SELECT s.rid FROM hub.mention_self s WHERE s.id_hmac = hub.viewer('id_hmac'))`,
  assigned: (record, opening) => `${isNamed(record)}${opening.includes('linked') ? '' : ` OR ${isLinked(record, ' AND l.is_assigned')}`}`,
  linked: (record) => isLinked(record),
};

function bitsWhere(part: Part, condition: string): string {
  return `CASE WHEN ${condition} THEN ${bitOf(part)} ELSE 0 END`;
}

function bitOf(part: Part): number {
  return 1 << partNames.indexOf(part);
}

function checked(alias: string): string {
  invariant(/^[a-z_][a-z0-9_]{0,62}$/.test(alias), 'an alias is lower-case letters, digits and underscores');
  return alias;
}
