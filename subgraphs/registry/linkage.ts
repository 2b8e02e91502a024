import { sql } from 'drizzle-orm';
import type { GraphQLResolveInfo } from 'graphql';
import { callerPseudonym } from '../../audit/caller.ts';
import { YiwangError } from '../../base/errors.ts';
import { access, noRow, unknownRow, type Candidate, type ParentAccess } from '../../policy/row.ts';
import { change, requireChange } from '../change.ts';
import { connection, pageOf, type PageArgs } from '../connection.ts';
import type { SubgraphContext } from '../context.ts';
import { globalId, keyOfId, readGlobalId } from '../globalId.ts';
import { load } from '../loader.ts';
import { mentionById, type Mention } from './persons.ts';
import type { ReviewAnswerType } from './types.generated.ts';

type Context = SubgraphContext;

/** Why the persons of one's own record were linked: entry by the record, never by a person. */
export async function linkageOf(_: unknown, { record }: { record?: string | null }, context: Context): Promise<Pair[]> {
  const named = record === null || record === undefined ? { key: null, typeName: null } : readGlobalId(record);
  if (named === null || (named.key === null && context.viewer.matterKey === null)) return [];
  const tx = await context.tx();
  const { rows } = await tx.execute<PairRow>(sql`SELECT * FROM hub.record_pairs(${named.key}, ${named.typeName}, ${pairsMax})`);
  return rows.map((row) => pairOf(context, row));
}

/** The review queue, page by page. */
export async function linkageReviews(_: unknown, args: PageArgs, context: Context) {
  const page = pageOf(context, 'Query.linkageReviews', { ...args });
  const [weight = null, a = null, b = null] = page.after ?? [];
  const tx = await context.tx();
  const { rows } = await tx.execute<PairRow>(sql`SELECT * FROM hub.review_pairs(${weight}, ${a}, ${b}, ${page.rowsMax + 1})`);
  return connection(context, page, rows, { position: (row) => [row.weight, row.a, row.b], node: (row) => pairOf(context, row) });
}

/** The answers of people: each is written as a change, and the next run of linkage obeys it. */
export const answers = {
  resolveReview: (_: unknown, args: Answering & { answer: ReviewAnswerType }, context: Context, info: GraphQLResolveInfo) => answered(context, info, args, args.answer),
  undoReview: (_: unknown, args: Answering, context: Context, info: GraphQLResolveInfo) => answered(context, info, args, 'UNDONE'),
};

export const pairFields = {
  id: ({ row }: Pair) => globalId('LinkagePair', `${row.a}:${row.b}`),
  together: ({ row }: Pair) => row.together,
  reviewReason: ({ row }: Pair) => row.reason,
  decision: ({ row }: Pair) => row.decision,
  answers: ({ row }: Pair) => row.answers,
  weight: ({ row }: Pair) => row.weight,
  probability: ({ row }: Pair) => 1 / (1 + 2 ** -row.weight),
  prior: ({ row }: Pair) => row.levels.prior,
  levels: ({ row: { levels } }: Pair) => levels.levels.map((level, at) => ({ comparison: levels.comparisons?.[at] ?? String(at + 1), level, weight: levels.weights[at] ?? 0 })),
  modelVersion: ({ row }: Pair) => row.model_version,
  sides: async ({ row }: Pair, _: unknown, context: Context): Promise<Side[]> =>
    Promise.all([sideOf(context, row.a, row.a_department, row.a_role, row.a_owned), sideOf(context, row.b, row.b_department, row.b_role, row.b_owned)]),
};

export const sideFields = {
  own: ({ owned }: Side) => owned,
  department: ({ department, told }: Side) => (told ? department : null),
  role: ({ role, told }: Side) => (told ? role : null),
  name: ({ value }: Side) => value?.name ?? null,
  idNumber: ({ value }: Side) => value?.idNumber ?? null,
  phones: ({ value }: Side) => (value && value.phones.length > 0 ? value.phones : null),
  address: ({ value }: Side) => value?.address ?? null,
};

