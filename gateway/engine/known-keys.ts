import { Kind, parse, type SelectionNode, type SelectionSetNode } from 'graphql';
import { Invariant } from '../../base/errors.ts';
import { fragmentsOf, type Fragments } from '../limits.ts';
import { eachItem, type Fetch, type Path, type Required, type Rewrite, type Step } from './plan.ts';

/**
 * Refuses a plan with a call that would not be made, or not for all that it asks: its entities are named by a field which the
 * same call is the first to tell, or which is told under a condition (`@include`, `@skip`) that what is asked for does not
 * have. Fields would be null without an error. The native planner (0.0.38) writes such calls where a subgraph has two keys;
 * the other planner makes a plan of the same operation. Throws an `Invariant`.
 */
export function keysKnown(step: Step): Step {
  follow(step, new Map(), noConditions);
  return step;
}

/** Variables with the value that something asks of them, `+v` or `-v`: all must hold. */
type Conditions = readonly string[];
const noConditions: Conditions = [];

/** Place of a field in the answer (response keys joined by dots, of lists and types nothing) → the conditions under which it is there, each by itself. */
type Known = Map<string, Conditions[]>;

function follow(step: Step, known: Known, given: Conditions): void {
  switch (step.kind) {
    case 'Fetch':
      return followFetch(step, known, given);
    case 'Sequence':
      return step.steps.forEach((one) => follow(one, known, given));
    case 'Parallel':
      return beside(step.steps.map((one) => [one, given]), known);
    case 'Condition':
      return beside([[step.then, [...given, `+${step.variable}`]], [step.otherwise, [...given, `-${step.variable}`]]], known);
  }
}

/** None of them knows what another one tells. */
function beside(steps: readonly (readonly [Step | null, Conditions])[], known: Known): void {
  const before = [...known];
  for (const [step, given] of steps) {
    if (!step) continue;
    const after: Known = new Map(before.map(([place, ways]) => [place, [...ways]]));
    follow(step, after, given);
    for (const [place, ways] of after) known.set(place, [...new Set([...(known.get(place) ?? []), ...ways])]);
  }
}

function followFetch(fetch: Fetch, known: Known, given: Conditions): void {
  const document = parse(fetch.operation, { noLocation: true });
  const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  if (!operation) return;
  const fragments = fragmentsOf(document);
  const told: Known = new Map();
  if (fetch.entities.length === 0) tell(told, fragments, operation.selectionSet, keysOf(fetch.at), fetch.outputRewrites, given);
  const asked = fieldsOf(fragments, operation.selectionSet, noConditions);
  for (const { alias, paths, requires, outputRewrites } of fetch.entities) {
    const below = asked.flatMap((one) => (one.key === alias && one.below ? [one.below] : []));
    const wanted = below.flatMap((set) => fieldsOf(fragments, set, given)).filter(({ key }) => key !== '__typename');
    for (const base of paths.map(keysOf)) {
      for (const from of namedBy(requires)) check(from.map((key) => [...base, key].join('.')), from, wanted, known);
      for (const set of below) tell(told, fragments, set, base, outputRewrites, given);
    }
  }
  for (const [place, ways] of told) known.set(place, [...(known.get(place) ?? []), ...ways]);
}

/** `places`: where the answer may have a field that the entities are named by. */
function check(places: readonly string[], keys: readonly string[], wanted: readonly Asked[], known: Known): void {
  const ways = places.flatMap((place) => known.get(place) ?? []);
  const isUnreached = ways.length === 0 ? wanted.some(({ key }) => keys.includes(key)) : wanted.some((one) => !ways.some((way) => way.every((condition) => one.conditions.includes(condition))));
  if (isUnreached) throw new Invariant('a planned call names entities by what is not known by then');
}

/** The fields that stand in a representation itself, fragments looked into: each by the keys under which the answer may have it. */
function namedBy(requires: readonly Required[]): (readonly string[])[] {
  return requires.flatMap((one) => (one.kind === 'on' ? namedBy(one.selections) : one.to === '__typename' ? [] : [one.from]));
}

function tell(told: Known, fragments: Fragments, selections: SelectionSetNode, base: readonly string[], rewrites: readonly Rewrite[], given: Conditions): void {
  const add = (place: readonly string[], conditions: Conditions) => {
    const name = place.join('.');
    told.set(name, [...(told.get(name) ?? []), conditions]);
  };
  const walk = (set: SelectionSetNode, at: readonly string[], under: Conditions): void => {
    for (const { key, below, conditions } of fieldsOf(fragments, set, under)) {
      add([...at, key], conditions);
      if (below) walk(below, [...at, key], conditions);
    }
  };
  walk(selections, base, given);
  for (const one of rewrites) if (one.kind === 'rename') add([...base, ...keysOf(one.path).slice(0, -1), one.to], given);
}

interface Asked {
  key: string;
  below: SelectionSetNode | undefined;
  conditions: Conditions;
}

/** Fields of a selection set by their response keys, those in fragments too. */
function fieldsOf(fragments: Fragments, { selections }: SelectionSetNode, under: Conditions): Asked[] {
  return selections.flatMap((node) => {
    const conditions = [...under, ...conditionsOf(node)];
    if (node.kind === Kind.FIELD) return [{ key: node.alias?.value ?? node.name.value, below: node.selectionSet, conditions }];
    if (node.kind === Kind.INLINE_FRAGMENT) return fieldsOf(fragments, node.selectionSet, conditions);
    const named = fragments.get(node.name.value);
    return named ? fieldsOf(fragments, named.selectionSet, conditions) : [];
  });
}

/** A condition that is written out (`if: true`) is one that always holds: what never does is not in a plan. */
function conditionsOf({ directives = [] }: SelectionNode): Conditions {
  return directives.flatMap(({ name, arguments: given }) => {
    const value = given?.find((one) => one.name.value === 'if')?.value;
    if (value?.kind !== Kind.VARIABLE || (name.value !== 'include' && name.value !== 'skip')) return [];
    return [`${name.value === 'include' ? '+' : '-'}${value.name.value}`];
  });
}

function keysOf(path: Path): string[] {
  return path.filter((segment): segment is string => typeof segment === 'string' && segment !== eachItem);
}
