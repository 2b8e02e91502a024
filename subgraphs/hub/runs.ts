import { and, asc, desc, eq, inArray, isNull, sql, type SQL } from 'drizzle-orm';
import { quarantineReport, runReport, streamReport } from '../../schema/hub.ts';
import type { Page } from '../connection.ts';
import type { SubgraphContext } from '../context.ts';
import { byKey, type Batch } from '../loader.ts';

/** What operators read of connectors: the views of `0400_subgraphs_reports.sql`, which show rows to operators only. */
export type StreamReport = typeof streamReport.$inferSelect;
export type RunReport = typeof runReport.$inferSelect;

export async function streamReports(context: SubgraphContext): Promise<StreamReport[]> {
  const tx = await context.tx();
  return tx.select().from(streamReport).orderBy(asc(streamReport.department), asc(streamReport.stream));
}

/** The newest run of each stream, by `department/stream`. */
export const lastRuns: Batch<string, RunReport> = async (context, streams) => {
  const tx = await context.tx();
  const name = sql<string>`${runReport.department} || '/' || ${runReport.stream}`;
  const rows = await tx
    .selectDistinctOn([runReport.department, runReport.stream])
    .from(runReport)
    .where(inArray(name, [...streams]))
    .orderBy(runReport.department, runReport.stream, desc(runReport.requestedAt), desc(runReport.id));
  return byKey(rows, (row) => `${row.department}/${row.stream}`);
};

export interface StreamChoice {
  department?: string | null;
  stream?: string | null;
}

export async function runPage(context: SubgraphContext, page: Page, choice: StreamChoice): Promise<RunReport[]> {
  const tx = await context.tx();
  const after = page.after ? sql`(${runReport.requestedAt}, ${runReport.id}) < (${page.after[0]}::timestamptz, ${page.after[1]}::uuid)` : undefined;
  return tx
    .select()
    .from(runReport)
    .where(and(...chosen(runReport, choice), after))
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
