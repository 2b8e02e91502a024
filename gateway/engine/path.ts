import type { JsonObject } from '../shape.ts';
import { eachItem, type Path, type Segment } from './plan.ts';
import type { IsOfType } from './types.ts';

/** Adds the objects that stand at a path of the answer to `found`, in order; each place is its own object. */
export type Collect = (value: unknown, found: JsonObject[]) => void;

export function collector(path: Path, isOfType: IsOfType): Collect {
  const [segment, ...rest] = path;
  const each = (one: Collect, ofItem: Collect): Collect => (value, found) => {
    if (typeof value !== 'object' || value === null) return;
    if (Array.isArray(value)) for (const item of value) ofItem(item, found);
    else one(value, found);
  };
  const below = segment === undefined ? () => undefined : collector(rest, isOfType);
  const self: Collect = each(ofObject(segment, below, isOfType), (item, found) => (segment === eachItem ? below : self)(item, found));
  return self;
}

function ofObject(segment: Segment | undefined, below: Collect, isOfType: IsOfType): Collect {
  if (segment === undefined) return (value, found) => void found.push(value as JsonObject);
  if (segment === eachItem) return () => undefined;
  if (typeof segment === 'object') return (value, found) => isOneOf(value as JsonObject, segment.types, isOfType) && below(value, found);
  // A key may be called as something that every object inherits (threats.md, 21).
  if (segment in Object.prototype) return (value, found) => Object.hasOwn(value as JsonObject, segment) && below((value as JsonObject)[segment], found);
  return (value, found) => below((value as JsonObject)[segment], found);
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
