import { getArgumentValues, getNamedType, getNullableType, isInputObjectType, isLeafType, isListType, type FieldNode, type GraphQLInputType, type GraphQLObjectType } from 'graphql';
import { noGrants, unauthorizedCode, type Grants } from '../../policy/federation/requirement.ts';
import type { Requirements } from '../../policy/federation/requirements.ts';
import { fieldOf, type Variables } from '../limits.ts';
import type { Judge, Refusal } from '../prune.ts';

/** A judge that goes by `@authenticated`, `@requiresScopes` and `@policy`, and whether it looked at values of variables. */
export interface FederationJudge {
  judge: Judge;
  dependsOnVariables(): boolean;
}

/**
 * What a supergraph's own rules say of one use of a field, for what a token grants. An argument that names a value of a
 * type with a rule is a read of such values: whoever may not read grades does not ask for those with an A either.
 */
export function federationJudge(requirements: Requirements, given: Grants | null, variables: Variables): FederationJudge {
  const grants = given ?? noGrants;
  let dependent = false;
  const judge: Judge = (type, node) => {
    if (requirements.none) return undefined;
    const coordinate = `${type.name}.${node.name.value}`;
    if (!requirements.allows(type.name, node.name.value, grants)) return refusal(coordinate);
    const ruled = ruledArguments(requirements, grants, type, node);
    if (ruled.length === 0) return undefined;
    dependent = true;
    const field = fieldOf(type, node.name.value)!;
    const values = getArgumentValues(field, node, variables as Record<string, unknown>);
    const named = ruled.find((name) => namesRuled(requirements, grants, field.args.find((arg) => arg.name === name)!.type, values[name], 0));
    return named === undefined ? undefined : refusal(`${coordinate}(${named}:)`);
  };
  return { judge, dependsOnVariables: () => dependent };
}

/** Names the callers for whom the rules say the same. */
export function grantsClass(requirements: Requirements, given: Grants | null): string {
  const { authenticated, scopes, policies } = given ?? noGrants;
  return requirements.none ? '' : JSON.stringify([authenticated, [...scopes].sort(), [...policies].sort()]);
}

/** The lines of `extensions.access`, those of these rules with their code. */
export function coded<T extends { reason: string }>(lines: readonly T[]): readonly T[] {
  return lines.map((line) => (line.reason === unauthorizedCode ? { ...line, code: unauthorizedCode } : line));
}

const inputDepthMax = 16;

function refusal(coordinate: string): Refusal {
  return { coordinate, policy: 'federation', reason: unauthorizedCode };
}

/** Arguments that the caller gives and whose type reaches one that these grants do not open. */
function ruledArguments(requirements: Requirements, grants: Grants, type: GraphQLObjectType, node: FieldNode): string[] {
  if (!node.arguments?.length) return [];
  const args = fieldOf(type, node.name.value)?.args ?? [];
  return node.arguments.map(({ name }) => name.value).filter((name) => args.some((arg) => arg.name === name && reachesRuled(requirements, grants, arg.type, new Set())));
}

function reachesRuled(requirements: Requirements, grants: Grants, given: GraphQLInputType, met: Set<string>): boolean {
  const type = getNamedType(given);
  if (met.has(type.name)) return false;
  met.add(type.name);
  if (!isInputObjectType(type)) return !requirements.allowsInput(type.name, grants);
  return Object.values(type.getFields()).some((field) => reachesRuled(requirements, grants, field.type, met));
}

function namesRuled(requirements: Requirements, grants: Grants, given: GraphQLInputType, value: unknown, depth: number): boolean {
  if (value === undefined || value === null) return false;
  if (depth > inputDepthMax) return true; // nobody needs that much; what is not looked into is not let through
  const type = getNullableType(given);
  if (isListType(type)) return (Array.isArray(value) ? value : [value]).some((item) => namesRuled(requirements, grants, type.ofType, item, depth));
  if (isLeafType(type)) return !requirements.allowsInput(type.name, grants);
  return Object.values(type.getFields()).some((field) => namesRuled(requirements, grants, field.type, (value as Record<string, unknown>)[field.name], depth + 1));
}
