import { GraphQLIncludeDirective, GraphQLSkipDirective, Kind, getDirectiveValues, getVariableValues, isObjectType, type DocumentNode, type FieldNode, type GraphQLError, type GraphQLSchema, type SelectionNode, type SelectionSetNode } from 'graphql';
import { fragmentsOf, onlyOperation, type Fragments, type Variables } from '../limits.ts';
import type { JsonObject } from '../shape.ts';
import { plannedKey } from './planned.ts';
import type { IsOfType } from './types.ts';

/** What subgraphs answered, merged, by the keys of the plan. */
export interface Merged {
  data: JsonObject;
  isOfType: IsOfType;
}

/**
 * The errors without those at places that the caller did not ask about: under a condition that skips them (`@skip`,
 * `@include`), or in a fragment on another type than the object's. The native planner (0.0.38) asks for the inputs of a field
 * that is joined to more without its condition, and our mend of its plans for interface objects asks about each of their
 * types. Paths are in the document's keys; an error at a place that the document does not name (what a join needs) stays.
 */
export function withoutSkipped(errors: readonly GraphQLError[], schema: GraphQLSchema, document: DocumentNode, given: Variables, { data, isOfType }: Merged): GraphQLError[] {
  const operation = onlyOperation(document);
  const variables = getVariableValues(schema, operation.variableDefinitions ?? [], given).coerced ?? {};
  const fragments = fragmentsOf(document);
  return errors.filter(({ path }) => !isSkipped(path ?? [], operation.selectionSet, data, { schema, fragments, variables, isOfType }));
}

interface Asked {
  schema: GraphQLSchema;
  fragments: Fragments;
  variables: Variables;
  isOfType: IsOfType;
}

function isSkipped(path: readonly (string | number)[], root: SelectionSetNode, data: unknown, asked: Asked): boolean {
  let sets = [root];
  let value = data;
  for (const key of path) {
    if (typeof key === 'number') {
      value = Array.isArray(value) ? value[key] : undefined;
      continue;
    }
    const found = sets.flatMap((set) => fieldsAt(set, key, true, value, asked));
    if (found.length === 0) return false;
    const kept = found.filter(({ isKept }) => isKept);
    if (kept.length === 0) return true;
    sets = kept.flatMap(({ node }) => node.selectionSet ?? []);
    value = own(value, plannedKey(kept[0]!.node));
  }
  return false;
}

function fieldsAt({ selections }: SelectionSetNode, key: string, isKept: boolean, value: unknown, asked: Asked): { node: FieldNode; isKept: boolean }[] {
  return selections.flatMap((node) => {
    const kept = isKept && isIncluded(node, asked.variables);
    if (node.kind === Kind.FIELD) return (node.alias ?? node.name).value === key ? [{ node, isKept: kept }] : [];
    const fragment = node.kind === Kind.FRAGMENT_SPREAD ? asked.fragments.get(node.name.value) : node;
    return fragment ? fieldsAt(fragment.selectionSet, key, kept && mayBe(value, fragment.typeCondition?.name.value, asked), value, asked) : [];
  });
}

/** An object that does not tell its type may be of any; so may one that tells an interface, as an interface object does until its type is known. */
function mayBe(value: unknown, condition: string | undefined, { schema, isOfType }: Asked): boolean {
  const name = own(value, '__typename');
  return condition === undefined || typeof name !== 'string' || !isObjectType(schema.getType(name)) || isOfType(name, condition);
}

function own(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as JsonObject)[key] : undefined;
}

function isIncluded(node: SelectionNode, variables: Variables): boolean {
  return getDirectiveValues(GraphQLSkipDirective, node, variables)?.if !== true && getDirectiveValues(GraphQLIncludeDirective, node, variables)?.if !== false;
}
