import { Kind, buildASTSchema, executeSync, parse, printSchema, visit, type DefinitionNode, type DocumentNode, type FieldDefinitionNode, type GraphQLSchema, type InterfaceTypeDefinitionNode, type ObjectTypeDefinitionNode, type OperationDefinitionNode, type SelectionNode, type TypeNode } from 'graphql';
import type { Fragments, Variables } from './limits.ts';
import { isIntrospection } from './prune.ts';
import type { JsonObject } from './shape.ts';

/** Whether a field (`Type.field`) or an input (`Type.field(argument:)`, `Input.field`) exists for a class of callers. */
export type Visible = (coordinate: string) => boolean;

/**
 * The part of a schema in which every field passes `visible`, and nothing that cannot be reached from a root field: what
 * introspection shows (threats.md, 8). An interface keeps a field that all its types keep.
 */
export function visibleSchema(schema: GraphQLSchema, visible: Visible): GraphQLSchema {
  let definitions: readonly DefinitionNode[] = parse(printSchema(schema), { noLocation: true }).definitions;
  const keeps = (type: string, field: FieldDefinitionNode) => visible(`${type}.${field.name.value}`);
  definitions = definitions.map((definition) => (definition.kind === Kind.OBJECT_TYPE_DEFINITION ? filtered(definition, keeps, visible) : definition));
  definitions = definitions.map((definition) => (definition.kind === Kind.INTERFACE_TYPE_DEFINITION ? filtered(definition, (name, field) => keptByAll(definitions, name, field), visible) : definition));
  definitions = definitions.map((definition) => (definition.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION ? { ...definition, fields: definition.fields?.filter((field) => visible(`${definition.name.value}.${field.name.value}`)) } : definition));
  return buildASTSchema({ kind: Kind.DOCUMENT, definitions: reachable(withoutEmpty(definitions)) }, { assumeValid: true });
}

/** Answers the `__schema` and `__type` fields of an operation's root, through fragments too, from a visible schema. */
export function introspect(schema: GraphQLSchema, operation: OperationDefinitionNode, fragments: Fragments, variables: Variables): JsonObject {
  const only = (selections: readonly SelectionNode[]): SelectionNode[] =>
    selections.flatMap((node): SelectionNode[] => {
      if (node.kind === Kind.FIELD) return isIntrospection(node) ? [node] : [];
      const fragment = node.kind === Kind.FRAGMENT_SPREAD ? fragments.get(node.name.value) : node;
      const inner = fragment ? only(fragment.selectionSet.selections) : [];
      return inner.length > 0 ? [{ kind: Kind.INLINE_FRAGMENT, directives: node.directives ?? [], selectionSet: { kind: Kind.SELECTION_SET, selections: inner } }] : [];
    });
  const selections = only(operation.selectionSet.selections);
  const fragmentDefinitions = usedFragments(selections, fragments);
  const used = usedVariables([...selections, ...fragmentDefinitions]);
  // Only what introspection itself uses: the types of other variables may not be visible.
  const variableDefinitions = operation.variableDefinitions?.filter((definition) => used.has(definition.variable.name.value)) ?? [];
  const introspecting: OperationDefinitionNode = { kind: Kind.OPERATION_DEFINITION, operation: operation.operation, variableDefinitions, selectionSet: { kind: Kind.SELECTION_SET, selections } };
  const document: DocumentNode = { kind: Kind.DOCUMENT, definitions: [introspecting, ...fragmentDefinitions] };
  return (executeSync({ schema, document, rootValue: {}, variableValues: variables }).data ?? {}) as JsonObject;
}

function usedVariables(nodes: readonly (SelectionNode | DefinitionNode)[]): Set<string> {
  const used = new Set<string>();
  for (const node of nodes) visit(node, { Variable: ({ name }) => void used.add(name.value) });
  return used;
}

function filtered<T extends ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode>(type: T, keeps: (type: string, field: FieldDefinitionNode) => boolean, visible: Visible): T {
  const fields = (type.fields ?? []).filter((field) => keeps(type.name.value, field));
  const withArguments = fields.map((field) => ({ ...field, arguments: field.arguments?.filter((argument) => visible(`${type.name.value}.${field.name.value}(${argument.name.value}:)`)) }));
  return { ...type, fields: withArguments };
}

