import { coded } from '../../schema/codes.ts';
import { connection, pageOf, type PageArgs } from '../connection.ts';
import type { Resolvers } from '../build.ts';
import type { SubgraphContext } from '../context.ts';
import { globalId, keyOfId } from '../globalId.ts';
import { load } from '../loader.ts';
import { reference } from '../record.ts';
import { decide, MatterDecision } from './decide.ts';
import { decisionsByMatter } from './decisions.ts';
import { evidenceByRid } from './evidence.ts';
import { facets } from './facets.ts';
import { matterKeysByNumber, matterPage, matterPosition, mattersByKey, organizationsByMatter, type MatterParent } from './matters.ts';
import { partiesByMatter, type PartyParent } from './parties.ts';
import { membersByMatter, recordPage, recordPosition, recordsByRid, type MemberStub, type RecordStub } from './records.ts';
import { situation, situationPage, situationPosition } from './situations.ts';
import { statistic } from './statistic.ts';
import type { MatterFilterType, MatterOrderType, RecordFilterType, SituationFilterType, StatisticCodeType, StatisticFilterType } from './types.generated.ts';

type Context = SubgraphContext;

/** Matters, the records they are made of, and statistics. Every type of record knows its matter. */
export function resolvers(recordTypes: readonly string[]): Resolvers {
  return { Query, Mutation: { ...decide }, Matter, MatterRecordEdge, MatterParty, MatterDecision, ...Object.fromEntries(recordTypes.map((name) => [name, recordOf(name)])) };
}

const Query = {
  matter: async (_: unknown, { matterNo }: { matterNo: string }, context: Context) => {
    const found = await load(context, matterKeysByNumber, matterNo.trim().toUpperCase());
    return load(context, mattersByKey, found?.key ?? '');
  },
  matters: async (_: unknown, args: PageArgs & { filter?: MatterFilterType | null; orderBy?: MatterOrderType | null }, context: Context) => {
    const page = pageOf(context, 'Query.matters', { ...args });
    const rows = await matterPage(context, page, args.filter ?? {}, args.orderBy ?? 'OPENED_DESC');
    return connection(context, page, rows, { position: matterPosition, node: (row) => row });
  },
  records: async (_: unknown, args: PageArgs & { filter?: RecordFilterType | null }, context: Context) => {
    const page = pageOf(context, 'Query.records', { ...args });
    const rows = await recordPage(context, page, args.filter ?? {});
    return connection(context, page, rows, { position: recordPosition, node: (row) => row });
  },
  situations: async (_: unknown, args: PageArgs & { filter?: SituationFilterType | null }, context: Context) => {
    const page = pageOf(context, 'Query.situations', { ...args });
    const rows = await situationPage(context, page, args.filter ?? {});
    return connection(context, page, rows, { position: situationPosition, node: (row) => situation(context, row) });
  },
  statistic: (_: unknown, { code, filter }: { code: StatisticCodeType; filter?: StatisticFilterType | null }, context: Context) => statistic(context, code, filter ?? {}),
};

const Matter = {
  __resolveReference: ({ id }: { id: string }, context: Context) => load(context, mattersByKey, keyOfId('Matter', id) ?? ''),
  id: ({ matterKey }: MatterParent) => globalId('Matter', matterKey),
  category: ({ category }: MatterParent) => coded(category, 'dispute-type'),
  division: ({ division }: MatterParent) => reference('Division', 'code', division),
  lead: ({ leadOrg }: MatterParent) => reference('Organization', 'creditCode', leadOrg),
  assisting: async ({ matterKey, leadOrg }: MatterParent, _: unknown, context: Context) => {
    const organizations = (await load(context, organizationsByMatter, matterKey)) ?? [];
    return organizations.filter((creditCode) => creditCode !== leadOrg).map((creditCode) => reference('Organization', 'creditCode', creditCode));
  },
  records: async ({ matterKey }: MatterParent, args: PageArgs, context: Context) => {
    const page = pageOf(context, 'Matter.records', { ...args, matterKey });
    const rows = (await load(context, membersByMatter, { matterKey, rowsMax: page.rowsMax, after: page.after })) ?? [];
    return connection(context, page, rows, { position: recordPosition, node: (row) => row, edge: (row) => row });
  },
  ...facets,
  decisions: async ({ matterKey }: MatterParent, _: unknown, context: Context) => (await load(context, decisionsByMatter, matterKey)) ?? [],
  parties: async ({ matterKey }: MatterParent, _: unknown, context: Context) => (await load(context, partiesByMatter, matterKey)) ?? [],
};

const MatterRecordEdge = {
  evidence: async ({ rid }: MemberStub, _: unknown, context: Context) => (await load(context, evidenceByRid, rid)) ?? [],
};

const MatterParty = {
  person: ({ entityKey }: PartyParent) => reference('Person', 'entityKey', entityKey),
};

function recordOf(typeName: string) {
  return {
    __resolveReference: ({ id }: { id: string }, context: Context) => load(context, recordsByRid, keyOfId(typeName, id) ?? ''),
    matter: ({ matterKey }: RecordStub, _: unknown, context: Context) => (matterKey === null ? null : load(context, mattersByKey, matterKey)),
  };
}
