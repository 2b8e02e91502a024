import { defaultFieldResolver, isIntrospectionType, isObjectType } from 'graphql';
import type { GraphQLField, GraphQLFieldResolver, GraphQLResolveInfo, GraphQLSchema } from 'graphql';
import { YiwangError } from '../base/errors.ts';
import { classifiedArguments, refusedArgument, type ClassifiedArgument } from './arguments.ts';
import { classificationOfField, isPersonal, type Classified } from './classes.ts';
import type { Decision, Effect, Policy } from './decide.ts';
import { masked } from './masks.ts';
import { access, accessOf, candidates, noRow, unknownRow, type Candidate, type ParentAccess, type RowAccess } from './row.ts';
import { see, type Seen } from './seen.ts';
import type { Viewer } from './viewer.ts';

/** What a resolver's context must hold for its fields to be decided. */
export interface EnforcedContext {
  viewer: Viewer;
  seen: Seen;
}

type Resolver = GraphQLFieldResolver<unknown, EnforcedContext>;

/**
 * Puts the decision in front of every resolver of a subgraph's schema, in place, and returns the schema. A withheld field
 * is null and its resolver never runs; a masked one is masked on the way out. Decisions stand on object types: what an
 * interface or union says does not matter. A field without `@classified` stops the start.
 */
export function enforce(schema: GraphQLSchema, policy: Policy): GraphQLSchema {
  const roots = new Set([schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]);
  const unclassified: string[] = [];
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || isIntrospectionType(type) || type.name.startsWith('_')) continue;
    for (const field of Object.values(type.getFields())) {
      if (field.name.startsWith('_')) continue; // the federation's own
      const classified = classificationOfField(schema, type.name, field as GraphQLField<unknown, unknown>);
      if (!classified) unclassified.push(`${type.name}.${field.name}`);
      else if (classified.change !== undefined) field.resolve = decidedChange(classified, policy, (field.resolve ?? defaultFieldResolver) as Resolver) as typeof field.resolve;
      else enforceField(field as GraphQLField<unknown, EnforcedContext>, classified, policy, roots.has(type));
    }
  }
  if (unclassified.length > 0) throw new YiwangError('POLICY_INVALID', { hint: `without @classified: ${unclassified.join(', ')}` });
  return schema;
}

function enforceField(field: GraphQLField<unknown, EnforcedContext>, classified: Classified, policy: Policy, isRoot: boolean): void {
  const inner: Resolver = field.resolve ?? (defaultFieldResolver as Resolver);
  const args = classifiedArguments(classified.coordinate, field.args);
  const decided = classified.class === 'PUBLIC' ? inner : isRoot ? decidedForClass(classified, policy, inner) : decidedByRow(classified, policy, inner);
  // Of a public field too: a compiled request takes what stands in the parent as it is, even a function, where there is no resolver.
  field.resolve = args.length > 0 ? refusingArguments(args, policy, decided) : decided;
}

/** What a mutation's resolver throws when the row it is about refuses: nothing was changed, and the caller is told why. */
export class ChangeRefused extends Error {
  override readonly name = 'ChangeRefused';
  readonly decision: Decision;
  readonly row: RowAccess;

  constructor(decision: Decision, row: RowAccess) {
    super('the change is refused');
    this.decision = decision;
    this.row = row;
  }
}

/**
 * A mutation is decided for the class of the caller before its resolver runs, and by the resolver on the row it is about.
 * Its arguments are what it is told, not fields that are read: the right to the mutation covers them.
 */
function decidedChange(classified: Classified, policy: Policy, inner: Resolver): Resolver {
  return async (parent, args, context, info) => {
    const best = policy.best(context.viewer, classified);
    if (best.effect === 'WITHHELD') {
      see(context.seen, classified.coordinate, best, null, false);
      return null;
    }
    try {
      const changed: unknown = await inner(parent, args, context, info);
      see(context.seen, classified.coordinate, best, null, false);
      return changed;
    } catch (error) {
      see(context.seen, classified.coordinate, error instanceof ChangeRefused ? error.decision : best, null, false);
      if (error instanceof ChangeRefused) return null;
      throw error;
    }
  };
}

function refusingArguments(args: readonly ClassifiedArgument[], policy: Policy, decided: Resolver): Resolver {
  return (parent, given, context, info) => {
    const refused = refusedArgument(policy, context.viewer, args, given);
    if (!refused) return decided(parent, given, context, info);
    see(context.seen, refused.classified.coordinate, refused.decision, null, false, info.path);
    return null;
  };
}

