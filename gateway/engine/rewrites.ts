import type { JsonObject } from '../shape.ts';
import { isObject } from './merge.ts';
import type { Path, Rewrite } from './plan.ts';
import type { IsOfType } from './types.ts';

/** Applies a plan's rewrites in place: types and keys that a subgraph knows under other names, aliases that kept fields apart. */
export function rewrite(rewrites: readonly Rewrite[], value: unknown, isOfType: IsOfType): void {
  for (const one of rewrites) {
    const last = one.path.at(-1);
    if (typeof last !== 'string' || last === '__proto__') continue;
    atPath(value, one.path.slice(0, -1), isOfType, (object) => change(object, last, one));
  }
}

/**
 * A place of a subgraph's answer by the keys that it has after the rewrites: errors name it. Types of the path are not
 * known here and need not be: an alias of a plan stands for one thing in a call.
 */
export function renamed(rewrites: readonly Rewrite[], place: readonly (string | number)[]): readonly (string | number)[] {
  const keysAt = [...place.keys()].filter((at) => typeof place[at] === 'string');
  const found = [...place];
  for (const one of rewrites) {
    if (one.kind !== 'rename') continue;
    const path = one.path.filter((segment) => typeof segment === 'string');
    const last = keysAt[path.length - 1];
    if (last !== undefined && path.every((segment, at) => found[keysAt[at]!] === segment)) found[last] = one.to;
  }
  return found;
}

function change(object: JsonObject, key: string, one: Rewrite): void {
  if (one.kind === 'set') object[key] = one.value;
  else if (Object.hasOwn(object, key)) {
    object[one.to] = object[key];
    if (one.to !== key) delete object[key];
  }
}

function atPath(value: unknown, path: Path, isOfType: IsOfType, apply: (object: JsonObject) => void): void {
  if (Array.isArray(value)) for (const item of value) atPath(item, path, isOfType, apply);
  if (!isObject(value)) return;
  const [segment, ...rest] = path;
  if (segment === undefined) apply(value);
  else if (typeof segment === 'string') {
    if (Object.hasOwn(value, segment)) atPath(value[segment], rest, isOfType, apply);
  } else {
    const name = value['__typename'];
    if (name === undefined || segment.types.some((type) => isOfType(name, type))) atPath(value, rest, isOfType, apply);
  }
}
