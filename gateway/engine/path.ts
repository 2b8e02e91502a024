import type { JsonObject } from '../shape.ts';
import { eachItem, type Path } from './plan.ts';
import type { IsOfType } from './types.ts';

/** Adds the objects that stand at a path of the answer to `found`, in order; each place is its own object. */
export function collect(value: unknown, path: Path, isOfType: IsOfType, found: JsonObject[], from = 0): void {
  if (typeof value !== 'object' || value === null) return;
  const segment = path[from];
  if (Array.isArray(value)) {
    const next = segment === eachItem ? from + 1 : from;
    for (const item of value) collect(item, path, isOfType, found, next);
  } else if (segment === undefined) found.push(value as JsonObject);
  else if (typeof segment === 'object') {
    if (isOneOf(value as JsonObject, segment.types, isOfType)) collect(value, path, isOfType, found, from + 1);
  } else if (segment !== eachItem && Object.hasOwn(value, segment)) collect((value as JsonObject)[segment], path, isOfType, found, from + 1);
}

/** Where an answer has something, as errors name it. */
export type Place = readonly (string | number)[];

/** The places of the objects that `collect` finds. Errors only: it costs more than collecting. */
export function placesOf(root: JsonObject, path: Path, isOfType: IsOfType): Map<JsonObject, Place> {
  const places = new Map<JsonObject, Place>();
  const walk = (value: unknown, from: number, place: Place): void => {
    if (typeof value !== 'object' || value === null) return;
    const segment = path[from];
    if (Array.isArray(value)) value.forEach((item, index) => walk(item, segment === eachItem ? from + 1 : from, [...place, index]));
    else if (segment === undefined) places.set(value as JsonObject, place);
    else if (typeof segment === 'object') {
      if (isOneOf(value as JsonObject, segment.types, isOfType)) walk(value, from + 1, place);
    } else if (segment !== eachItem && Object.hasOwn(value, segment)) walk((value as JsonObject)[segment], from + 1, [...place, segment]);
  };
  walk(root, 0, []);
  return places;
}

// An object that does not tell its type may be of any.
function isOneOf(value: JsonObject, types: readonly string[], isOfType: IsOfType): boolean {
  const name = value['__typename'];
  return name === undefined || types.some((type) => isOfType(name, type));
}
