import { Kind, getArgumentValues, getNamedType, getNullableType, isInputObjectType, isListType, visit, type ArgumentNode, type GraphQLArgument, type GraphQLInputType } from 'graphql';
import type { Classified } from '../policy/classes.ts';
import { YiwangError } from '../base/errors.ts';
import type { Policy } from '../policy/decide.ts';
import type { Viewer } from '../policy/viewer.ts';
import type { Classes } from './classes.ts';
import { fieldOf, type Variables } from './limits.ts';
import type { Judge, Refusal } from './prune.ts';

/** A judge, and whether what it said of an operation depends on the values of its variables. */
export interface PolicyJudge {
  judge: Judge;
  dependsOnVariables(): boolean;
}

/**
 * The policy's verdict on one use of a field: what not even the best row could give is refused. An argument over a field
 * is a read of that field, and needs the right to it in full (access.md, Arguments). `variables` are coerced.
 */
export function policyJudge(policy: Policy, classes: Classes, viewer: Viewer, variables: Variables): PolicyJudge {
  let dependent = false;
  const judge: Judge = (type, node) => {
    const coordinate = `${type.name}.${node.name.value}`;
    const classified = classes.get(coordinate);
    if (!classified) return { coordinate, policy: 'unclassified', reason: 'CLASS' };
    const { effect, policy: rule, reason } = policy.best(viewer, classified);
    if (effect === 'WITHHELD') return { coordinate, policy: rule, reason: reason.code };
    if (classified.change !== undefined) return undefined; // what a change is told is no read; the right to it covers that
    const field = fieldOf(type, node.name.value);
    const carrying = field?.args.filter((arg) => carries(classes, coordinate, arg)) ?? [];
    if (!field || carrying.length === 0 || !node.arguments?.length) return undefined;
    dependent ||= node.arguments.some((argument) => carrying.some((arg) => arg.name === argument.name.value) && holdsVariable(argument));
    const given = getArgumentValues(field, node, variables as Record<string, unknown>);
    return inputRefusal({ policy, classes, viewer }, coordinate, carrying, given);
  };
  return { judge, dependsOnVariables: () => dependent };
}

/** The callers whom the policy cannot tell apart before it sees a row: one plan serves them. */
export function viewerClass(viewer: Viewer): string {
  return JSON.stringify([viewer.kind, viewer.tier, viewer.department, viewer.purpose, viewer.org !== null, viewer.division !== null, viewer.matterKey !== null, viewer.idHmac !== null, viewer.policyVersion]);
}

interface Deciding {
  policy: Policy;
  classes: Classes;
  viewer: Viewer;
}

/** Input objects may hold their like. What lies deeper is not looked into, so it is not let through either. */
const inputDepthMax = 16;

function carries(classes: Classes, coordinate: string, arg: GraphQLArgument): boolean {
  const own = classes.get(`${coordinate}(${arg.name}:)`);
  return (own !== undefined && own.class !== 'PUBLIC') || isInputObjectType(getNamedType(arg.type));
}

function holdsVariable(argument: ArgumentNode): boolean {
  let found = false;
  visit(argument.value, { [Kind.VARIABLE]: () => void (found = true) });
  return found;
}

function inputRefusal(deciding: Deciding, coordinate: string, args: readonly GraphQLArgument[], given: Record<string, unknown>): Refusal | undefined {
  for (const arg of args) {
    const value = given[arg.name];
    if (value === undefined || value === null) continue;
    const refusal = rightRefusal(deciding, deciding.classes.get(`${coordinate}(${arg.name}:)`)) ?? partRefusal(deciding, arg.type, value, 0);
    if (refusal) return refusal;
  }
  return undefined;
}

function partRefusal(deciding: Deciding, type: GraphQLInputType, value: unknown, depth: number): Refusal | undefined {
  const bare = getNullableType(type);
  if (isListType(bare)) return first(Array.isArray(value) ? value : [value], (item) => partRefusal(deciding, bare.ofType, item, depth));
  if (!isInputObjectType(bare) || typeof value !== 'object' || value === null) return undefined;
  if (depth > inputDepthMax) throw new YiwangError('LIMIT_EXCEEDED', { hint: `an argument is nested deeper than ${inputDepthMax} levels` });
  return first(Object.values(bare.getFields()), (field) => {
    const part = (value as Record<string, unknown>)[field.name];
    if (part === undefined || part === null) return undefined;
    return rightRefusal(deciding, deciding.classes.get(`${bare.name}.${field.name}`)) ?? partRefusal(deciding, field.type, part, depth + 1);
  });
}

function rightRefusal({ policy, viewer }: Deciding, classified: Classified | undefined): Refusal | undefined {
  if (!classified || classified.class === 'PUBLIC') return undefined;
  const { effect, policy: rule, reason } = policy.best(viewer, classified);
  if (effect === 'FULL') return undefined;
  // A right to the masked value is not enough, and its reason would say that it is granted.
  return { coordinate: classified.coordinate, policy: rule, reason: effect === 'MASKED' ? 'CLASS' : reason.code };
}

function first<T>(items: readonly T[], find: (item: T) => Refusal | undefined): Refusal | undefined {
  for (const item of items) {
    const found = find(item);
    if (found) return found;
  }
  return undefined;
}