function keptByAll(definitions: readonly DefinitionNode[], interfaceName: string, field: FieldDefinitionNode): boolean {
  const types = definitions.filter((definition): definition is ObjectTypeDefinitionNode => definition.kind === Kind.OBJECT_TYPE_DEFINITION && (definition.interfaces ?? []).some((one) => one.name.value === interfaceName));
  return types.some((type) => type.fields?.length) && types.every((type) => !type.fields?.length || type.fields.some((own) => own.name.value === field.name.value));
}

/** Drops types without fields, then fields of dropped types, until nothing changes. */
function withoutEmpty(all: readonly DefinitionNode[]): readonly DefinitionNode[] {
  let definitions = all;
  for (;;) {
    const empty = new Set(definitions.flatMap((definition) => ('fields' in definition && definition.fields?.length === 0 && 'name' in definition && definition.name ? [definition.name.value] : [])));
    if (empty.size === 0) return definitions;
    definitions = definitions.flatMap((definition) => withoutTypes(definition, empty));
  }
}

function withoutTypes(definition: DefinitionNode, gone: ReadonlySet<string>): DefinitionNode[] {
  if ('name' in definition && definition.name && gone.has(definition.name.value)) return [];
  if (definition.kind === Kind.SCHEMA_DEFINITION) return [{ ...definition, operationTypes: definition.operationTypes.filter((root) => !gone.has(root.type.name.value)) }];
  if (definition.kind === Kind.UNION_TYPE_DEFINITION) {
    const types = definition.types?.filter((type) => !gone.has(type.name.value)) ?? [];
    return types.length > 0 ? [{ ...definition, types }] : [];
  }
  if (definition.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION) return [{ ...definition, fields: definition.fields?.filter((field) => !gone.has(namedType(field.type))) }];
  if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION && definition.kind !== Kind.INTERFACE_TYPE_DEFINITION) return [definition];
  const fields = definition.fields?.filter((field) => !gone.has(namedType(field.type))).map((field) => ({ ...field, arguments: field.arguments?.filter((argument) => !gone.has(namedType(argument.type))) }));
  return [{ ...definition, fields, interfaces: definition.interfaces?.filter((one) => !gone.has(one.name.value)) }];
}

function reachable(definitions: readonly DefinitionNode[]): DefinitionNode[] {
  const byName = new Map(definitions.flatMap((definition) => ('name' in definition && definition.name ? [[definition.name.value, definition] as const] : [])));
  const met = new Set<string>();
  const pending = ['Query', 'Mutation', 'Subscription'];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const definition = byName.get(name);
    if (!definition || met.has(name)) continue;
    met.add(name);
    visit(definition, { NamedType: ({ name: used }) => void pending.push(used.value) });
    if (definition.kind !== Kind.INTERFACE_TYPE_DEFINITION) continue;
    for (const [other, type] of byName) if (type.kind === Kind.OBJECT_TYPE_DEFINITION && type.interfaces?.some((one) => one.name.value === name)) pending.push(other);
  }
  return definitions.filter((definition) => !('name' in definition) || !definition.name || definition.kind === Kind.DIRECTIVE_DEFINITION || met.has(definition.name.value));
}

function namedType(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type);
}

function usedFragments(selections: readonly SelectionNode[], fragments: Fragments): DefinitionNode[] {
  const used = new Set<string>();
  const pending: SelectionNode[] = [...selections];
  for (let node = pending.pop(); node; node = pending.pop()) {
    if (node.kind === Kind.FRAGMENT_SPREAD) {
      const fragment = fragments.get(node.name.value);
      if (!fragment || used.has(node.name.value)) continue;
      used.add(node.name.value);
      pending.push(...fragment.selectionSet.selections);
    } else pending.push(...(node.selectionSet?.selections ?? []));
  }
  return [...used].flatMap((name) => fragments.get(name) ?? []);
}
