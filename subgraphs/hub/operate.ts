import { and, eq, sql } from 'drizzle-orm';
import type { GraphQLResolveInfo } from 'graphql';
import { callerPseudonym } from '../../audit/caller.ts';
import type { Transaction } from '../../base/db.ts';
import { YiwangError } from '../../base/errors.ts';
import { streamReport } from '../../schema/hub.ts';
import { change } from '../change.ts';
import type { SubgraphContext } from '../context.ts';
import { runsOf, streamReports, type RunReport, type StreamReport } from './runs.ts';
import type { MutationReleaseQuarantineArgsType, MutationRerunConnectorArgsType } from './types.generated.ts';

type Context = SubgraphContext;

/** What operators do to streams and runs: the SQL functions of 0601 and 0602, which the command line calls too. */
export const operations = {
  pauseStream: (_: unknown, args: StreamName, context: Context, info: GraphQLResolveInfo) => paused(context, info, args, true),
  resumeStream: (_: unknown, args: StreamName, context: Context, info: GraphQLResolveInfo) => paused(context, info, args, false),
  rerunConnector: (_: unknown, args: MutationRerunConnectorArgsType, context: Context, info: GraphQLResolveInfo) => rerun(context, info, args),
  approveHeldRun: (_: unknown, { id }: { id: string }, context: Context, info: GraphQLResolveInfo) => approved(context, info, id),
  releaseQuarantine: (_: unknown, args: MutationReleaseQuarantineArgsType, context: Context, info: GraphQLResolveInfo) => released(context, info, args),
};

interface StreamName {
  department: string;
  stream: string;
}

async function paused(context: Context, info: GraphQLResolveInfo, { department, stream }: StreamName, pause: boolean): Promise<StreamReport> {
  await change(context, info, `${department}/${stream}`, async (tx) => {
    const { rows } = await tx.execute<{ found: boolean }>(sql`SELECT hub.pause_stream(${department}, ${stream}, ${pause}, ${asker(context)}) AS found`);
    if (!rows[0]?.found) throw noStream();
  });
  const tx = await context.tx();
  const [report] = await tx.select().from(streamReport).where(and(eq(streamReport.department, department), eq(streamReport.stream, stream)));
  if (!report) throw noStream();
  return report;
}

async function rerun(context: Context, info: GraphQLResolveInfo, { department, stream, since, until, full, dryRun }: MutationRerunConnectorArgsType): Promise<RunReport[]> {
  if (since && until && since >= until) throw new YiwangError('BAD_REQUEST', { hint: '`since` is not before `until`' });
  if (full && (since || until)) throw new YiwangError('BAD_REQUEST', { hint: '`full` reads everything: it has no `since` or `until`' });
  const mode = dryRun ? 'DRY_RUN' : full ? 'FULL' : 'INCREMENT'; // a back-fill is an increment of its period
  const parameters = JSON.stringify({ full: full ?? false, ...(since ? { since: since.toISOString() } : {}), ...(until ? { until: until.toISOString() } : {}) });
  const names = stream ? [stream] : await streamsOf(context, department, dryRun ?? false);
  const ids = await change(context, info, (runs: string[]) => runs.join(' '), (tx) => requested(tx, { department, names, mode, parameters, by: asker(context) }));
  return runsOf(context, ids);
}

/** Of a whole department those that may run: a dry run writes nothing and needs no resume. */
async function streamsOf(context: Context, department: string, dryRun: boolean): Promise<string[]> {
  const reports = (await streamReports(context)).filter((one) => one.department === department);
  if (reports.length === 0) throw noStream();
  const names = reports.filter((one) => dryRun || !one.paused).map((one) => one.stream);
  if (names.length === 0) throw new YiwangError('STREAM_PAUSED');
  return names;
}

async function requested(tx: Transaction, { department, names, mode, parameters, by }: { department: string; names: readonly string[]; mode: string; parameters: string; by: string }): Promise<string[]> {
  const ids: string[] = [];
  for (const name of names) {
    const { rows } = await tx.execute<{ run: string | null; refused: string | null }>(sql`SELECT run, refused FROM hub.request_run(${department}, ${name}, ${mode}, ${parameters}::jsonb, ${by})`);
    const { run, refused } = rows[0] ?? { run: null, refused: 'UNKNOWN' };
    if (refused === 'PAUSED') throw new YiwangError('STREAM_PAUSED');
    if (run === null) throw noStream();
    ids.push(run);
  }
  return ids;
}

async function approved(context: Context, info: GraphQLResolveInfo, held: string): Promise<RunReport | null> {
  if (!uuid.test(held)) throw noRun();
  const run = await change(context, info, held, async (tx) => {
    const { rows } = await tx.execute<{ run: string | null }>(sql`SELECT hub.approve_held_run(${held}, ${asker(context)}) AS run`);
    if (!rows[0]?.run) throw noRun();
    return rows[0].run;
  });
  return (await runsOf(context, [run]))[0] ?? null;
}

async function released(context: Context, info: GraphQLResolveInfo, { ids, department, stream, reason }: MutationReleaseQuarantineArgsType): Promise<RunReport[]> {
  if (!ids?.length && !department && !stream && !reason) throw new YiwangError('BAD_REQUEST', { hint: 'choose by `ids`, `department`, `stream` or `reason`' });
  if (ids && (ids.length > releasedMax || ids.some((id) => !/^[1-9]\d{0,14}$/.test(id)))) throw new YiwangError('BAD_REQUEST', { hint: `\`ids\` are at most ${releasedMax} numbers` });
  const chosen = ids?.length ? sql`${`{${ids.join(',')}}`}::bigint[]` : sql`NULL::bigint[]`;
  const runs = await change(context, info, (made: string[]) => made.join(' '), async (tx) => {
    const { rows } = await tx.execute<{ run: string }>(sql`SELECT hub.request_release(${chosen}, ${department ?? null}, ${stream ?? null}, ${reason ?? null}, ${asker(context)}) AS run`);
    if (rows.length === 0) throw new YiwangError('NOT_FOUND', { hint: 'nothing of this choice is in quarantine' });
    return rows.map((row) => row.run);
  });
  return runsOf(context, runs);
}

const releasedMax = 1_000;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Operators are named in runs as the access log names them. */
function asker({ master, viewer }: Context): string {
  return callerPseudonym(master, viewer);
}

function noRun(): YiwangError {
  return new YiwangError('NOT_FOUND', { hint: 'there is no held run of that id' });
}

function noStream(): YiwangError {
  return new YiwangError('NOT_FOUND', { hint: 'there is no such stream' });
}
