import { GraphQLIncludeDirective, GraphQLSkipDirective, Kind, getDirectiveValues, getVariableValues, type DocumentNode, type FieldNode, type GraphQLError, type GraphQLSchema, type SelectionNode, type SelectionSetNode } from 'graphql';
import { fragmentsOf, onlyOperation, type Fragments, type Variables } from '../limits.ts';

/**
 * The errors without those at places that the caller skipped (`@skip`, `@include`): where a field is asked for under a
 * condition and joined to more, the native planner (0.0.38) asks for its inputs without the condition. Paths are in the
 * document's keys; an error at a place that the document does not name (what a join needs) stays.
 */
export function withoutSkipped(errors: readonly GraphQLError[], schema: GraphQLSchema, document: DocumentNode, given: Variables): GraphQLError[] {
  const operation = onlyOperation(document);
  const variables = getVariableValues(schema, operation.variableDefinitions ?? [], given).coerced ?? {};
  const fragments = fragmentsOf(document);
  return errors.filter(({ path }) => !isSkipped(path ?? [], operation.selectionSet, { fragments, variables }));
}

interface Asked {
  fragments: Fragments;
  variables: Variables;
}

function isSkipped(path: readonly (string | number)[], root: SelectionSetNode, asked: Asked): boolean {
  let sets = [root];
  for (const key of path.filter((segment) => typeof segment === 'string')) {
    const found = sets.flatMap((set) => fieldsAt(set, key, true, asked));
    if (found.length === 0) return false;
    const kept = found.filter(({ isKept }) => isKept);
    if (kept.length === 0) return true;
    sets = kept.flatMap(({ node }) => node.selectionSet ?? []);
  }
  return false;
}

function fieldsAt({ selections }: SelectionSetNode, key: string, isKept: boolean, asked: Asked): { node: FieldNode; isKept: boolean }[] {
  return selections.flatMap((node) => {
    const kept = isKept && isIncluded(node, asked.variables);
    if (node.kind === Kind.FIELD) return (node.alias ?? node.name).value === key ? [{ node, isKept: kept }] : [];
    const fragment = node.kind === Kind.FRAGMENT_SPREAD ? asked.fragments.get(node.name.value) : node;
    return fragment ? fieldsAt(fragment.selectionSet, key, kept, asked) : [];
  });
}

function isIncluded(node: SelectionNode, variables: Variables): boolean {
  return getDirectiveValues(GraphQLSkipDirective, node, variables)?.if !== true && getDirectiveValues(GraphQLIncludeDirective, node, variables)?.if !== false;
}
