import { and, asc, eq, inArray, sql, type InferSelectModel, type SQL } from 'drizzle-orm';
import { alias, type PgColumn, type PgTable } from 'drizzle-orm/pg-core';
import { notFilers } from '../policy/bits.ts';
import { access, type RowAccess } from '../policy/row.ts';
import { recordRelation, rowAccess } from '../policy/relation.sql.ts';
import { coded } from '../schema/codes.ts';
import { mention, record, type RecordRepair } from '../schema/hub.ts';
import type { SubgraphContext } from './context.ts';
import { globalId, keyOfId } from './globalId.ts';
import { allByKey, byKey, load, type Batch } from './loader.ts';

/** A record of one department: the hub's columns, the department's own, and the caller's relation to it. */
export interface RecordParent<Detail = unknown> {
  __typename: string;
  hub: Pick<InferSelectModel<typeof record>, 'rid' | 'department' | 'stream' | 'recordKey' | 'occurredAt' | 'sourceUpdatedAt' | 'fetchedAt' | 'runId' | 'status' | 'category' | 'division' | 'gridCode' | 'placeKey' | 'thingKey' | 'leadOrg' | 'assistOrgs'> & { repairs: RecordRepair[] };
  detail: Detail;
  [access]: RowAccess;
}

const r = alias(record, 'r');
const relation = sql<number>`${sql.raw(recordRelation('r'))}`.mapWith(Number);
const hubColumns = {
  rid: r.rid,
  department: r.department,
  stream: r.stream,
  recordKey: r.recordKey,
  occurredAt: r.occurredAt,
  sourceUpdatedAt: r.sourceUpdatedAt,
  fetchedAt: r.fetchedAt,
  runId: r.runId,
  status: r.status,
  category: r.category,
  division: r.division,
  gridCode: r.gridCode,
  placeKey: r.placeKey,
  thingKey: r.thingKey,
  leadOrg: r.leadOrg,
  assistOrgs: r.assistOrgs,
  repairs: r.repairs,
};

/** The entity key of `me`: mentions with the caller's own ID number, never what linkage joined to them. */
export const selfKey = 'self';

type DetailTable = PgTable & { rid: PgColumn };

/** Records of one type by rid, with the department's detail row, in one statement. */
export function recordBatch<Table extends DetailTable>(typeName: string, detail: Table): Batch<string, RecordParent<InferSelectModel<Table>>> {
  return async (context, rids) => byKey(await records(context, typeName, detail, inArray(r.rid, [...rids])), (parent) => parent.hub.rid);
}

/** The same by the number that the department's own records call each other by. */
export function recordBatchByNumber<Table extends DetailTable>(typeName: string, detail: Table): Batch<string, RecordParent<InferSelectModel<Table>>> {
  return async (context, numbers) => byKey(await records(context, typeName, detail, inArray(r.recordKey, [...numbers])), (parent) => parent.hub.recordKey);
}

async function records<Table extends DetailTable>(context: SubgraphContext, typeName: string, detail: Table, which: SQL): Promise<RecordParent<InferSelectModel<Table>>[]> {
  const tx = await context.tx();
  const rows = await tx
    .select({ hub: hubColumns, detail: detail as PgTable, relation })
    .from(r)
    .innerJoin(detail as PgTable, eq(detail.rid, r.rid))
    .where(and(which, eq(r.typeName, typeName)));
  return rows.map((row) => ({
    __typename: typeName,
    hub: row.hub,
    detail: row.detail as InferSelectModel<Table>,
    [access]: rowAccess({ department: row.hub.department, relation: row.relation, rid: row.hub.rid }),
  }));
}

/** The record, unless the caller may not know that it is there: an edge to a record is a fact of that record too. */
export function knownRecord<Detail>({ policy, viewer }: SubgraphContext, parent: RecordParent<Detail> | null): RecordParent<Detail> | null {
  return parent && policy.decide(viewer, presence, parent[access]).effect === 'FULL' ? parent : null;
}

const presence = { coordinate: 'Record.department', class: 'WORK', mask: null, owner: null } as const;

/** The reference a gateway sends: the global id of a record. One statement for all references of a request. */
export function recordReference<Detail>(typeName: string, batch: Batch<string, RecordParent<Detail>>) {
  return async (reference: { id?: string }, context: SubgraphContext): Promise<RecordParent<Detail> | null> => {
    const rid = keyOfId(typeName, reference.id ?? '');
    return rid === null ? null : load(context, batch, rid);
  };
}

