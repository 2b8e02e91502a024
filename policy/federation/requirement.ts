import { Kind, type ConstDirectiveNode, type ConstValueNode } from 'graphql';
import type { SecurityNames } from './directive-names.ts';

/** What a token grants, in the terms of the federation's directives. */
export interface Grants {
  authenticated: boolean;
  scopes: ReadonlySet<string>;
  policies: ReadonlySet<string>;
}

export const noGrants: Grants = { authenticated: false, scopes: new Set(), policies: new Set() };

/** The code of what the federation's own directives refuse, in `extensions.access`. */
export const unauthorizedCode = 'UNAUTHORIZED_FIELD_OR_TYPE';

/** What `@authenticated`, `@requiresScopes` and `@policy` ask for together; every part must hold. */
export interface Requirement {
  authenticated: boolean;
  /** Each: one of these lists must be granted whole. */
  scopes: readonly Alternatives[];
  policies: readonly Alternatives[];
}

type Alternatives = readonly (readonly string[])[];

/** What stands on one place of a schema; undefined where nothing is asked for. */
export function requirementOf(directives: readonly ConstDirectiveNode[], names: SecurityNames): Requirement | undefined {
  const of = (name: keyof SecurityNames) => directives.filter((directive) => names[name].has(directive.name.value));
  const requirement: Requirement = {
    authenticated: of('authenticated').length > 0,
    scopes: of('requiresScopes').map((directive) => alternatives(directive, 'scopes')),
    policies: of('policy').map((directive) => alternatives(directive, 'policies')),
  };
  return requirement.authenticated || requirement.scopes.length > 0 || requirement.policies.length > 0 ? requirement : undefined;
}

export function holds({ authenticated, scopes, policies }: Requirement, grants: Grants): boolean {
  const granted = (lists: Alternatives, held: ReadonlySet<string>) => lists.some((list) => list.every((word) => held.has(word)));
  return (!authenticated || grants.authenticated) && scopes.every((lists) => granted(lists, grants.scopes)) && policies.every((lists) => granted(lists, grants.policies));
}

/**
 * What is left of a requirement when all of `others` hold: undefined where they leave nothing to ask for. Composition
 * gives an interface the rules of its types put together; what is left was asked of the interface itself.
 */
export function beyond(requirement: Requirement, others: readonly Requirement[]): Requirement | undefined {
  const left: Requirement = {
    authenticated: requirement.authenticated && !others.some((one) => one.authenticated),
    scopes: requirement.scopes.filter((lists) => !follows(others.flatMap((one) => one.scopes), lists)),
    policies: requirement.policies.filter((lists) => !follows(others.flatMap((one) => one.policies), lists)),
  };
  return left.authenticated || left.scopes.length > 0 || left.policies.length > 0 ? left : undefined;
}

/** Ways to hold several alternatives at once multiply; past this many nothing is said to follow, which is the strict answer. */
const waysMax = 10_000;

/** Whoever holds each of `held` holds `wanted`: every way to hold them all contains one of its lists. */
function follows(held: readonly Alternatives[], wanted: Alternatives): boolean {
  if (held.length === 0) return false;
  let ways: string[][] = [[]];
  for (const lists of held) {
    if (ways.length * lists.length > waysMax) return false;
    ways = ways.flatMap((way) => lists.map((list) => [...way, ...list]));
  }
  return ways.every((way) => wanted.some((list) => list.every((word) => way.includes(word))));
}

/** `[["a", "b"], ["c"]]`; a value that is no list stands for a list of one, as in any GraphQL argument. */
function alternatives(directive: ConstDirectiveNode, argument: string): string[][] {
  const value = directive.arguments?.find((arg) => arg.name.value === argument)?.value;
  const words = (node: ConstValueNode): string[] => (node.kind === Kind.STRING ? [node.value] : node.kind === Kind.LIST ? node.values.flatMap(words) : []);
  if (value === undefined) return [];
  return value.kind === Kind.LIST ? value.values.map(words) : [words(value)];
}
