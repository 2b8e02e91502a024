import { TypeInfo, getNamedType, isLeafType, parse, visit, visitWithTypeInfo, type DocumentNode, type GraphQLSchema } from 'graphql';

/**
 * Leaf fields of an operation that an answer gave in full: some value stands where they were asked, and the answer lists
 * them neither as masked nor as withheld.
 */
export function givenInFull(schema: GraphQLSchema, query: string, data: unknown, listed: ReadonlySet<string>): string[] {
  const document = parsed(query);
  if (!document) return [];
  const info = new TypeInfo(schema);
  const path: string[] = [];
  const given = new Set<string>();
  visit(document, visitWithTypeInfo(info, {
    Field: {
      enter(node) {
        path.push(node.alias?.value ?? node.name.value);
        const [parent, type] = [info.getParentType(), info.getType()];
        const coordinate = `${parent?.name}.${node.name.value}`;
        if (parent && type && !node.name.value.startsWith('__') && isLeafType(getNamedType(type)) && !listed.has(coordinate) && hasValue(data, path)) given.add(coordinate);
      },
      leave: () => void path.pop(),
    },
  }));
  return [...given].sort();
}

/** Whether any object along the path, through every list, holds a value at its end. */
function hasValue(value: unknown, path: readonly string[]): boolean {
  if (Array.isArray(value)) return value.some((item) => hasValue(item, path));
  const [key, ...rest] = path;
  if (key === undefined) return value !== null && value !== undefined;
  return typeof value === 'object' && value !== null && hasValue((value as Record<string, unknown>)[key], rest);
}

function parsed(query: string): DocumentNode | undefined {
  try {
    return parse(query);
  } catch {
    return undefined; // the answer says what is wrong with it
  }
}
