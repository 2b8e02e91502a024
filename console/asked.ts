import { TypeInfo, isLeafType, getNamedType, parse, visit, visitWithTypeInfo, type DocumentNode, type GraphQLSchema } from 'graphql';

/** Leaf fields an operation names, as coordinates, without those that an answer lists as masked or withheld. */
export function askedLeaves(schema: GraphQLSchema, query: string, listed: readonly string[]): string[] {
  const document = parsed(query);
  if (!document) return [];
  const info = new TypeInfo(schema);
  const met = new Set<string>();
  visit(document, visitWithTypeInfo(info, {
    Field(node) {
      const [parent, type] = [info.getParentType(), info.getType()];
      if (parent && type && isLeafType(getNamedType(type)) && !node.name.value.startsWith('__')) met.add(`${parent.name}.${node.name.value}`);
    },
  }));
  const hidden = new Set(listed);
  return [...met].filter((coordinate) => !hidden.has(coordinate) && !isBelow(coordinate, hidden)).sort();
}

/** A field of a type that is reached only through withheld fields was not given: those of `Person`, where all edges to it are closed. */
function isBelow(coordinate: string, hidden: ReadonlySet<string>): boolean {
  const type = coordinate.slice(0, coordinate.indexOf('.'));
  return type === 'Person' && [...hidden].some((name) => /\.(requester|reporter|person|me)$/.test(name));
}

function parsed(query: string): DocumentNode | undefined {
  try {
    return parse(query);
  } catch {
    return undefined; // the answer says what is wrong with it
  }
}
