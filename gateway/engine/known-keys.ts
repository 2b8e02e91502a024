import { Kind, parse, type DocumentNode, type FragmentDefinitionNode, type SelectionSetNode } from 'graphql';
import { Invariant } from '../../base/errors.ts';
import { eachItem, type Entities, type Fetch, type Path, type Required, type Rewrite, type Step } from './plan.ts';

/**
 * Refuses a plan with a call that names its entities by a field which the same call is the first to tell: it would never be
 * made, and its fields would be null without an error. The native planner (0.0.38) writes such calls where one subgraph has
 * two keys and a chain of `@requires` comes back to it; the other planner makes a plan of the same operation. Throws an
 * `Invariant`.
 */
export function keysKnown(step: Step): Step {
  follow(step, new Set());
  return step;
}

/** Places of fields that the answer has by now: response keys joined by dots, of lists and types nothing. */
type Known = Set<string>;

function follow(step: Step, known: Known): void {
  switch (step.kind) {
    case 'Fetch':
      return followFetch(step, known);
    case 'Sequence':
      return step.steps.forEach((one) => follow(one, known));
    case 'Parallel':
      return beside(step.steps, known);
    case 'Condition':
      return beside([step.then, step.otherwise].filter((one) => one !== null), known);
  }
}

/** None of them knows what another one tells. */
function beside(steps: readonly Step[], known: Known): void {
  const before = new Set(known);
  for (const one of steps) {
    const after = new Set(before);
    follow(one, after);
    for (const place of after) known.add(place);
  }
}

function followFetch(fetch: Fetch, known: Known): void {
  const told = toldBy(fetch);
  for (const { paths, requires } of fetch.entities) {
    for (const base of paths.map(keysOf)) {
      for (const from of namedBy(requires)) {
        const isIn = (places: Known) => from.some((key) => places.has([...base, key].join('.')));
        if (!isIn(known) && isIn(told)) throw new Invariant('a planned call names its entities by what it is to tell of them');
      }
    }
  }
  for (const place of told) known.add(place);
}

/** The fields that stand in a representation itself, fragments looked into: each by the keys under which the answer may have it. */
function namedBy(requires: readonly Required[]): (readonly string[])[] {
  return requires.flatMap((one) => (one.kind === 'on' ? namedBy(one.selections) : one.to === '__typename' ? [] : [one.from]));
}

function toldBy(fetch: Fetch): Known {
  const told: Known = new Set();
  const document = parse(fetch.operation, { noLocation: true });
  const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  if (!operation) return told;
  if (fetch.entities.length === 0) tell(told, document, operation.selectionSet, keysOf(fetch.at), fetch.outputRewrites);
  for (const entities of fetch.entities) for (const node of fieldsOf(document, operation.selectionSet)) if (node.key === entities.alias && node.below) tellEntities(told, document, node.below, entities);
  return told;
}

function tellEntities(told: Known, document: DocumentNode, below: SelectionSetNode, { paths, outputRewrites }: Entities): void {
  for (const path of paths) tell(told, document, below, keysOf(path), outputRewrites);
}

function tell(told: Known, document: DocumentNode, selections: SelectionSetNode, base: readonly string[], rewrites: readonly Rewrite[]): void {
  const walk = (set: SelectionSetNode, at: readonly string[]): void => {
    for (const { key, below } of fieldsOf(document, set)) {
      const place = [...at, key];
      told.add(place.join('.'));
      if (below) walk(below, place);
    }
  };
  walk(selections, base);
  for (const one of rewrites) if (one.kind === 'rename') told.add([...base, ...keysOf(one.path).slice(0, -1), one.to].join('.'));
}

/** Fields of a selection set by their response keys, those in fragments too. */
function fieldsOf(document: DocumentNode, { selections }: SelectionSetNode): { key: string; below: SelectionSetNode | undefined }[] {
  return selections.flatMap((node) => {
    if (node.kind === Kind.FIELD) return [{ key: node.alias?.value ?? node.name.value, below: node.selectionSet }];
    if (node.kind === Kind.INLINE_FRAGMENT) return fieldsOf(document, node.selectionSet);
    const named = document.definitions.find((one): one is FragmentDefinitionNode => one.kind === Kind.FRAGMENT_DEFINITION && one.name.value === node.name.value);
    return named ? fieldsOf(document, named.selectionSet) : [];
  });
}

function keysOf(path: Path): string[] {
  return path.filter((segment): segment is string => typeof segment === 'string' && segment !== eachItem);
}
