import { execute, type DocumentNode, type ExecutionResult, type GraphQLResolveInfo, type GraphQLSchema } from 'graphql';
import { asMedia, derived, typesAt, type Ticks } from './resolvers.ts';
import { codeOf, refOf, valueOf, type Thing } from './values.ts';
import type { FieldSpec, ObjectSpec, TypeSpec, World } from './world.ts';

/**
 * The third opinion: plain graphql-js over the whole schema, as if one server held everything. It has no opinion where an
 * entity is missing, because who then knows what is a matter of the subgraphs.
 */
export async function answerOfOne(world: World, schema: GraphQLSchema, document: DocumentNode, variables: Record<string, unknown>): Promise<ExecutionResult> {
  const ticks: Ticks = { count: 0 };
  return execute({ schema, document, variableValues: variables, rootValue: {}, fieldResolver: (source, args, _context, info) => resolved(world, source as Thing, args, info, ticks), typeResolver: (source) => (source as Thing).__typename });
}

function resolved(world: World, source: Thing, args: unknown, { parentType, fieldName }: GraphQLResolveInfo, ticks: Ticks): unknown {
  const roots = parentType.name === 'Query' ? world.roots : parentType.name === 'Mutation' ? world.mutations : undefined;
  if (roots) {
    const root = roots.find(({ name }) => name === fieldName)!;
    return root.ticks ? (ticks.count += 1) : valueOf(world, { __typename: parentType.name, id: '' }, root, args, typesAt(world, root.in[0]!));
  }
  if (fieldName === 'id') return source.id;
  if (fieldName === 'code') return codeOf(source.id);
  if (fieldName === 'ref') return refOf(source.id);
  if (fieldName === 'x') return (source as unknown as { x: string }).x;
  const more = world.interfaceObject?.fields.find(({ name }) => name === fieldName);
  if (more) return valueOf(world, asMedia(source), more, args, typesAt(world, more.in[0]!));
  const object = world.objects.find(({ name }) => name === source.__typename)!;
  return fieldValue(world, object, object.fields.find(({ name }) => name === fieldName)!, source, args);
}

function fieldValue(world: World, object: ObjectSpec, field: FieldSpec, source: Thing, args: unknown): unknown {
  if (field.requires.length === 0) return valueOf(world, source, field, args, typesAt(world, field.in[0] ?? 0));
  return derived(field, Object.fromEntries(field.requires.map((one) => [one.name, completed(world, object, one, source)])));
}

/** A required field as a gateway gets it: an error is null, and a null climbs as far as it must. */
function completed(world: World, object: ObjectSpec, field: FieldSpec, source: Thing): unknown {
  try {
    return complete(world, field.type, field.type.wraps, fieldValue(world, object, field, source, {}));
  } catch {
    return null;
  }
}

function complete(world: World, type: TypeSpec, wraps: string, value: unknown): unknown {
  const inner = wraps.slice(0, -1);
  if (wraps.endsWith('!')) {
    const present = complete(world, type, inner, value);
    if (present === null) throw new RangeError('a null climbs');
    return present;
  }
  if (value === null || value === undefined) return null;
  try {
    if (wraps.endsWith('[')) return (value as unknown[]).map((item) => complete(world, type, inner, item));
    if (type.name !== 'V') return value;
    const object = world.objects.find(({ name }) => name === 'V')!;
    return Object.fromEntries(object.fields.map((field) => [field.name, completedOrClimbs(world, object, field, value as Thing)]));
  } catch {
    return null;
  }
}

function completedOrClimbs(world: World, object: ObjectSpec, field: FieldSpec, source: Thing): unknown {
  const value = completed(world, object, field, source);
  if (value === null && field.type.wraps.endsWith('!')) throw new RangeError('a null climbs');
  return value;
}
