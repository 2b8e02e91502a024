import { createHash } from 'node:crypto';
import { GraphQLError } from 'graphql';
import { leafTypes, type FieldSpec, type TypeSpec, type World } from './world.ts';

/** An object on its way through resolvers; `id` of an entity tells everything of it. */
export interface Thing {
  __typename: string;
  id: string;
}

const itemsMax = 4;
const entitiesOfType = 4;
const colours = ['RED', 'GREEN', 'BLUE'];

/**
 * What a field of an object gives: a function of the world's seed, the object, the field and its arguments alone, so that
 * every subgraph that resolves it, and a server that holds everything, give the same. Throws where it is to fail.
 */
export function valueOf(world: World, of: Thing, field: FieldSpec, args: unknown, types: Types): unknown {
  const place = `${of.__typename} ${of.id} ${field.name} ${JSON.stringify(args)}`;
  const mayFail = world.violations || !field.type.wraps.includes('!');
  if (mayFail && number(world, 'fault', place) % 100 < world.faults) throw new GraphQLError('fault', { extensions: { code: number(world, 'code', place) % 2 === 0 ? 'FORBIDDEN' : 'NOT_FOUND' } });
  return wrapped(world, field.type.wraps, field.type, place, types);
}

/** Which objects may stand where an abstract type is given. */
export type Types = (name: string) => readonly string[];

export function codeOf(id: string): string {
  return `code-${id}`;
}

export function refOf(id: string): { __typename: string; x: string } {
  return { __typename: 'Ref', x: `x-${id}` };
}

/** The id that one of an entity's keys tells, whichever it was. */
export function idOf(key: Record<string, unknown>): string | undefined {
  if (typeof key['id'] === 'string') return key['id'];
  if (typeof key['code'] === 'string') return key['code'].replace(/^code-/, '');
  const ref = key['ref'] as { x?: unknown } | undefined;
  return typeof ref?.x === 'string' ? ref.x.replace(/^x-/, '') : undefined;
}

export function isMissing(world: World, id: string): boolean {
  return number(world, 'missing', id) % 100 < world.missing;
}

function wrapped(world: World, wraps: string, type: TypeSpec, place: string, types: Types): unknown {
  const outer = wraps.at(-1);
  const inner = wraps.slice(0, -1);
  if (outer === '!') return notNull(world, inner, type, place, types);
  if (number(world, 'null', place) % 100 < world.nulls) return null;
  return present(world, wraps, type, place, types);
}

function notNull(world: World, wraps: string, type: TypeSpec, place: string, types: Types): unknown {
  if (world.violations && number(world, 'violation', place) % 100 < 2) return null;
  return present(world, wraps, type, place, types);
}

function present(world: World, wraps: string, type: TypeSpec, place: string, types: Types): unknown {
  if (wraps.at(-1) !== '[') return single(world, type.name, place, types);
  const count = number(world, 'count', place) % itemsMax;
  return Array.from({ length: count }, (_, index) => wrapped(world, wraps.slice(0, -1), type, `${place} ${index}`, types));
}

function single(world: World, name: string, place: string, types: Types): unknown {
  const chosen = number(world, 'value', place);
  if (!(leafTypes as readonly string[]).includes(name)) {
    const members = types(name);
    const type = members[chosen % members.length]!;
    return type === 'V' ? { __typename: 'V', id: `V${chosen % 50}` } : { __typename: type, id: `${type}${1 + (number(world, 'id', place) % entitiesOfType)}` };
  }
  if (name === 'Int') return chosen % 1000;
  if (name === 'Float') return (chosen % 1000) / 8;
  if (name === 'Boolean') return chosen % 2 === 0;
  if (name === 'Colour') return colours[chosen % colours.length];
  return `${place.replace(/[^\w ]/g, '').slice(0, 40)} ${chosen % 97}`;
}

function number(world: World, what: string, place: string): number {
  return createHash('md5').update(`${world.seed} ${what} ${place}`).digest().readUInt32BE(0);
}
