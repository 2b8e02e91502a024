import { isDeepStrictEqual } from 'node:util';
import { print, visit, type DocumentNode } from 'graphql';
import { compiledEngine } from '../../../gateway/engine/main.ts';
import { apolloEngine, type Engine } from '../../../gateway/executor.ts';
import { answerOf, engineOptions, graphOf, outcomeOf, validOperation, type Graph, type Outcome } from './graph.ts';
import type { Operation } from './operation.ts';
import { answerOfOne } from './oracle.ts';
import { untold } from './resolvers.ts';
import type { World } from './world.ts';

/**
 * How an operation went; `apolloWrong`: the reference fails or differs from one server that holds everything, and we do not;
 * `bothWrong`: we equal the reference, and neither equals one server; `planWrong`: the reference cannot plan the operation at
 * all, and the native planner's plan gives another answer than one server.
 */
export type Verdict = { kind: 'agreed' | 'invalid' } | { kind: 'apolloWrong' | 'bothWrong' | 'planWrong'; why: string } | { kind: 'failed'; report: Report };

export interface Report {
  why: string;
  subgraphs: Record<string, string>;
  operation: string;
  variables: Record<string, unknown>;
  ours: Outcome | string;
  apollo: Outcome | string;
  /** Of graphql-js over the whole schema; undefined where it has no opinion. */
  one: Outcome | undefined;
  calls: { ours: string[]; apollo: string[] };
}

export interface Arena {
  compare(choices: readonly number[]): Promise<Verdict>;
  close(): Promise<void>;
}

/** Both engines on one world; undefined where it does not compose. `planner`: whose plans ours compiles, unless the default. */
export async function openArena(world: World, planner?: 'hive' | 'apollo'): Promise<Arena | undefined> {
  const side = await openSide(world, planner);
  // Opened when they are needed: the same world with nobody missing, and our engine on the reference's plans.
  let whole: Side | undefined;
  let reference: Engine | undefined;
  return side && {
    async compare(choices) {
      const operation = validOperation(side.apollo.schema, choices);
      if (!operation) return { kind: 'invalid' };
      const answers = await answersOf(side, operation);
      if (answers.one) {
        const verdict = judged(side.graph, operation, answers, answers.one);
        return verdict.kind === 'failed' && isSame(answers.ours, await withoutAliases(side, operation)) ? { kind: 'bothWrong', why: 'once aliases are no field\'s name' } : verdict;
      }
      if (isSame(answers.ours, answers.apollo)) return { kind: 'agreed' };
      whole ??= await openSide({ ...world, missing: 0 }, planner);
      const full = whole && (await answersOf(whole, operation));
      if (full?.one && whole && wrongKinds.has(judged(whole.graph, operation, full, full.one).kind)) return { kind: 'apolloWrong', why: 'as with nobody missing' };
      if (full?.one && forgets(answers.apollo, answers.ours, full.one)) return { kind: 'apolloWrong', why: 'it forgets what one subgraph told of an entity that another does not know' };
      if (isSame(answers.ours, await withoutAliases(side, operation))) return { kind: 'apolloWrong', why: 'an alias breaks its join' };
      if (countsAskedOnly(answers.apollo, answers.ours)) return { kind: 'apolloWrong', why: 'its error paths count only the items that were asked about' };
      reference ??= await compiledEngine({ ...engineOptions(side.graph), planningMsMax, planner: 'apollo' });
      if (isSame(answers.apollo, await answerOf(reference, side.graph, operation).catch(sentence))) return { kind: 'agreed' }; // by the same plan: who is missing shows on the way that a plan takes
      return { kind: 'failed', report: report('differs from the reference', side.graph, operation, answers) };
    },
    async close() {
      await Promise.all([side.apollo.stop(), side.ours.stop(), whole?.apollo.stop(), whole?.ours.stop(), reference?.stop()]);
    },
  };
}

