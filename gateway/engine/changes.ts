import { GraphQLIncludeDirective, GraphQLSkipDirective, Kind, getDirectiveValues, valueFromASTUntyped, type DirectiveNode, type DocumentNode, type FieldNode, type OperationDefinitionNode, type SelectionNode, type SelectionSetNode } from 'graphql';
import { conditionsOf } from '../conditions.ts';
import { fragmentsOf, onlyOperation, type Fragments, type Variables } from '../limits.ts';
import { isForSubgraphs } from './directs.ts';

/** A document, and what tells it from the same operation with other values. */
export interface Decided {
  document: DocumentNode;
  /** Empty where no value was looked at; `-` for one that decides nothing, as when a plan is prepared. */
  key: string;
}

/**
 * A mutation with its root written as it is executed (6.2.2, 6.3.2): fragments written out, each field once and in order,
 * what these variables skip left out. Both planners make a change twice where it is asked for twice and one of the two has
 * a directive, and change the order of what stands in fragments (met by the differential campaign). A query is as it was.
 */
export function changesOnce(document: DocumentNode, variables: Variables): Decided {
  const operation = onlyOperation(document);
  if (operation.operation !== 'mutation') return { document, key: '' };
  const fragments = fragmentsOf(document);
  const values = valuesOf(operation, variables);
  const fields = new Map<string, FieldNode[]>();
  collect(operation.selectionSet, fragments, values, fields);
  const selections = [...fields.values()].flatMap(merged);
  const rest = document.definitions.filter((node) => node !== operation);
  const key = conditionsOf(operation, fragments).map((name) => (values[name] === true ? '1' : values[name] === false ? '0' : '-')).join('');
  return { document: { ...document, definitions: [{ ...operation, selectionSet: { kind: Kind.SELECTION_SET, selections: selections.length > 0 ? selections : [typename] } }, ...rest] }, key };
}

const typename: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };

function valuesOf({ variableDefinitions }: OperationDefinitionNode, variables: Variables): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const { variable, defaultValue } of variableDefinitions ?? []) {
    const name = variable.name.value;
    const sent = Object.hasOwn(variables, name) ? variables[name] : undefined;
    if (sent !== undefined) values[name] = sent;
    else if (defaultValue) values[name] = valueFromASTUntyped(defaultValue);
  }
  return values;
}

function collect({ selections }: SelectionSetNode, fragments: Fragments, values: Variables, fields: Map<string, FieldNode[]>): void {
  for (const node of selections) {
    if (!included(node, values)) continue;
    if (node.kind !== Kind.FIELD) {
      const fragment = node.kind === Kind.FRAGMENT_SPREAD ? fragments.get(node.name.value) : node;
      if (fragment) collect(fragment.selectionSet, fragments, values, fields); // a mutation's root is of one type
      continue;
    }
    const key = node.alias?.value ?? node.name.value;
    fields.set(key, [...(fields.get(key) ?? []), node]);
  }
}

// A variable that was not sent decides nothing: preparing a plan has none.
function included(node: SelectionNode, values: Variables): boolean {
  const known = node.directives?.filter(({ arguments: given }) => given?.every(({ value }) => value.kind !== Kind.VARIABLE || typeof values[value.name.value] === 'boolean'));
  if (!known?.length) return true;
  const decided = { ...node, directives: known };
  if (getDirectiveValues(GraphQLSkipDirective, decided, values)?.['if'] === true) return false;
  return getDirectiveValues(GraphQLIncludeDirective, decided, values)?.['if'] !== false;
}

function merged([first, ...more]: readonly FieldNode[]): FieldNode[] {
  if (!first) return [];
  const selections = [first, ...more].flatMap(({ selectionSet }) => selectionSet?.selections ?? []);
  return [{ ...first, directives: directivesOf([first, ...more]), ...(first.selectionSet ? { selectionSet: { kind: Kind.SELECTION_SET, selections } } : {}) }];
}

/** What the subgraph is to act on, of every place that asks for the field; a directive of one name once. */
function directivesOf(nodes: readonly FieldNode[]): DirectiveNode[] {
  const all = nodes.flatMap(({ directives }) => (directives ?? []).filter(isForSubgraphs));
  return [...new Map(all.map((one) => [one.name.value, one])).values()];
}
