import { and, inArray, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import { workMatters, workRows } from '../../policy/relation.sql.ts';
import { candidates } from '../../policy/row.ts';
import { matter, record } from '../../schema/hub.ts';
import type { SubgraphContext } from '../context.ts';
import { globalId, readGlobalId } from '../globalId.ts';
import { byKey, load, type Batch } from '../loader.ts';
import { divisionsByCode } from './divisions.ts';
import { organizationsByCode } from './organizations.ts';
import { personByKey } from './persons.ts';

/** What an id stands for, where the caller may know that it is there; null for everything else, alike. */
export async function nodeById(context: SubgraphContext, id: string): Promise<object | null> {
  const entityKey = context.pseudonyms.entityKey(context.viewer, id);
  if (entityKey !== null) return openPerson(context, entityKey);
  const named = readGlobalId(id);
  if (!named) return null;
  const { typeName, key } = named;
  if (typeName === 'Division') return withType(typeName, await load(context, divisionsByCode, key));
  if (typeName === 'Organization') return withType(typeName, await load(context, organizationsByCode, key));
  if (typeName === 'Matter') return withType(typeName, await load(context, mattersByKey, key));
  const found = await load(context, recordTypesByRid, key);
  return found?.typeName === typeName ? { __typename: typeName, id } : null;
}

const personName = { coordinate: 'Person.name', class: 'PERSONAL', mask: 'NAME', owner: null } as const;

/** A person of whom nothing may be seen is not there. */
async function openPerson(context: SubgraphContext, entityKey: string): Promise<object | null> {
  const person = await personByKey(context, entityKey);
  return person?.[candidates].some(({ access }) => context.policy.decide(context.viewer, personName, access).effect !== 'WITHHELD') ? person : null;
}

function withType(__typename: string, row: object | null): object | null {
  return row && { ...row, __typename };
}

const m = alias(matter, 'm');
const r = alias(record, 'r');

const mattersByKey: Batch<string, { key: string; id: string }> = async (context, keys) => {
  const tx = await context.tx();
  const visible = sql.raw(workMatters(context.policy, context.viewer, 'm'));
  const rows = await tx.select({ key: m.matterKey }).from(m).where(and(inArray(m.matterKey, [...keys]), sql`(${visible})`));
  return byKey(rows.map(({ key }) => ({ key, id: globalId('Matter', key) })), (row) => row.key);
};

const recordTypesByRid: Batch<string, { rid: string; typeName: string | null }> = async (context, rids) => {
  const tx = await context.tx();
  const visible = sql.raw(workRows(context.policy, context.viewer, 'r'));
  const rows = await tx.select({ rid: r.rid, typeName: r.typeName }).from(r).where(and(inArray(r.rid, [...rids]), sql`(${visible})`));
  return byKey(rows, (row) => row.rid);
};
