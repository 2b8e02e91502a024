import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from 'graphql';

/** Resolvers of the scalars in `schema/common.graphql`, the same in every subgraph. */
export const scalars = {
  DateTime: scalar('DateTime', instant, (value) => (value instanceof Date ? value.toISOString() : value)),
  Date: scalar('Date', day, (value) => value),
  Decimal: scalar('Decimal', decimal, (value) => (typeof value === 'number' ? String(value) : value)),
};

function scalar(name: string, parse: (text: string) => unknown, serialize: (value: unknown) => unknown): GraphQLScalarType {
  const read = (value: unknown) => {
    const parsed = typeof value === 'string' ? parse(value) : undefined;
    if (parsed === undefined) throw new GraphQLError(`not a ${name}`, { extensions: { code: 'BAD_REQUEST' } });
    return parsed;
  };
  return new GraphQLScalarType({ name, serialize, parseValue: read, parseLiteral: (node: ValueNode) => read(node.kind === Kind.STRING ? node.value : undefined) });
}

function instant(text: string): Date | undefined {
  const date = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(text) ? new Date(text) : undefined;
  return date && !Number.isNaN(date.getTime()) ? date : undefined;
}

function day(text: string): string | undefined {
  return /^\d{4}-\d\d-\d\d$/.test(text) && instant(`${text}T00:00:00Z`)?.toISOString().startsWith(text) ? text : undefined;
}

function decimal(text: string): string | undefined {
  return /^-?\d{1,30}(\.\d{1,30})?$/.test(text) ? text : undefined;
}
