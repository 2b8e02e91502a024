import { and, eq, inArray, isNull, or, sql, type SQL } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import { isOwnMention, recordRelation, rowAccess } from '../../policy/relation.sql.ts';
import { candidates, type Candidate, type RowAccess } from '../../policy/row.ts';
import { mention, record } from '../../schema/hub.ts';
import type { SubgraphContext } from '../context.ts';
import { allByKey, load, type Batch } from '../loader.ts';
import { selfKey } from '../record.ts';
import { bySurvivorship } from '../survivorship.ts';
import type { PersonRow } from './rows.ts';

export type Mention = Pick<typeof mention.$inferSelect, 'mentionId' | 'rid' | 'department' | 'role' | 'name' | 'sex' | 'birthDate' | 'idNumber' | 'phones' | 'address' | 'householdNo' | 'relationToHead' | 'sourceUpdatedAt'> & {
  from: Pick<typeof record.$inferSelect, 'stream' | 'recordKey' | 'runId' | 'fetchedAt' | 'sourceUpdatedAt' | 'repairs'> & { access: RowAccess };
  /** Every mention of the person that row-level security shows, this one included. */
  all: readonly Candidate[];
};

/** A person by the key that joins subgraphs; null where row-level security shows none of the mentions. */
export async function personByKey(context: SubgraphContext, entityKey: string): Promise<PersonRow | null> {
  const found = await load(context, entityKey === selfKey ? ownMentions : mentionsByEntity, entityKey);
  return found ? { __typename: 'Person', entityKey, [candidates]: found } : null;
}

const m = alias(mention, 'm');
const r = alias(record, 'r');
const columns = {
  mentionId: m.mentionId,
  rid: m.rid,
  department: m.department,
  role: m.role,
  name: m.name,
  sex: m.sex,
  birthDate: m.birthDate,
  idNumber: m.idNumber,
  phones: m.phones,
  address: m.address,
  householdNo: m.householdNo,
  relationToHead: m.relationToHead,
  sourceUpdatedAt: m.sourceUpdatedAt,
};
const from = { stream: r.stream, recordKey: r.recordKey, runId: r.runId, fetchedAt: r.fetchedAt, sourceUpdatedAt: r.sourceUpdatedAt, repairs: r.repairs };
const relation = sql<number>`${sql.raw(recordRelation('r'))}`.mapWith(Number);
const own = sql<boolean>`${sql.raw(isOwnMention('m'))}`;
const entityKey = sql<string>`coalesce(${m.entityKey}, ${m.mentionId})`;

/** Every visible mention of each entity, with the caller's relation to its record: from these alone come a person's values. */
const mentionsByEntity: Batch<string, Candidate[]> = async (context, keys) => {
  const linked = inArray(m.entityKey, [...keys]);
  const unlinked = and(isNull(m.entityKey), inArray(m.mentionId, [...keys]));
  const rows = await mentions(context, or(linked, unlinked)!);
  return candidatesByKey(rows, (row) => row.entityKey);
};

const ownMentions: Batch<string, Candidate[]> = async (context) => {
  if (context.viewer.idHmac === null) return new Map();
  const rows = await mentions(context, eq(m.idHmac, context.viewer.idHmac));
  return candidatesByKey(rows, () => selfKey);
};

/** One visible mention, with the caller's relation to its record. */
export const mentionById: Batch<string, Candidate> = async (context, ids) => {
  const rows = await mentions(context, inArray(m.mentionId, [...ids]));
  return new Map(rows.flatMap((row) => asCandidates([row]).map((one) => [row.mention.mentionId, one] as const)));
};

async function mentions(context: SubgraphContext, which: SQL) {
  const tx = await context.tx();
  return tx
    .select({ mention: columns, from, relation, own, entityKey })
    .from(m)
    .innerJoin(r, eq(r.rid, m.rid))
    .where(and(which, eq(m.kind, 'PERSON')));
}

type MentionRow = Awaited<ReturnType<typeof mentions>>[number];

function candidatesByKey(rows: readonly MentionRow[], key: (row: MentionRow) => string): Map<string, Candidate[]> {
  const sorted = [...rows].sort((a, b) => bySurvivorship(a.mention, b.mention));
  const grouped = allByKey(sorted, key);
  return new Map([...grouped].map(([one, group]) => [one, asCandidates(group)]));
}

function asCandidates(group: readonly MentionRow[]): Candidate[] {
  const all: Candidate[] = [];
  for (const { mention: value, from: source, relation, own } of group) {
    const { department, rid, mentionId, role } = value;
    const ofRecord = rowAccess({ department, relation, rid });
    all.push({ value: { ...value, from: { ...source, access: ofRecord }, all }, access: { ...ofRecord, self: own, mention: { mentionId, role } } });
  }
  return all;
}