/** The same but for indexes of lists in paths of errors, where ours lead to objects and not all of the reference's do. */
function countsAskedOnly(apollo: Outcome | string, ours: Outcome | string): boolean {
  if (typeof apollo === 'string' || typeof ours === 'string' || !isDeepStrictEqual(apollo.data, ours.data)) return false;
  const blurred = ({ errors }: Outcome) => errors.map((line) => line.replaceAll(/\.\d+(?=[. ])/g, '.#')).sort();
  const leads = (line: string): boolean => {
    const parents = line.split(' ')[0]!.split('.').slice(0, -1);
    const end = parents.reduce<unknown>((value, key) => (typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined), ours.data);
    return typeof end === 'object' && end !== null;
  };
  return isDeepStrictEqual(blurred(apollo), blurred(ours)) && ours.errors.every(leads) && !apollo.errors.every(leads);
}

/** The reference is wrong on the operation, whatever we are. */
const wrongKinds: ReadonlySet<Verdict['kind']> = new Set(['apolloWrong', 'bothWrong', 'planWrong']);

interface Side {
  world: World;
  graph: Graph;
  apollo: Engine;
  ours: Engine;
}

interface Answers {
  ours: Outcome | string;
  apollo: Outcome | string;
  one: Outcome | undefined;
  calls: Report['calls'];
}

type Asked = Operation & { document: DocumentNode };

/** What is planned is compared, not how long it took on this machine. */
const planningMsMax = { hive: 20_000, apollo: 60_000 };

async function openSide(world: World, planner: 'hive' | 'apollo' | undefined): Promise<Side | undefined> {
  const graph = graphOf(world);
  if (typeof graph === 'string') return undefined;
  const [apollo, ours] = await Promise.all([apolloEngine(engineOptions(graph)), compiledEngine({ ...engineOptions(graph), planningMsMax, ...(planner ? { planner } : {}) })]);
  return { world, graph, apollo, ours };
}

async function answersOf({ world, graph, apollo, ours }: Side, operation: Asked): Promise<Answers> {
  const fromApollo = await answerOf(apollo, graph, operation).catch(sentence);
  const apolloCalls = [...graph.calls];
  const fromOurs = await answerOf(ours, graph, operation).catch(sentence);
  const one = world.missing > 0 ? undefined : await answerOfOne(world, apollo.schema, operation.document, operation.variables);
  return { ours: fromOurs, apollo: fromApollo, one: one && outcomeOf(one.data, one.errors), calls: { ours: [...graph.calls], apollo: apolloCalls } };
}

function sentence(error: unknown): string {
  return error instanceof Error ? `${error.message}${error.cause instanceof Error ? `: ${error.cause.message}` : ''}` : String(error);
}

function judged(graph: Graph, operation: Asked, answers: Answers, one: Outcome): Verdict {
  const fails = (why: string): Verdict => ({ kind: 'failed', report: report(why, graph, operation, answers) });
  const { ours, apollo } = answers;
  if (typeof ours === 'string') return fails('ours fails');
  if (!isDeepStrictEqual(ours.data, one.data)) {
    if (isSame(ours, apollo) || differsAlike(ours, apollo, one) || (asksUntold(answers.calls.ours) && asksUntold(answers.calls.apollo))) return { kind: 'bothWrong', why: derives(operation) ? 'a chain of @requires' : 'other' };
    if (typeof apollo === 'string' && derives(operation)) return { kind: 'planWrong', why: 'a chain of @requires that the reference cannot plan' };
    if (typeof apollo === 'string' && one.errors.length > 0 && one.errors.every((line) => ours.errors.includes(line))) return { kind: 'planWrong', why: 'a fault, told, where the reference cannot plan' };
    return fails('data differs from that of one server');
  }
  // What a `@requires` needs may fail where nobody asked for it: only gateways have that error.
  const expected = visibleErrors(one);
  const given = visibleErrors(ours);
  if (!(derives(operation) ? expected.every((line) => given.includes(line)) : isDeepStrictEqual(given, expected))) return fails('errors differ from those of one server');
  if (one.errors.length > 0 && ours.errors.length === 0) return fails('an error got lost');
  if (typeof apollo === 'string') return { kind: 'apolloWrong', why: 'it cannot plan the operation' };
  if (!isDeepStrictEqual(apollo.data, one.data)) return { kind: 'apolloWrong', why: 'its data differs from that of one server' };
  return isDeepStrictEqual(given, visibleErrors(apollo)) ? { kind: 'agreed' } : { kind: 'apolloWrong', why: 'its errors differ from those of one server' };
}

