import type { Row, Stream } from './contract.ts';
import { normalised } from './rules.ts';
import { columnName } from './sound.ts';

/**
 * What a version has that its declaration does not know: fields, those of nested objects as `parties.name`, each once, and
 * fields whose value is in none of the lists that the department may add to. It is reported and stops nothing. Names only: a
 * value may be about a person. `row` is without what is never stored.
 */
export function driftOf(stream: Stream, row: Row): string[] {
  const known = stream.shape.shape;
  const drift = Object.keys(row).filter((name) => !Object.hasOwn(known, name));
  for (const [field, names] of nestedFields(stream)) if (row[field] !== undefined && row[field] !== null) drift.push(...strangeWithin(field, row[field], names));
  for (const [field, values] of Object.entries(stream.reportedLists ?? {})) if (Object.hasOwn(row, field) && !values.includes(normalised(row[field]) ?? '')) drift.push(field);
  return drift.map(columnName);
}

function strangeWithin(field: string, value: unknown, names: Readonly<Record<string, unknown>>): Set<string> {
  const strange = new Set<string>();
  for (const item of Array.isArray(value) ? value : [value]) {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) continue;
    for (const name of Object.keys(item)) if (!Object.hasOwn(names, name) && strange.size < strangeMax) strange.add(`${field}.${name}`);
  }
  return strange;
}

const strangeMax = 100;

/** Fields that hold an object or a list of objects, with the names that those may have. */
function nestedFields(stream: Stream): ReadonlyMap<string, Readonly<Record<string, unknown>>> {
  let nested = nestedOf.get(stream);
  if (nested === undefined) {
    const shapes = Object.entries(stream.shape.shape).map(([field, type]) => [field, objectShape(type)] as const);
    nested = new Map(shapes.filter((entry): entry is [string, Readonly<Record<string, unknown>>] => entry[1] !== undefined));
    nestedOf.set(stream, nested);
  }
  return nested;
}

const nestedOf = new WeakMap<Stream, ReadonlyMap<string, Readonly<Record<string, unknown>>>>();

/** As much of a zod type as tells where its object is: optional, nullable, a list, one of several. */
interface ZodType {
  shape?: Readonly<Record<string, unknown>>;
  def?: { innerType?: ZodType; element?: ZodType; options?: readonly ZodType[] };
}

function objectShape(type: unknown): Readonly<Record<string, unknown>> | undefined {
  const { shape, def } = type as ZodType;
  if (shape !== undefined) return shape;
  const inner = [def?.innerType, def?.element, ...(def?.options ?? [])].filter((one) => one !== undefined);
  return inner.map(objectShape).find((one) => one !== undefined);
}

/** After the name of a declared column that its source no longer has. */
export const missingMark = ' (missing)';
