import { sql, type SQL } from 'drizzle-orm';
import type { GraphQLResolveInfo } from 'graphql';
import { YiwangError } from '../../base/errors.ts';
import type { Classified } from '../../policy/classes.ts';
import { ChangeRefused } from '../../policy/enforce.ts';
import { mentionRelation, recordRelation, rowAccess } from '../../policy/relation.sql.ts';
import type { RowAccess } from '../../policy/row.ts';
import { changeDecision, requireChange } from '../change.ts';
import type { SubgraphContext } from '../context.ts';
import { readGlobalId } from '../globalId.ts';
import { selfKey } from '../record.ts';
import { bySurvivorship } from '../survivorship.ts';
import { classifiedField } from './policy.ts';

/** The value a correction is about: whose it is, and where it stands, so that the source's answer can be told. */
export interface DisputedValue {
  rid: string;
  mentionId: string | null;
  department: string;
  divisionNow: string | null;
  coordinate: string;
  valueIn: string;
  valueColumn: string;
}

export interface DisputeChoice {
  record?: string | null | undefined;
  person?: string | null | undefined;
  field: string;
}

/**
 * Finds the value that is meant, and refuses unless the caller may dispute it: the change must be allowed on the row, and
 * nobody disputes a field they could not even see masked. `BAD_REQUEST` for a field that no source gives.
 */
export async function disputedValue(context: SubgraphContext, info: GraphQLResolveInfo, choice: DisputeChoice): Promise<DisputedValue> {
  const field = classifiedField(choice.field);
  if (!field || field.class === 'PUBLIC') throw noField();
  const [type = '', name = ''] = choice.field.split('.');
  return type === 'Person' ? personValue(context, info, choice, field, name) : recordValue(context, info, choice, field, type, name);
}

/** Fields of a person → columns of hub.mention. */
const mentionColumns: Readonly<Record<string, string>> = { name: 'name', sex: 'sex', birthYear: 'birth_date', idNumber: 'id_number', phones: 'phones', address: 'address', household: 'household_no' };

interface Found {
  rid: string;
  department: string;
  divisionNow: string | null;
  access: RowAccess;
}

async function recordValue(context: SubgraphContext, info: GraphQLResolveInfo, { record }: DisputeChoice, field: Classified, type: string, name: string): Promise<DisputedValue> {
  const id = record ? readGlobalId(record) : null;
  if (record && id && id.typeName !== type) throw new YiwangError('BAD_REQUEST', { hint: '`field` is not one of that record' });
  const tx = await context.tx();
  const { rows } = await tx.execute<{ rid: string; department: string; division_now: string | null; relation: number }>(
    sql`SELECT r.rid, r.department, r.division_now, ${sql.raw(recordRelation('r'))} AS relation FROM hub.record r WHERE r.rid = ${id?.key ?? ''} AND r.type_name = ${type}`,
  );
  const [row] = rows.map((one): Found => ({ rid: one.rid, department: one.department, divisionNow: one.division_now, access: rowAccess({ department: one.department, relation: Number(one.relation), rid: one.rid }) }));
  requireChange(context, info, row?.access ?? null);
  requireSight(context, field, row!.access);
  const valueColumn = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const placed = await tx.execute<{ place: string | null }>(sql`SELECT hub.value_place(${row!.department}, ${valueColumn}) AS place`);
  const valueIn = placed.rows[0]?.place;
  if (!valueIn) throw noField();
  return { rid: row!.rid, mentionId: null, department: row!.department, divisionNow: row!.divisionNow, coordinate: field.coordinate, valueIn, valueColumn };
}

/** A person stands in several records: the value shown is disputed where it comes from, which is the first that has one. */
async function personValue(context: SubgraphContext, info: GraphQLResolveInfo, choice: DisputeChoice, field: Classified, name: string): Promise<DisputedValue> {
  const valueColumn = Object.hasOwn(mentionColumns, name) ? mentionColumns[name] : undefined;
  if (valueColumn === undefined) throw noField();
  const found = await mentions(context, choice, valueColumn);
  const open = found.filter(({ access }) => changeDecision(context, info, access).effect === 'FULL' && context.policy.decide(context.viewer, field, access).effect !== 'WITHHELD');
  const chosen = open.find((one) => one.hasValue) ?? open[0];
  if (!chosen) {
    requireChange(context, info, found[0]?.access ?? null);
    requireSight(context, field, found[0]!.access);
    throw noField();
  }
  const { rid, mentionId, department, divisionNow } = chosen;
  return { rid, mentionId, department, divisionNow, coordinate: field.coordinate, valueIn: 'hub.mention', valueColumn };
}

interface FoundMention extends Found {
  mentionId: string;
  role: string;
  sourceUpdatedAt: Date | null;
  hasValue: boolean;
}

async function mentions(context: SubgraphContext, { record, person }: DisputeChoice, valueColumn: string): Promise<FoundMention[]> {
  const which = whichMentions(context, record, person);
  if (which === null) return [];
  const tx = await context.tx();
  const { rows } = await tx.execute<{ rid: string; mention_id: string; role: string; department: string; division_now: string | null; at: string | null; has: boolean; relation: number }>(sql`
    SELECT m.rid, m.mention_id, m.role, r.department, r.division_now, m.source_updated_at::text AS at, coalesce(nullif(m.${sql.raw(valueColumn)}::text, '{}'), '') <> '' AS has, ${sql.raw(mentionRelation('m', 'r'))} AS relation
    FROM hub.mention m JOIN hub.record r ON r.rid = m.rid WHERE m.kind = 'PERSON' AND ${which} LIMIT ${mentionsMax}`);
  return rows
    .map((row): FoundMention => ({
      rid: row.rid, mentionId: row.mention_id, role: row.role, department: row.department, divisionNow: row.division_now, hasValue: row.has,
      sourceUpdatedAt: row.at === null ? null : new Date(row.at),
      access: rowAccess({ department: row.department, relation: Number(row.relation), rid: row.rid, mention: { mentionId: row.mention_id, role: row.role } }),
    }))
    .sort(bySurvivorship);
}

const mentionsMax = 1_000;

/** Null where an id is none; of a resident who names nobody, their own mentions. */
function whichMentions({ viewer, pseudonyms }: SubgraphContext, record: string | null | undefined, person: string | null | undefined): SQL | null {
  const parts: SQL[] = [];
  if (record) parts.push(sql`m.rid = ${readGlobalId(record)?.key ?? ''}`);
  if (person) {
    const entityKey = pseudonyms.entityKey(viewer, person);
    if (entityKey === null) return null;
    parts.push(entityKey === selfKey ? sql`m.id_hmac = hub.viewer('id_hmac')` : sql`coalesce(m.entity_key, m.mention_id) = ${entityKey}`);
  } else if (viewer.idHmac !== null) parts.push(sql`m.id_hmac = hub.viewer('id_hmac')`);
  else if (!record) throw new YiwangError('BAD_REQUEST', { hint: 'name the `record`, the `person`, or both' });
  else throw new YiwangError('BAD_REQUEST', { hint: 'name the `person` whose field it is' });
  return sql.join(parts, sql` AND `);
}

function requireSight({ policy, viewer }: SubgraphContext, field: Classified, row: RowAccess): void {
  const decision = policy.decide(viewer, field, row);
  if (decision.effect === 'WITHHELD') throw new ChangeRefused(decision, row);
}

function noField(): YiwangError {
  return new YiwangError('BAD_REQUEST', { hint: '`field` is not one that a source gives' });
}
