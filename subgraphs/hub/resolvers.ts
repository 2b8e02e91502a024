import { access, noRow } from '../../policy/row.ts';
import type { Resolvers } from '../build.ts';
import { connection, pageOf, rowsMaxOf, type PageArgs } from '../connection.ts';
import type { SubgraphContext } from '../context.ts';
import { globalId, keyOfId } from '../globalId.ts';
import { allByKey, load } from '../loader.ts';
import { entryPage, ownHistory, shownEntry, verification } from './accessLog.ts';
import { anomalies } from './anomalies.ts';
import { byReason, reconciliation, runCounts, streamCounts } from './counts.ts';
import { correctionChanges } from './correct.ts';
import { correctionPage, countsByDepartment, disputesOf, recordsByRid, stateOf, textsById, type CorrectionParent, type DisputedRecord } from './corrections.ts';
import { datasets } from './datasets.ts';
import { emergencyChanges } from './break-glass.ts';
import { BreakGlass, emergencyPage, emergencyPosition, noticesById } from './emergencies.ts';
import { operations } from './operate.ts';
import { explanation, matrix } from './policy.ts';
import { heldRuns, lastRuns, openDeliveries, quarantinePage, runPage, streamReports, type RunReport, type StreamChoice, type StreamReport } from './runs.ts';
import type { AccessLogFilterType, CallerInputType, QueryAccessAnomaliesArgsType, QueryDatasetsArgsType, QueryPolicyMatrixArgsType } from './types.generated.ts';

type Context = SubgraphContext;

/** Connectors and their runs for operators, the policy for everyone, the access log for auditors and residents, corrections for both sides. */
export function resolvers(recordTypes: readonly string[]): Resolvers {
  return { ...types, ...Object.fromEntries(recordTypes.map((name) => [name, recordOf(name)])) };
}

const types = {
  Query: {
    connectors: async (_: unknown, _args: unknown, context: Context) => {
      const departments = allByKey(await streamReports(context), (row) => row.department);
      return [...departments].map(([department, streams]) => ({ [access]: noRow, department, streams }));
    },
    syncRuns: async (_: unknown, args: PageArgs & StreamChoice & { status?: string | null }, context: Context) => {
      const page = pageOf(context, 'Query.syncRuns', { ...args });
      const rows = await runPage(context, page, args);
      return connection(context, page, rows, { position: (row) => [row.requestedAt.toISOString(), row.id], node: (row) => row });
    },
    quarantine: async (_: unknown, args: PageArgs & StreamChoice & { reason?: string | null; released?: boolean | null }, context: Context) => {
      const page = pageOf(context, 'Query.quarantine', { ...args });
      const rows = await quarantinePage(context, page, args);
      return connection(context, page, rows, { position: (row) => [row.id], node: (row) => row });
    },
    corrections: async (_: unknown, args: PageArgs & { state?: string | null }, context: Context) => {
      const page = pageOf(context, 'Query.corrections', { ...args });
      const rows = await correctionPage(context, page, args.state);
      return connection(context, page, rows, { position: (row) => [row.requestedAt.toISOString(), row.id], node: (row) => row });
    },
    breakGlasses: async (_: unknown, args: PageArgs & { state?: string | null }, context: Context) => {
      const page = pageOf(context, 'Query.breakGlasses', { ...args });
      const rows = await emergencyPage(context, page, args.state);
      return connection(context, page, rows, { position: emergencyPosition, node: (row) => row });
    },
    policyMatrix: (_: unknown, args: QueryPolicyMatrixArgsType, context: Context) => matrix(context, args),
    explainAccess: (_: unknown, args: { operation: string; as: CallerInputType }, context: Context) => explanation(context, args),
    accessLog: async (_: unknown, args: PageArgs & { filter?: AccessLogFilterType | null }, context: Context) => {
      const page = pageOf(context, 'Query.accessLog', { ...args });
      const rows = await entryPage(context, page, args.filter ?? {});
      return connection(context, page, rows, { position: (row) => [row.index], node: shownEntry });
    },
    accessAnomalies: (_: unknown, { window }: QueryAccessAnomaliesArgsType, context: Context) => anomalies(context, window),
    myAccessHistory: (_: unknown, { first }: PageArgs, context: Context) => ownHistory(context, rowsMaxOf(first)),
    datasets: (_: unknown, { department }: QueryDatasetsArgsType, context: Context) => datasets(context, department),
    verifyAccessLog: (_: unknown, _args: unknown, context: Context) => verification(context),
  },
  Mutation: { ...operations, ...correctionChanges, ...emergencyChanges },
  BreakGlass,
  OwnAccessEntry: {
    breakGlass: ({ emergency }: { emergency: string | null }, _: unknown, context: Context) => (emergency === null ? null : load(context, noticesById, emergency)),
  },
  Connector: {
    corrections: async ({ department }: { department: string }, _: unknown, context: Context) => (await load(context, countsByDepartment, department)) ?? { sent: 0, overdue: 0, answered: 0 },
    deliveries: async ({ department }: { department: string }, _: unknown, context: Context) => (await load(context, openDeliveries, department)) ?? [],
  },
  Correction: {
    field: ({ coordinate }: CorrectionParent) => coordinate,
    recordId: ({ typeName, rid }: CorrectionParent) => (typeName === null ? null : globalId(typeName, rid)),
    state: (parent: CorrectionParent, _: unknown, { clock }: Context) => stateOf(parent, clock()),
    askedBy: ({ requester }: CorrectionParent) => (requester.startsWith('resident:') ? 'RESIDENT' : 'CLERK'),
    proposed: async ({ id }: CorrectionParent, _: unknown, context: Context) => (await load(context, textsById, id))?.proposed ?? null,
    reason: async ({ id }: CorrectionParent, _: unknown, context: Context) => (await load(context, textsById, id))?.reason ?? null,
    note: async ({ id }: CorrectionParent, _: unknown, context: Context) => (await load(context, textsById, id))?.note ?? null,
  },
  ConnectorStream: {
    counts: (stream: StreamReport) => streamCounts(stream),
    drift: ({ drift }: StreamReport) => byReason(drift),
    lastRun: ({ department, stream }: StreamReport, _: unknown, context: Context) => load(context, lastRuns, `${department}/${stream}`),
    held: async ({ department, stream }: StreamReport, _: unknown, context: Context) => (await load(context, heldRuns, `${department}/${stream}`)) ?? [],
  },
  SyncRun: {
    counts: ({ counts }: RunReport) => runCounts(counts),
    reconciliation: ({ counts }: RunReport) => reconciliation(counts),
    touched: ({ counts }: RunReport) => counts['touched'] ?? null,
    released: ({ counts }: RunReport) => byReason(counts['released']),
  },
};

function recordOf(typeName: string) {
  return {
    __resolveReference: ({ id }: { id: string }, context: Context) => load(context, recordsByRid, keyOfId(typeName, id) ?? ''),
    disputes: ({ rid }: DisputedRecord, _: unknown, context: Context) => disputesOf(context, rid),
  };
}
