import type { JsonObject } from '../shape.ts';

/**
 * Puts what a subgraph answered into what is known, in place. Where both have an object, or lists of one length, they are
 * merged; else the newer value stands (as in @apollo/gateway). With `copying`, `source` stays as it is and shares nothing
 * with `target`. Whoever wrote `source` is hostile: only own keys are read and `__proto__` is never set (threats.md, 21).
 */
export function merge(target: JsonObject, source: JsonObject, copying: boolean): void {
  for (const key in source) {
    if (key === '__proto__') continue;
    const value = source[key];
    if (value === undefined) continue;
    if (typeof value !== 'object' || value === null) target[key] = value;
    else mergeObject(target, key, value, copying);
  }
}

/** A copy that shares nothing with `value`. */
export function copyOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copyOf);
  const copy: JsonObject = {};
  merge(copy, value as JsonObject, true);
  return copy;
}

/**
 * False where `work` met values nested deeper than the stack: a scalar may be any JSON, and its subgraph is hostile
 * (threats.md, 21). Asked afterwards because looking at every value beforehand would cost every answer.
 */
export function withinStack(work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function mergeObject(target: JsonObject, key: string, value: object, copying: boolean): void {
  const known = Object.hasOwn(target, key) ? target[key] : undefined;
  if (isObject(known) && isObject(value)) merge(known, value, copying);
  else if (Array.isArray(known) && Array.isArray(value) && known.length === value.length) mergeLists(known, value, copying);
  else target[key] = copying ? copyOf(value) : value;
}

function mergeLists(known: unknown[], values: readonly unknown[], copying: boolean): void {
  values.forEach((value, index) => {
    const before = known[index];
    if (isObject(before) && isObject(value)) merge(before, value, copying);
    else if (Array.isArray(before) && Array.isArray(value) && before.length === value.length) mergeLists(before, value, copying);
    else known[index] = copying ? copyOf(value) : value;
  });
}
