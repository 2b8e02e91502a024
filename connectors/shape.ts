import type { Row, Stream } from './contract.ts';

/**
 * The field that keeps a row from having its stream's shape, null where it has it. Nearly every row has it: that is told
 * without zod, which builds a row of its own to tell it; the field is zod's.
 */
export function misshapenField(stream: Stream, row: Row): string | null {
  if (checkOf(stream)(row)) return null;
  const parsed = stream.shape.safeParse(row);
  return parsed.success ? null : String(parsed.error.issues[0]?.path[0] ?? '');
}

type Check = (value: unknown) => boolean;

function checkOf(stream: Stream): Check {
  let check = checks.get(stream);
  if (check === undefined) {
    check = checkFor(stream.shape);
    checks.set(stream, check);
  }
  return check;
}

const checks = new WeakMap<Stream, Check>();

/** As much of a zod type as its check needs. */
interface ZodType {
  def: { type: string; checks?: readonly unknown[]; catchall?: ZodType; shape?: Readonly<Record<string, ZodType>>; innerType?: ZodType; element?: ZodType; options?: readonly ZodType[] };
}

/** True only where zod would say so. What is not known here is never true: zod is asked. */
function checkFor(type: unknown): Check {
  const { type: kind, checks: narrower, catchall, shape, innerType, element, options } = (type as ZodType).def;
  if (narrower && narrower.length > 0) return never;
  if (kind === 'string') return (value) => typeof value === 'string';
  if (kind === 'number') return (value) => typeof value === 'number' && Number.isFinite(value);
  if (kind === 'boolean') return (value) => typeof value === 'boolean';
  if (kind === 'optional' && innerType) return either((value) => value === undefined, checkFor(innerType));
  if (kind === 'nullable' && innerType) return either((value) => value === null, checkFor(innerType));
  if (kind === 'union' && options) return options.map(checkFor).reduce(either);
  if (kind === 'array' && element) return listOf(checkFor(element));
  if (kind === 'object' && shape && catchall?.def.type === 'unknown') return objectOf(shape);
  return never;
}

const never: Check = () => false;

function either(a: Check, b: Check): Check {
  return (value) => a(value) || b(value);
}

function listOf(element: Check): Check {
  return (value) => Array.isArray(value) && value.every(element);
}

function objectOf(shape: Readonly<Record<string, ZodType>>): Check {
  const fields = Object.entries(shape).map(([name, type]) => [name, checkFor(type)] as const);
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    for (const [name, check] of fields) if (!check((value as Row)[name])) return false;
    return true;
  };
}
