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
