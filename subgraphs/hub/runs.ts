import { and, asc, desc, eq, inArray, isNull, ne, notInArray, sql, type SQL } from 'drizzle-orm';
import { deliveryReport, quarantineReport, runReport, streamReport } from '../../schema/hub.ts';
import type { Page } from '../connection.ts';
import type { SubgraphContext } from '../context.ts';
import { allByKey, byKey, type Batch } from '../loader.ts';

/** What operators read of connectors: the views of `0400_subgraphs_reports.sql`, which show rows to operators only. */
export type StreamReport = typeof streamReport.$inferSelect;
export type RunReport = typeof runReport.$inferSelect;

export async function streamReports(context: SubgraphContext): Promise<StreamReport[]> {
  const tx = await context.tx();
  return tx.select().from(streamReport).orderBy(asc(streamReport.department), asc(streamReport.stream));
}

/** The newest run of each stream, as `yiwang status` tells it: dry runs, comparisons with the source and deletions for age are none. By `department/stream`. */
export const lastRuns: Batch<string, RunReport> = async (context, streams) => {
  const tx = await context.tx();
  const name = sql<string>`${runReport.department} || '/' || ${runReport.stream}`;
  const rows = await tx
    .selectDistinctOn([runReport.department, runReport.stream])
    .from(runReport)
    .where(and(inArray(name, [...streams]), notInArray(runReport.mode, ['DRY_RUN', 'RECONCILE', 'RETAIN'])))
    .orderBy(runReport.department, runReport.stream, desc(runReport.requestedAt), desc(runReport.id));
  return byKey(rows, (row) => `${row.department}/${row.stream}`);
};

/** Runs of each stream that wait for an operator, oldest first, by `department/stream`. */
export const heldRuns: Batch<string, RunReport[]> = async (context, streams) => {
  const tx = await context.tx();
  const name = sql<string>`${runReport.department} || '/' || ${runReport.stream}`;
  const rows = await tx
    .select()
    .from(runReport)
    .where(and(eq(runReport.status, 'HELD'), ne(runReport.mode, 'DRY_RUN'), inArray(name, [...streams])))
    .orderBy(asc(runReport.requestedAt))
    .limit(heldMax);
  return allByKey(rows, (row) => `${row.department}/${row.stream}`);
};

const heldMax = 200;

/** Deliveries of each department that somebody has to look at, newest folders first. */
export const openDeliveries: Batch<string, (typeof deliveryReport.$inferSelect)[]> = async (context, departments) => {
  const tx = await context.tx();
  const rows = await tx.select().from(deliveryReport).where(inArray(deliveryReport.department, [...departments])).orderBy(asc(deliveryReport.department), desc(deliveryReport.folder)).limit(deliveriesMax);
  return allByKey(rows, (row) => row.department);
};

const deliveriesMax = 200;

/** Runs of these ids, oldest first. */
export async function runsOf(context: SubgraphContext, ids: readonly string[]): Promise<RunReport[]> {
  const tx = await context.tx();
  return tx.select().from(runReport).where(inArray(runReport.id, [...ids])).orderBy(asc(runReport.department), asc(runReport.stream));
}

export interface StreamChoice {
  department?: string | null;
  stream?: string | null;
}

/** Whoever asks for held runs asks what waits for an operator: a dry run that would have been held does not. */
export async function runPage(context: SubgraphContext, page: Page, choice: StreamChoice & { status?: string | null }): Promise<RunReport[]> {
  const tx = await context.tx();
  const after = page.after ? sql`(${runReport.requestedAt}, ${runReport.id}) < (${page.after[0]}::timestamptz, ${page.after[1]}::uuid)` : undefined;
  return tx
    .select()
    .from(runReport)
    .where(and(...chosen(runReport, choice), choice.status ? eq(runReport.status, choice.status) : undefined, choice.status === 'HELD' ? ne(runReport.mode, 'DRY_RUN') : undefined, after))
    .orderBy(desc(runReport.requestedAt), desc(runReport.id))
    .limit(page.rowsMax + 1);
}

export async function quarantinePage(context: SubgraphContext, page: Page, choice: StreamChoice & { reason?: string | null; released?: boolean | null }) {
  const tx = await context.tx();
  const where = [
    ...chosen(quarantineReport, choice),
    choice.reason ? eq(quarantineReport.reason, choice.reason) : undefined,
    choice.released ? undefined : isNull(quarantineReport.releasedAt),
    page.after ? sql`${quarantineReport.id} < ${page.after[0]}` : undefined,
  ];
  return tx.select().from(quarantineReport).where(and(...where)).orderBy(desc(quarantineReport.id)).limit(page.rowsMax + 1);
}

function chosen(view: typeof runReport | typeof quarantineReport, { department, stream }: StreamChoice): (SQL | undefined)[] {
  return [department ? eq(view.department, department) : undefined, stream ? eq(view.stream, stream) : undefined];
}
