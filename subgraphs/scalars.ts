import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from 'graphql';

/** Resolvers of the scalars in `schema/common.graphql`, the same in every subgraph. */
export const scalars = {
  DateTime: scalar('DateTime', instant, asRfc3339),
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

/** RFC 3339 of a day that there is, where `Date` reads 31 February as 3 March; in UTC, too, its year is one of four digits. */
function instant(text: string): Date | undefined {
  const [, date] = /^(\d{4}-\d\d-\d\d)T(?!24)\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/.exec(text) ?? [];
  if (date === undefined || day(date) === undefined) return undefined;
  const read = new Date(text);
  return isCounted(read) ? read : undefined;
}

/** Departments' tables give instants as PostgreSQL writes them: `2026-03-02 08:20:00.5+00`. */
function asRfc3339(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  const parts = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d(?:\.\d+)?)([+-]\d\d)(?::?(\d\d))?$/.exec(String(value));
  return parts ? new Date(`${parts[1]}T${parts[2]}${parts[3]}:${parts[4] ?? '00'}`).toISOString() : value;
}

function day(text: string): string | undefined {
  const midnight = /^\d{4}-\d\d-\d\d$/.test(text) ? new Date(`${text}T00:00:00Z`) : undefined;
  return midnight && isCounted(midnight) && midnight.toISOString().startsWith(text) ? text : undefined;
}

/** There is no year 0, PostgreSQL says, and none of five digits, says RFC 3339. False for a date that is none. */
function isCounted(date: Date): boolean {
  const year = date.getUTCFullYear();
  return year >= 1 && year <= 9999;
}

function decimal(text: string): string | undefined {
  return /^-?\d{1,30}(\.\d{1,30})?$/.test(text) ? text : undefined;
}
