import { and, asc, eq, inArray, sql, type SQL } from 'drizzle-orm';
import { recordRelation, rowAccess } from '../../policy/relation.sql.ts';
import { access, divisionAccess, type RowAccess } from '../../policy/row.ts';
import { correction, correctionText, record } from '../../schema/hub.ts';
import { shanghaiDayOf } from '../../matters/calendar.ts';
import type { Page } from '../connection.ts';
import type { SubgraphContext } from '../context.ts';
import { globalId } from '../globalId.ts';
import { allByKey, byKey, load, type Batch } from '../loader.ts';

/** A correction as a caller meets it: its facts, and their relation to it. The texts are read apart, where they are open. */
export type CorrectionParent = typeof correction.$inferSelect & { typeName: string | null; [access]: RowAccess };

/** One page of what the caller asked for, or of what their department is to answer; the newest first. */
export async function correctionPage(context: SubgraphContext, page: Page, state: string | null | undefined): Promise<CorrectionParent[]> {
  const after = page.after ? sql`(${correction.requestedAt}, ${correction.id}) < (${page.after[0]}::timestamptz, ${page.after[1]}::uuid)` : undefined;
  const mine = sql`(${correction.requester} = hub.requester() OR hub.is_asked(${correction.department}, ${correction.divisionNow}))`;
  return corrections(context, and(mine, inState(context, state), after), page.rowsMax + 1);
}

/** One correction, as far as row-level security shows it. */
export async function correctionById(context: SubgraphContext, id: string): Promise<CorrectionParent | null> {
  return (await corrections(context, eq(correction.id, id), 1))[0] ?? null;
}

/** How a correction stands today: nobody writes down that it is overdue. */
export function stateOf({ state, dueOn }: CorrectionParent, now: Date): string {
  return state === 'SENT' && dueOn < shanghaiDayOf(now.getTime()) ? 'OVERDUE' : state;
}

/** What was asked and answered in words; only rows that the two sides may read. */
export const textsById: Batch<string, typeof correctionText.$inferSelect> = async (context, ids) => {
  const tx = await context.tx();
  return byKey(await tx.select().from(correctionText).where(inArray(correctionText.id, [...ids])), (row) => row.id);
};

/** A record as the hub's subgraph knows it: the fields of it that are in dispute. */
export interface DisputedRecord {
  __typename: string;
  id: string;
  rid: string;
  [access]: RowAccess;
}

export const recordsByRid: Batch<string, DisputedRecord> = async (context, rids) => {
  const tx = await context.tx();
  const { rows } = await tx.execute<{ rid: string; type_name: string; department: string; relation: number }>(
    sql`SELECT r.rid, r.type_name, r.department, ${sql.raw(recordRelation('r'))} AS relation FROM hub.record r WHERE r.rid = ANY (${sql.param([...rids])}) AND r.type_name IS NOT NULL`,
  );
  const stubs = rows.map((row) => ({ __typename: row.type_name, id: globalId(row.type_name, row.rid), rid: row.rid, [access]: rowAccess({ department: row.department, relation: Number(row.relation), rid: row.rid }) }));
  return byKey(stubs, (row) => row.rid);
};

export interface DisputeParent {
  field: string;
  since: Date;
  dueOn: string;
}

const disputesByRid: Batch<string, DisputeParent[]> = async (context, rids) => {
  const tx = await context.tx();
  const rows = await tx
    .select({ rid: correction.rid, field: correction.coordinate, since: correction.requestedAt, dueOn: correction.dueOn })
    .from(correction)
    .where(and(eq(correction.state, 'SENT'), inArray(correction.rid, [...rids])))
    .orderBy(asc(correction.requestedAt), asc(correction.id));
  return allByKey(rows, (row) => row.rid);
};

/** The fields of one record that are in dispute, each once, since the first who disputed it. */
export async function disputesOf(context: SubgraphContext, rid: string): Promise<DisputeParent[]> {
  const found = (await load(context, disputesByRid, rid)) ?? [];
  return [...byKey(found, (one) => one.field).values()];
}

/** Corrections asked of each department, by state; for operators. */
export const countsByDepartment: Batch<string, { department: string; sent: number; overdue: number; answered: number }> = async (context, departments) => {
  const tx = await context.tx();
  const { rows } = await tx.execute<{ department: string; sent: number; overdue: number; answered: number }>(
    sql`SELECT department, sent::int AS sent, overdue::int AS overdue, answered::int AS answered FROM hub.correction_count WHERE department = ANY (${sql.param([...departments])})`,
  );
  return byKey(rows, (row) => row.department);
};

function inState(context: SubgraphContext, state: string | null | undefined): SQL | undefined {
  if (!state) return undefined;
  if (state === 'ANSWERED') return eq(correction.state, 'ANSWERED');
  const today = shanghaiDayOf(context.clock().getTime());
  return and(eq(correction.state, 'SENT'), state === 'OVERDUE' ? sql`${correction.dueOn} < ${today}` : sql`${correction.dueOn} >= ${today}`);
}

async function corrections(context: SubgraphContext, where: SQL | undefined, rowsMax: number): Promise<CorrectionParent[]> {
  const tx = await context.tx();
  const rows = await tx
    .select({ correction, typeName: record.typeName })
    .from(correction)
    .leftJoin(record, eq(record.rid, correction.rid))
    .where(where)
    .orderBy(sql`${correction.requestedAt} DESC, ${correction.id} DESC`)
    .limit(rowsMax);
  return rows.map((row) => ({ ...row.correction, typeName: row.typeName, [access]: relationTo(context, row.correction) }));
}

/** Who asked is `self` (a resident) or `assigned` (an organisation); the department that is asked is the `owner`. */
function relationTo({ viewer }: SubgraphContext, { department, divisionNow, requester, mentionId, rid }: typeof correction.$inferSelect): RowAccess {
  return {
    ...divisionAccess(viewer, divisionNow, department),
    self: viewer.idHmac !== null && requester === `resident:${viewer.idHmac}`,
    assigned: viewer.org !== null && requester === `org:${viewer.org}`,
    rid,
    ...(mentionId === null ? {} : { mention: { mentionId, role: '' } }),
  };
}
