import { afterAll, expect, test } from 'vitest';
import { engineOver, faultySubgraph, federated, type FaultySubgraph } from './faulty.ts';

const open: FaultySubgraph[] = [];
afterAll(async () => void (await Promise.all(open.map((one) => one.close()))));

async function over(subgraphs: Record<string, { sdl: string; resolvers: Record<string, unknown> }>) {
  const served = await Promise.all(Object.entries(subgraphs).map(async ([name, { sdl, resolvers }]) => [name, { sdl: `${federated('"@key", "@interfaceObject"')} ${sdl}`, at: await faultySubgraph(`${federated('"@key", "@interfaceObject"')} ${sdl}`, resolvers) }] as const));
  open.push(...served.map(([, { at }]) => at));
  return engineOver(Object.fromEntries(served));
}

// Found by the differential campaign (seed 900016): both planners, and so the reference, give up on this fragment.
test('an interface of an interface object narrowed to another interface is written out for its types, and answered', async () => {
  const media = { sdl: 'type Query { first: Media } type Media @key(fields: "id") @interfaceObject { id: ID! }', resolvers: { Query: { first: () => ({ id: 'a' }) } } };
  const types = { sdl: 'interface Item { label: String } interface Media @key(fields: "id") { id: ID! } type A implements Item & Media @key(fields: "id") { id: ID! label: String } type B implements Media @key(fields: "id") { id: ID! }', resolvers: { Media: { __resolveReference: ({ id }: { id: string }) => ({ __typename: 'A', id }) }, A: { label: ({ id }: { id: string }) => `label ${id}` } } };
  const { ask, close } = await over({ media, types });
  expect(await ask('{ first { id ...F } } fragment F on Item { label }')).toEqual({ data: { first: { id: 'a', label: 'label a' } } });
  await close();
});

// The public federation audit, non-resolvable-interface-object: composition lets the graph through, and nobody has the field.
test('a field that nobody can be asked about is an error, not an empty answer', async () => {
  const a = { sdl: 'interface Node @key(fields: "id") { id: ID! } type Query { a: Node }', resolvers: { Query: { a: () => ({ __typename: 'Node', id: '1' }) } } };
  const b = { sdl: 'type Node @key(fields: "id", resolvable: false) @interfaceObject { id: ID! field: String } type Query { b: Node }', resolvers: { Query: { b: () => ({ id: '1' }) }, Node: { field: () => 'foo' } } };
  const { ask, close } = await over({ a, b });
  await expect(ask('{ a { field } }')).rejects.toMatchObject({ code: 'INTERNAL' });
  expect(await ask('{ b { field } }')).toEqual({ data: { b: { field: 'foo' } } });
  expect(await ask('{ __typename }')).toEqual({ data: { __typename: 'Query' } });
  await close();
});

// Found by the differential campaign (seed 8200019): of several types that ask the interface's object for something, the
// native planner kept one.
test.each([
  '{ first { ...F } } fragment F on Either { ... on Media { more } }',
  '{ first { ... on A { more } ... on C { more } } }',
  '{ first { ... on C { more } ... on A { more } } }',
  '{ first { ... on A { more } ... on C { other } } }',
])('each type of an interface object is asked for what it is to tell: %s', async (query) => {
  const media = { sdl: 'type Query { first: Media } type B @key(fields: "id") { id: ID! } type V { v: String } union Either = B | V type Media @key(fields: "id") @interfaceObject { id: ID! more: String other: String }', resolvers: { Query: { first: () => ({ id: 'a' }) }, Media: { __resolveReference: ({ id }: { id: string }) => ({ id, more: `more ${id}`, other: 'other' }) } } };
  const types = { sdl: 'interface Media @key(fields: "id") { id: ID! } type A implements Media @key(fields: "id") { id: ID! } type C implements Media @key(fields: "id") { id: ID! } union Either = A | C', resolvers: { Media: { __resolveReference: ({ id }: { id: string }) => ({ __typename: 'A', id }) } } };
  const { ask, close } = await over({ media, types });
  expect(await ask(query)).toEqual({ data: { first: { more: 'more a' } } });
  await close();
});

// Found by the differential campaign (seed 8500015): the representation went out as `B`, which this subgraph does not know.
test('a subgraph with an interface object is asked by the interface, never by a type behind it', async () => {
  const media = { sdl: 'type Query { first: Media } type Media @key(fields: "id") @interfaceObject { id: ID! more: String }', resolvers: { Query: { first: () => ({ id: 'a' }) }, Media: { __resolveReference: ({ id }: { id: string }) => ({ id }) } } };
  const types = { sdl: 'interface Media @key(fields: "id") { id: ID! } type B implements Media @key(fields: "id") { id: ID! }', resolvers: { Media: { __resolveReference: ({ id }: { id: string }) => ({ __typename: 'B', id }) } } };
  const { ask, close } = await over({ media, types });
  expect(await ask('query ($v: Boolean!) { first { ... on B { ...F @include(if: $v) id } } } fragment F on B { id }', { v: true })).toEqual({ data: { first: { id: 'a' } } });
  await close();
});