/** The resolvers of a record type, none left out: `satisfies EveryField<PoliceCallResolversType<SubgraphContext, Call>>`. */
export type EveryField<Generated> = Required<Omit<Generated, '__isTypeOf'>> & { __resolveReference: unknown };

/** Resolvers of the fields that every record has; `status` is the department's own. */
export const recordFields = {
  id: (parent: RecordParent) => globalId(parent.__typename, parent.hub.rid),
  department: ({ hub }: RecordParent) => hub.department,
  sourceSystem: ({ hub }: RecordParent) => `${hub.department}/${hub.stream}`,
  category: ({ hub }: RecordParent) => coded(hub.category, 'dispute-type'),
  occurredAt: ({ hub }: RecordParent) => hub.occurredAt,
  updatedAt: ({ hub }: RecordParent) => hub.sourceUpdatedAt,
  division: ({ hub }: RecordParent) => reference('Division', 'code', hub.division),
  grid: ({ hub }: RecordParent) => reference('Grid', 'code', hub.gridCode),
  // By the record, not by the house: its address is this record's own, and another record of the same house must not open it.
  place: ({ hub }: RecordParent) => reference('Place', 'placeKey', hub.placeKey && hub.rid),
  lead: ({ hub }: RecordParent) => reference('Organization', 'creditCode', hub.leadOrg),
  assisting: ({ hub }: RecordParent) => hub.assistOrgs.map((creditCode) => ({ __typename: 'Organization' as const, creditCode })),
  provenance: ({ hub }: RecordParent) => ({
    department: hub.department,
    sourceSystem: `${hub.department}/${hub.stream}`,
    sourceKey: hub.recordKey,
    runId: hub.runId,
    fetchedAt: hub.fetchedAt,
    sourceUpdatedAt: hub.sourceUpdatedAt,
  }),
  repairs: ({ hub }: RecordParent) => hub.repairs,
};

/** An entity of another subgraph by its key; null where there is no key. */
export function reference<Name extends string>(__typename: Name, field: string, key: string | null | undefined) {
  return key ? { __typename, [field]: key } : null;
}

/** A point as decimal text; null unless both parts are there. */
export function geoPoint(longitude: string | null, latitude: string | null): { longitude: string; latitude: string } | null {
  return longitude !== null && latitude !== null ? { longitude, latitude } : null;
}

/** The first person whom a record names in this role. Runs only where the policy opens the edge. */
export function personInRole(role: string) {
  return async (parent: RecordParent, _args: unknown, context: SubgraphContext): Promise<{ __typename: 'Person'; entityKey: string } | null> => {
    const named = (await load(context, personsByRecord, parent.hub.rid))?.find((one) => one.role === role);
    return named ? { __typename: 'Person', entityKey: named.entityKey } : null;
  };
}

/** Every person whom a record names, by role and in the source's order. Runs only where the policy opens the edge. */
export async function personsNamed<Role extends string>(parent: RecordParent, context: SubgraphContext): Promise<{ role: Role; person: { __typename: 'Person'; entityKey: string } }[]> {
  const found = (await load(context, personsByRecord, parent.hub.rid)) ?? [];
  return found.map(({ role, entityKey }) => ({ role: role as Role, person: { __typename: 'Person', entityKey }, [access]: parent[access] }));
}

/**
 * Notes who filed the records of which a text was given, so that they find it in their history, and the notice of an
 * emergency with it. What a resident reads of a record that several filed is not the others' to know.
 */
export async function seeFilers(context: SubgraphContext): Promise<void> {
  if (context.viewer.kind === 'RESIDENT') return;
  const named = await Promise.all([...context.seen.texts].map((rid) => load(context, personsByRecord, rid)));
  for (const { role, mentionId } of named.flatMap((persons) => persons ?? [])) if (!notFilers.includes(role)) context.seen.subjects.add(mentionId);
}

/** The persons a record names, with the key under which the registry knows them: linked, or the mention itself. */
const personsByRecord: Batch<string, { rid: string; mentionId: string; role: string; entityKey: string }[]> = async (context, rids) => {
  const tx = await context.tx();
  const rows = await tx
    .select({ rid: mention.rid, mentionId: mention.mentionId, role: mention.role, entityKey: sql<string>`coalesce(${mention.entityKey}, ${mention.mentionId})` })
    .from(mention)
    .where(and(inArray(mention.rid, [...rids]), eq(mention.kind, 'PERSON')))
    .orderBy(asc(mention.rid), asc(mention.role), asc(mention.ordinal));
  return allByKey(rows, (row) => row.rid);
};
