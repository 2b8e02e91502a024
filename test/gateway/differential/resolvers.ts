import { GraphQLError } from 'graphql';
import type { Resolvers } from '../../../subgraphs/build.ts';
import { codeOf, idOf, isMissing, refOf, valueOf, type Thing, type Types } from './values.ts';
import { type FieldSpec, type ObjectSpec, type RootSpec, type World } from './world.ts';

/** Counts calls of `tick…` in all subgraphs of one execution. */
export interface Ticks {
  count: number;
}

interface Known extends Thing {
  /** What the gateway told of an entity. */
  told?: Record<string, unknown>;
}

/** What one subgraph answers with. */
export function subgraphResolvers(world: World, at: number, ticks: Ticks): Resolvers {
  const types = typesAt(world, at);
  const resolvers: Record<string, Record<string, unknown>> = { Query: rootResolvers(world, world.roots, at, types, ticks) };
  if (world.mutations.some((one) => one.in.includes(at))) resolvers['Mutation'] = rootResolvers(world, world.mutations, at, types, ticks);
  for (const object of world.objects) {
    if (object.stubs.includes(at)) resolvers[object.name] = { __resolveReference: resolveReference(world) };
    else if (object.in.includes(at)) resolvers[object.name] = { ...keyResolvers(object.keys.get(at)!), ...objectResolvers(world, object, at, types), __resolveReference: resolveReference(world) };
    else if (!object.isEntity) resolvers[object.name] = Object.fromEntries(object.fields.map((field) => [field.name, (source: Thing, args: unknown) => valueOf(world, source, field, args, types)]));
  }
  for (const { name } of [...world.interfaces.filter((one) => one.in.includes(at)), ...world.unions.filter((one) => one.members.has(at))]) resolvers[name] = { __resolveType: (source: Thing) => source.__typename };
  return { ...resolvers, ...mediaResolvers(world, at, types) } as Resolvers;
}

/** Object types behind a type's name, as one subgraph knows them. */
export function typesAt(world: World, at: number): Types {
  return (name) => {
    if (name === world.interfaceObject?.name) return world.interfaceObject.members;
    return world.interfaces.find((one) => one.name === name)?.members ?? world.unions.find((one) => one.name === name)?.members.get(at) ?? [name];
  };
}

/** Media's own fields are of the id alone, whichever type stands behind it. */
export function asMedia(source: Thing): Thing {
  return { __typename: 'Media', id: source.id };
}

/** What stands for an input that a derived field was asked for without. */
export const untold = 'UNTOLD';

export function derived(field: FieldSpec, told: Record<string, unknown>): string {
  return `${field.name} from ${field.requires.map(({ name }) => (name in told ? JSON.stringify(told[name], withoutTypename) : untold)).join(' ')}`;
}

function withoutTypename(key: string, value: unknown): unknown {
  return key === '__typename' ? undefined : value;
}

function rootResolvers(world: World, roots: readonly RootSpec[], at: number, types: Types, ticks: Ticks): Record<string, unknown> {
  const here = roots.filter((one) => one.in.includes(at));
  const of = { __typename: roots === world.roots ? 'Query' : 'Mutation', id: '' };
  return Object.fromEntries(here.map((field) => [field.name, (_source: unknown, args: unknown) => (field.ticks ? (ticks.count += 1) : valueOf(world, of, field, args, types))]));
}

function keyResolvers(keys: readonly string[]): Record<string, unknown> {
  const all = keys.join(' ');
  return {
    ...(/\bid\b/.test(all) ? { id: ({ id }: Thing) => id } : {}),
    ...(/\bcode\b/.test(all) ? { code: ({ id }: Thing) => codeOf(id) } : {}),
    ...(/\bref\b/.test(all) ? { ref: ({ id }: Thing) => refOf(id) } : {}),
  };
}

function objectResolvers(world: World, object: ObjectSpec, at: number, types: Types): Record<string, unknown> {
  const resolver = (field: FieldSpec) => {
    if (field.overridden === at) return () => {
      throw new GraphQLError('this field was taken over', { extensions: { code: 'GONE' } });
    };
    if (field.requires.length > 0) return ({ told = {} }: Known) => derived(field, told);
    return (source: Thing, args: unknown) => valueOf(world, source, field, args, types);
  };
  const here = object.fields.filter((one) => one.in.includes(at) || one.overridden === at);
  const external = object.fields.filter((one) => !here.includes(one));
  const given = external.map((field) => [field.name, ({ told, ...source }: Known, args: unknown) => (told && field.name in told ? told[field.name] : valueOf(world, source, field, args, types))]);
  return Object.fromEntries([...given.filter(([name]) => isDefined(world, object, at, String(name))), ...here.map((field) => [field.name, resolver(field)])]);
}

/** As `@external` in the SDL of this subgraph. */
function isDefined(world: World, object: ObjectSpec, at: number, name: string): boolean {
  const required = object.fields.some((one) => one.in.includes(at) && one.requires.some((field) => field.name === name));
  const givers = [...world.roots, ...world.objects.flatMap(({ fields }) => fields)].filter((one) => one.in.includes(at) && one.type.name === object.name);
  return required || givers.some((one) => one.provides.includes(name));
}

function resolveReference(world: World): unknown {
  return (told: Record<string, unknown>) => {
    const id = idOf(told);
    return id === undefined || isMissing(world, id) ? null : { __typename: told['__typename'], id, told };
  };
}

function mediaResolvers(world: World, at: number, types: Types): Record<string, Record<string, unknown>> {
  const spec = world.interfaceObject;
  const typename = (id: string) => spec?.members.find((name) => id.startsWith(name));
  const found = ({ id }: { id: string }) => (isMissing(world, id) ? null : { __typename: typename(id), id });
  if (spec?.interfaceIn === at) return { [spec.name]: { __resolveType: (source: Thing) => source.__typename, __resolveReference: found } };
  if (spec?.objectIn !== at) return {};
  const fields = spec.fields.map((field) => [field.name, (source: Thing, args: unknown) => valueOf(world, asMedia(source), field, args, types)]);
  return { [spec.name]: { ...Object.fromEntries(fields), __resolveReference: ({ id }: { id: string }) => (isMissing(world, id) ? null : { __typename: spec.name, id }) } };
}

