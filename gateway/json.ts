import { isEnumType, isSpecifiedScalarType, type GraphQLLeafType } from 'graphql';

/** The JSON text of a leaf's value; `null` for one that the type does not have. */
export type WriteLeaf = (value: unknown) => string;

/**
 * Leaves pass as their subgraph wrote them, where the schema's type has such a value: the same ones as in @apollo/gateway.
 * A custom scalar may be anything that JSON has.
 */
export function leafWriter(type: GraphQLLeafType): WriteLeaf {
  if (isEnumType(type)) {
    const texts = new Map(type.getValues().map(({ name }) => [name, JSON.stringify(name)]));
    return (value) => (typeof value === 'string' ? texts.get(value) : undefined) ?? 'null';
  }
  return isSpecifiedScalarType(type) ? (specified[type.name] ?? writeAny) : writeAny;
}

/** The JSON text of a string. Most need no escape, and looking is cheaper than `JSON.stringify`. */
export function writeString(value: string): string {
  return value.length < longCharacters && !escaped.test(value) ? `"${value}"` : JSON.stringify(value);
}

const longCharacters = 5_000;
/** Quotes, backslashes, control characters, and surrogates, which may stand alone. */
const escaped = /["\\\u0000-\u001f\ud800-\udfff]/;

const isWhole = (value: unknown): value is number => typeof value === 'number' && Number.isInteger(value);
const specified: Record<string, WriteLeaf> = {
  String: (value) => (typeof value === 'string' ? writeString(value) : 'null'),
  ID: (value) => (typeof value === 'string' ? writeString(value) : isWhole(value) ? String(value) : 'null'),
  Int: (value) => (isWhole(value) ? String(value) : 'null'),
  Float: (value) => (typeof value === 'number' && Number.isFinite(value) ? String(value) : 'null'),
  Boolean: (value) => (value === true ? 'true' : value === false ? 'false' : 'null'),
};

function writeAny(value: unknown): string {
  if (typeof value === 'string') return writeString(value);
  try {
    return JSON.stringify(value) ?? 'null';
  } catch {
    return 'null'; // nested deeper than the stack, or no JSON at all
  }
}