interface Answering {
  pair: string;
  reason: string;
}

async function answered(context: Context, info: GraphQLResolveInfo, { pair, reason }: Answering, answer: ReviewAnswerType | 'UNDONE'): Promise<Pair> {
  if (reason.trim() === '' || [...reason].length > reasonCharactersMax) throw new YiwangError('BAD_REQUEST', { hint: `\`reason\` has 1 to ${reasonCharactersMax} characters` });
  const [a, b] = keyOfId('LinkagePair', pair)?.split(':') ?? [];
  const before = await onePair(context, a, b);
  requireChange(context, info, before && rowOf(context, before));
  await change(context, info, `${a}:${b}`, async (tx) => {
    const by = callerPseudonym(context.master, context.viewer);
    const { rows } = await tx.execute<{ outcome: string }>(sql`SELECT hub.answer_review(${a}, ${b}, ${answer}, ${by}, ${reason.trim()}) AS outcome`);
    const outcome = rows[0]?.outcome ?? 'NOT_FOUND';
    if (outcome !== 'OK') throw new YiwangError(outcome === 'NOT_FOUND' ? 'NOT_FOUND' : 'BAD_REQUEST', { hint: refusals[outcome] ?? 'there is no such pair' });
  });
  const after = await onePair(context, a, b);
  if (!after) throw new YiwangError('NOT_FOUND', { hint: 'there is no such pair' });
  return pairOf(context, after);
}

const refusals: Record<string, string> = {
  TWO_NUMBERS: 'two different valid ID numbers are never one person · 两个不同的有效证件号码不能归为一人',
  NOTHING_TO_UNDO: 'there is no answer to take back · 没有可撤销的答复',
};

async function onePair(context: Context, a: string | undefined, b: string | undefined): Promise<PairRow | null> {
  if (a === undefined || b === undefined) return null;
  const tx = await context.tx();
  const { rows } = await tx.execute<PairRow>(sql`SELECT * FROM hub.one_pair(${a}, ${b})`);
  return rows[0] ?? null;
}

type PairRow = {
  a: string;
  b: string;
  weight: number;
  levels: { prior: number; levels: string[]; weights: number[]; comparisons?: string[] };
  model_version: string;
  reason: string | null;
  decision: string | null;
  answers: number;
  together: boolean;
  a_department: string;
  a_role: string;
  a_owned: boolean;
  b_department: string;
  b_role: string;
  b_owned: boolean;
};

interface Pair {
  [access]: ParentAccess;
  row: PairRow;
}

interface Side {
  [access]: ParentAccess;
  owned: boolean;
  /** Which department's record it is says something of the person: told of own records, and to operators, who see no values. */
  told: boolean;
  department: string;
  role: string;
  value: Mention | null;
}

function pairOf(context: Context, row: PairRow): Pair {
  return { [access]: context.viewer.kind === 'OPERATOR' ? noRow : rowOf(context, row), row };
}

/** A pair is the caller's department's where one of its sides is. */
function rowOf({ viewer }: Context, row: PairRow) {
  const owner = row.a_owned || row.b_owned;
  return { ...unknownRow, department: owner ? (viewer.department ?? '') : '', owner };
}

/** Values come from the mention as row-level security and the policy show it: for operators not at all. */
async function sideOf(context: Context, mentionId: string, department: string, role: string, owned: boolean): Promise<Side> {
  const operator = context.viewer.kind === 'OPERATOR';
  const found: Candidate | undefined = operator ? undefined : await load(context, mentionById, mentionId).then((one) => one ?? undefined);
  const own = { ...(found?.access ?? unknownRow), owner: owned };
  return { [access]: operator ? noRow : own, owned, told: owned || operator, department, role, value: (found?.value as Mention | undefined) ?? null };
}

const pairsMax = 100;
const reasonCharactersMax = 200;
