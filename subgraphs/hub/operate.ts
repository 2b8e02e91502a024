import { and, eq, sql } from 'drizzle-orm';
import type { GraphQLResolveInfo } from 'graphql';
import { callerPseudonym } from '../../audit/caller.ts';
import { YiwangError } from '../../base/errors.ts';
import { streamReport } from '../../schema/hub.ts';
import { change } from '../change.ts';
import type { SubgraphContext } from '../context.ts';
import type { StreamReport } from './runs.ts';

type Context = SubgraphContext;

/** What operators do to streams and runs: the SQL functions of 0601 and 0602, which the command line calls too. */
export const operations = {
  pauseStream: (_: unknown, args: StreamName, context: Context, info: GraphQLResolveInfo) => paused(context, info, args, true),
  resumeStream: (_: unknown, args: StreamName, context: Context, info: GraphQLResolveInfo) => paused(context, info, args, false),
};

interface StreamName {
  department: string;
  stream: string;
}

async function paused(context: Context, info: GraphQLResolveInfo, { department, stream }: StreamName, pause: boolean): Promise<StreamReport> {
  await change(context, info, `${department}/${stream}`, async (tx) => {
    const { rows } = await tx.execute<{ found: boolean }>(sql`SELECT hub.pause_stream(${department}, ${stream}, ${pause}, ${callerPseudonym(context.master, context.viewer)}) AS found`);
    if (!rows[0]?.found) throw noStream();
  });
  const tx = await context.tx();
  const [report] = await tx.select().from(streamReport).where(and(eq(streamReport.department, department), eq(streamReport.stream, stream)));
  if (!report) throw noStream();
  return report;
}

function noStream(): YiwangError {
  return new YiwangError('NOT_FOUND', { hint: 'there is no such stream' });
}