/** Ours is the reference's answer but for nulls of it, in whose place ours has a part of what there is when nobody is missing. */
function forgets(apollo: Outcome | string, ours: Outcome | string, full: Outcome): boolean {
  if (typeof apollo === 'string' || typeof ours === 'string') return false;
  const isAlike = (reference: unknown, own: unknown, whole: unknown): boolean => {
    if (isDeepStrictEqual(reference, own) || (reference === null && isPart(own, whole))) return true;
    if (!isPlace(reference) || !isPlace(own)) return false;
    const keys = Object.keys(own);
    return keys.length === Object.keys(reference).length && keys.every((key) => isAlike(reference[key], own[key], isPlace(whole) ? whole[key] : undefined));
  };
  return isAlike(apollo.data, ours.data, full.data) && isSame({ ...ours, data: apollo.data }, apollo);
}

function isPart(own: unknown, whole: unknown): boolean {
  if (own === null || isDeepStrictEqual(own, whole)) return true;
  return isPlace(own) && isPlace(whole) && Object.keys(own).length === Object.keys(whole).length && Object.keys(own).every((key) => isPart(own[key], whole[key]));
}

function isPlace(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Wherever ours is not what one server gives, the reference gives what we do. */
function differsAlike(ours: Outcome, apollo: Outcome | string, one: Outcome): boolean {
  if (typeof apollo === 'string' || !ours.data || !apollo.data || !one.data) return false;
  const isAlike = (own: unknown, reference: unknown, expected: unknown): boolean => {
    if (isDeepStrictEqual(own, expected) || isDeepStrictEqual(own, reference)) return true;
    if (!isPlace(own) || !isPlace(reference) || !isPlace(expected)) return false;
    const keys = Object.keys(expected);
    return keys.length === Object.keys(own).length && keys.every((key) => key in own && isAlike(own[key], reference[key], expected[key]));
  };
  return isAlike(ours.data, apollo.data, one.data);
}

/** The reference's answer to the operation with aliases that are no field's name: it joins by what stands under a key's name. */
async function withoutAliases({ apollo, graph }: Side, operation: Asked): Promise<Outcome | string> {
  const document = visit(operation.document, { Field: (field) => (field.alias ? { ...field, alias: { ...field.alias, value: `${aliasMark}${field.alias.value}` } } : undefined) });
  const answer = await answerOf(apollo, graph, { ...operation, document, text: print(document) }).catch(sentence);
  return typeof answer === 'string' ? answer : (JSON.parse(JSON.stringify(answer).replaceAll(aliasMark, '')) as Outcome);
}

const aliasMark = 'alias_of_';

/** A field is derived from one that was itself asked for without its inputs: its plan has the steps in the wrong order. */
function asksUntold(calls: readonly string[]): boolean {
  return calls.some((call) => call.includes(untold));
}

/** Asks for a field that is made from others (`…From…`). */
function derives({ text }: Asked): boolean {
  return /From\d/.test(text);
}

/** Without a third opinion errors are compared by path without list positions: the reference counts those wrong. */
function isSame(ours: Outcome | string, apollo: Outcome | string): boolean {
  if (typeof ours === 'string' || typeof apollo === 'string') return typeof ours === typeof apollo;
  const lines = (outcome: Outcome) => [...new Set(visibleErrors(outcome).map((line) => line.replace(/\.\d+(?=[. ])/g, '')))].sort();
  return isDeepStrictEqual(ours.data, apollo.data) && isDeepStrictEqual(lines(ours), lines(apollo));
}

/**
 * Errors at places that the answer has. Of what a null swallowed that had to climb, the specification (6.4.4) leaves open
 * which errors are still told: a server may stop looking.
 */
function visibleErrors({ data, errors }: Outcome): string[] {
  return errors.filter((line) => {
    const [path = ''] = line.split(' ');
    let at = data;
    for (const key of path.split('.').slice(0, -1)) at = typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[key] : undefined;
    return typeof at === 'object' && at !== null;
  });
}

function report(why: string, graph: Graph, { text, variables }: Asked, { ours, apollo, one, calls }: Answers): Report {
  return { why, subgraphs: Object.fromEntries(graph.subgraphs), operation: text, variables, ours, apollo, one, calls };
}