/** Root fields stand for no row: whoever could see no row at all through them gets none. */
function decidedForClass(classified: Classified, policy: Policy, inner: Resolver): Resolver {
  return (parent, args, context, info) => applied(classified, policy.best(context.viewer, classified), null, inner, parent, args, context, info);
}

function decidedByRow(classified: Classified, policy: Policy, inner: Resolver): Resolver {
  const ofClass = decidedForClass(classified, policy, inner);
  const name = classified.coordinate.split('.')[1]!;
  return (parent, args, context, info) => {
    const several = (parent as { [candidates]?: readonly Candidate[] } | null)?.[candidates];
    if (several) return ofCandidates(classified, policy, inner, several, args, context, info);
    const object = parent as { [access]?: ParentAccess; [accessOf]?: Readonly<Record<string, RowAccess>> } | null;
    const found = object?.[accessOf]?.[name] ?? object?.[access];
    if (found === noRow) return ofClass(parent, args, context, info);
    const row = found ?? unknownRow; // a loader that says nothing of its row gives nothing away
    return applied(classified, policy.decide(context.viewer, classified, row), row, inner, parent, args, context, info);
  };
}

/** Runs the resolver as far as the decision allows, and counts the position. */
function applied(classified: Classified, decision: Decision, row: RowAccess | null, inner: Resolver, parent: unknown, args: Record<string, unknown>, context: EnforcedContext, info: GraphQLResolveInfo): unknown {
  see(context.seen, classified.coordinate, decision, row, isPersonal(classified.class), info.path);
  if (decision.effect === 'WITHHELD') return null;
  return shown(classified, decision.effect, inner(parent, args, context, info));
}

/**
 * A value that several mentions could give: the best right first, then survivorship. The first that has a value answers;
 * mentions that are withheld are never asked.
 */
function ofCandidates(classified: Classified, policy: Policy, inner: Resolver, several: readonly Candidate[], args: Record<string, unknown>, context: EnforcedContext, info: GraphQLResolveInfo): unknown {
  const decided = several.map((candidate) => ({ candidate, decision: policy.decide(context.viewer, classified, candidate.access) }));
  const open = [...decided.filter(({ decision }) => decision.effect === 'FULL'), ...decided.filter(({ decision }) => decision.effect === 'MASKED')];
  const count = (chosen: { candidate: Candidate; decision: Decision }) => see(context.seen, classified.coordinate, chosen.decision, chosen.candidate.access, isPersonal(classified.class), info.path);
  const first = open[0] ?? refusal(decided, policy, context.viewer);
  if (!first) {
    see(context.seen, classified.coordinate, policy.decide(context.viewer, classified, unknownRow), null, false, info.path);
    return null;
  }
  const from = (position: number): unknown => {
    const chosen = open[position];
    if (!chosen) {
      count(first);
      return null;
    }
    const settle = (value: unknown): unknown => {
      if (isEmpty(value)) return from(position + 1);
      count(chosen);
      return shown(classified, chosen.decision.effect, value);
    };
    const value = inner(chosen.candidate.value, args, context, info);
    return isPromise(value) ? value.then(settle) : settle(value);
  };
  return from(0);
}

/**
 * Where nothing is open, why: told of what the caller may know to be linked with this, in an order that no row decides. Of a
 * mention whose link is withheld not even its reason shows that it is the same person's.
 */
function refusal<T extends { candidate: Candidate; decision: Decision }>(decided: readonly T[], policy: Policy, viewer: Viewer): T | undefined {
  const linked = decided.filter(({ candidate }) => !candidate.access.mention || policy.decide(viewer, personLink, candidate.access).effect !== 'WITHHELD');
  return linked.sort((a, b) => (reasonOf(a.decision) < reasonOf(b.decision) ? -1 : 1))[0];
}

const personLink = { coordinate: '', class: 'PERSONAL', mask: null, owner: null } as const;

const reasonOf = ({ reason, policy }: Decision): string => `${reason.code} ${policy}`;

function shown(classified: Classified, effect: Effect, value: unknown): unknown {
  if (effect !== 'MASKED' || classified.link) return value;
  const { mask } = classified;
  if (mask === null) return null;
  return isPromise(value) ? value.then((settled) => masked(mask, settled)) : masked(mask, value);
}

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || (Array.isArray(value) && value.length === 0);
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
