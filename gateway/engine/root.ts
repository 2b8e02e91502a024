import { Kind, parse, type FragmentDefinitionNode, type SelectionSetNode } from 'graphql';
import { subgraphError } from '../errors.ts';
import type { JsonObject } from '../shape.ts';
import { merge, withinStack } from './merge.ts';
import { collector, placesOf } from './path.ts';
import type { Fetch } from './plan.ts';
import { bodyOf } from './request.ts';
import { renamed, rewrite } from './rewrites.ts';
import { fail, type Program, type Run } from './run.ts';
import type { IsOfType } from './types.ts';

/** Asks for root fields. Their answer goes to the root, or wherever the caller's operation comes back to it. */
export function rootFetch(fetch: Fetch, isOfType: IsOfType): Program {
  const body = bodyOf(fetch);
  const collect = collector(fetch.at, isOfType);
  return async (run) => {
    const targets: JsonObject[] = [];
    collect(run.root, targets);
    if (targets.length === 0) return;
    const { data, errors, failed } = await run.ask(fetch.subgraph, body(run.variables));
    for (const { code, path: told } of errors) {
      const path = told && renamed(fetch.outputRewrites, told);
      const isWhole = failed || (!data && !told); // a subgraph that refuses the request whole, as for a `Date` that is none, names no place
      for (const place of isWhole ? failedPlaces(fetch, run, isOfType) : placed(fetch, run, path, isOfType)) fail(run, subgraphError(code, place, fetch.subgraph));
    }
    if (!data) return;
    const isPlaced = withinStack(() => {
      rewrite(fetch.outputRewrites, data, isOfType);
      targets.forEach((target, index) => merge(target, data, index < targets.length - 1)); // the last one may keep it
    });
    if (!isPlaced) for (const place of failedPlaces(fetch, run, isOfType)) fail(run, subgraphError('SUBGRAPH_UNAVAILABLE', place, fetch.subgraph));
  };
}

function placed(fetch: Fetch, run: Run, path: readonly (string | number)[] | undefined, isOfType: IsOfType) {
  if (!path || fetch.at.length === 0) return [path];
  return [...placesOf(run.root, fetch.at, isOfType).values()].map((place) => [...place, ...path]);
}

/** Nothing came: each root field that was asked for has an error of its own. */
function failedPlaces(fetch: Fetch, run: Run, isOfType: IsOfType) {
  const keys = rootKeys(fetch.operation);
  return [...placesOf(run.root, fetch.at, isOfType).values()].flatMap((place) => keys.map((key) => [...place, key]));
}

function rootKeys(operation: string): string[] {
  const { definitions } = parse(operation, { noLocation: true });
  const fragments = new Map(definitions.filter((node): node is FragmentDefinitionNode => node.kind === Kind.FRAGMENT_DEFINITION).map((node) => [node.name.value, node]));
  const keysOf = ({ selections }: SelectionSetNode): string[] =>
    selections.flatMap((node) => {
      if (node.kind === Kind.FIELD) return node.name.value === '__typename' ? [] : [node.alias?.value ?? node.name.value]; // the gateway knows the type
      const fragment = node.kind === Kind.FRAGMENT_SPREAD ? fragments.get(node.name.value) : node;
      return fragment ? keysOf(fragment.selectionSet) : [];
    });
  return [...new Set(definitions.flatMap((node) => (node.kind === Kind.OPERATION_DEFINITION ? keysOf(node.selectionSet) : [])))];
}
