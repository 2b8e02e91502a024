import { sql } from 'drizzle-orm';
import type { GraphQLResolveInfo } from 'graphql';
import { callerPseudonym } from '../../audit/caller.ts';
import { invariant, YiwangError } from '../../base/errors.ts';
import { access } from '../../policy/row.ts';
import { change, requireChange } from '../change.ts';
import type { SubgraphContext } from '../context.ts';
import { globalId, keyOfId } from '../globalId.ts';
import { load } from '../loader.ts';
import { reference } from '../record.ts';
import { decisionsById, type DecisionParent } from './decisions.ts';
import { confirmedPairs, mergedPairs, splitPairs, type DecidedPair } from './decided-pairs.ts';
import { matterKeysByNumber, mattersByKey, type MatterParent } from './matters.ts';
import { visibleMembers, type VisibleMember } from './visible-members.ts';
import type { EvidenceKindType, MutationConfirmMembershipArgsType, MutationMergeMattersArgsType, MutationSplitMatterArgsType, MutationUndoArgsType } from './types.generated.ts';

type Context = SubgraphContext;

/**
 * What clerks decide on matters. A decision is written with its reason and wakes the job that clusters again; the answer
 * shows it before that has happened (`applied`). Refusals change nothing and do not tell a hidden matter from a missing one.
 */
export const decide = {
  confirmMembership: async (_: unknown, args: MutationConfirmMembershipArgsType, context: Context, info: GraphQLResolveInfo) => {
    const members = await handled(context, info, args.matterNo);
    const [record] = chosen(members, [args.record]);
    requireChange(context, info, record![access].inJurisdiction ? { ...record![access], assigned: true } : null);
    return made(context, info, 'CONFIRMED', args, confirmedPairs(members, record!));
  },
  splitMatter: async (_: unknown, args: MutationSplitMatterArgsType, context: Context, info: GraphQLResolveInfo) => {
    const members = await handled(context, info, args.matterNo);
    const taken = chosen(members, args.records);
    if (taken.length === members.length) throw new YiwangError('BAD_REQUEST', { hint: 'a matter keeps at least one of its records' });
    return made(context, info, 'SPLIT', args, splitPairs(members, taken));
  },
  mergeMatters: async (_: unknown, args: MutationMergeMattersArgsType, context: Context, info: GraphQLResolveInfo) => {
    const [members, others] = [await handled(context, info, args.matterNo), await handled(context, info, args.other)];
    if (members[0]!.matterKey === others[0]!.matterKey) throw new YiwangError('BAD_REQUEST', { hint: 'both numbers lead to one matter' });
    return made(context, info, 'MERGED', args, mergedPairs(members, others));
  },
  undo: (_: unknown, args: MutationUndoArgsType, context: Context, info: GraphQLResolveInfo) => undone(context, info, args),
};

export const MatterDecision = {
  id: ({ eventId }: DecisionParent) => globalId('MatterDecision', eventId),
  organization: ({ org }: DecisionParent) => reference('Organization', 'creditCode', org),
  matters: async ({ matterKeys }: DecisionParent, _: unknown, context: Context) => (await Promise.all(matterKeys.map((key) => load(context, mattersByKey, key)))).filter((matter): matter is MatterParent => matter !== null),
};

/** The records of a matter that the caller may decide on, the earliest first; the matter's own right is asked here. */
async function handled(context: Context, info: GraphQLResolveInfo, matterNo: string): Promise<VisibleMember[]> {
  const found = await load(context, matterKeysByNumber, matterNo.trim().toUpperCase());
  const matter = await load(context, mattersByKey, found?.key ?? '');
  requireChange(context, info, matter?.[access] ?? null);
  const members = await visibleMembers(context, matter!.matterKey);
  invariant(members.length > 0, 'a matter that is seen has a record that is seen');
  return members;
}

const recordsMax = 100;

function chosen(members: readonly VisibleMember[], ids: readonly string[]): VisibleMember[] {
  if (ids.length === 0 || ids.length > recordsMax) throw new YiwangError('BAD_REQUEST', { hint: `choose 1 to ${recordsMax} records` });
  return [...new Set(ids)].map((id) => {
    const member = members.find((one) => one.rid === keyOfId(one.typeName, id));
    if (!member) throw new YiwangError('NOT_FOUND', { hint: 'a record is not of this matter' });
    return member;
  });
}

const reasonCharactersMax = 500;

function reasonOf(reason: string): string {
  const text = reason.trim();
  if (text === '' || [...text].length > reasonCharactersMax) throw new YiwangError('BAD_REQUEST', { hint: `a reason has 1 to ${reasonCharactersMax} characters` });
  return text;
}

async function made(context: Context, info: GraphQLResolveInfo, kind: string, args: { reason: string; evidence?: readonly EvidenceKindType[] | null | undefined }, pairs: readonly DecidedPair[]): Promise<DecisionParent | null> {
  const reason = reasonOf(args.reason);
  const rids = [...new Set(pairs.flatMap(({ a, b }) => [a, b]))];
  const id = await change(context, info, (event: string) => event, async (tx) => {
    const { rows } = await tx.execute<{ id: string }>(sql`
      SELECT hub.decide_matter(${kind}, ${sql.param(rids)}::text[], ${JSON.stringify(pairs)}::jsonb, ${reason}, ${sql.param([...(args.evidence ?? [])])}::text[], ${callerPseudonym(context.master, context.viewer)}, ${context.viewer.org ?? ''})::text AS id`);
    return rows[0]!.id;
  });
  return load(context, decisionsById, id);
}

async function undone(context: Context, info: GraphQLResolveInfo, { decision, reason }: MutationUndoArgsType): Promise<DecisionParent | null> {
  const event = await load(context, decisionsById, keyOfId('MatterDecision', decision) ?? '');
  requireChange(context, info, event?.[access] ?? null);
  const text = reasonOf(reason);
  const id = await change(context, info, (made: string) => made, async (tx) => {
    const { rows } = await tx.execute<{ id: string | null }>(sql`SELECT hub.undo_matter_decision(${event!.eventId}::uuid, ${text}, ${callerPseudonym(context.master, context.viewer)}, ${context.viewer.org ?? ''})::text AS id`);
    if (!rows[0]?.id) throw new YiwangError('BAD_REQUEST', { hint: 'the decision has been undone already' });
    return rows[0].id;
  });
  return load(context, decisionsById, id);
}
