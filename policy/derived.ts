import { Kind, getNamedType, isAbstractType, isInterfaceType, isObjectType, parse, type GraphQLNamedType, type GraphQLSchema, type SelectionSetNode } from 'graphql';

/** Coordinates of the fields whose values a field is made from, through any number of steps (`@requires` of a supergraph). */
export type Derived = ReadonlyMap<string, ReadonlySet<string>>;

/** Reads them from a supergraph's schema, where `@requires` stands in `@join__field`. A derived field is as strict as its strictest input (access.md). */
export function derivedFields(supergraphSchema: GraphQLSchema): Derived {
  const direct = new Map<string, Set<string>>();
  for (const type of Object.values(supergraphSchema.getTypeMap())) {
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const sources = new Set<string>();
      for (const text of requiredTexts(field.astNode?.directives ?? [])) note(supergraphSchema, type, selectionOf(text), sources);
      if (sources.size > 0) direct.set(`${type.name}.${field.name}`, sources);
    }
  }
  return new Map([...direct.keys()].map((coordinate) => [coordinate, reachedFrom(direct, coordinate)]));
}

function requiredTexts(directives: readonly { name: { value: string }; arguments?: readonly { name: { value: string }; value: { kind: string; value?: unknown } }[] | undefined }[]): string[] {
  const joins = directives.filter(({ name }) => name.value === 'join__field');
  return joins.flatMap((join) => (join.arguments ?? []).flatMap(({ name, value }) => (name.value === 'requires' && value.kind === Kind.STRING ? [String(value.value)] : [])));
}

function selectionOf(text: string): SelectionSetNode | undefined {
  const [definition] = parse(`{ ${text} }`, { noLocation: true }).definitions;
  return definition?.kind === Kind.OPERATION_DEFINITION ? definition.selectionSet : undefined;
}

function note(schema: GraphQLSchema, type: GraphQLNamedType, set: SelectionSetNode | undefined, sources: Set<string>): void {
  for (const node of set?.selections ?? []) {
    if (node.kind === Kind.INLINE_FRAGMENT) note(schema, (node.typeCondition && schema.getType(node.typeCondition.name.value)) ?? type, node.selectionSet, sources);
    if (node.kind !== Kind.FIELD) continue;
    for (const one of isAbstractType(type) ? schema.getPossibleTypes(type) : [type]) {
      const field = isObjectType(one) || isInterfaceType(one) ? one.getFields()[node.name.value] : undefined;
      if (!field) continue;
      sources.add(`${one.name}.${field.name}`);
      note(schema, getNamedType(field.type), node.selectionSet, sources);
    }
  }
}

function reachedFrom(direct: ReadonlyMap<string, ReadonlySet<string>>, coordinate: string): Set<string> {
  const met = new Set<string>();
  const pending = [...(direct.get(coordinate) ?? [])];
  for (let source = pending.pop(); source !== undefined; source = pending.pop()) {
    if (met.has(source)) continue;
    met.add(source);
    pending.push(...(direct.get(source) ?? []));
  }
  return met;
}
