import { afterAll, expect, test } from 'vitest';
import { engineOver, faultySubgraph, federated, type FaultySubgraph } from './faulty.ts';

const open: FaultySubgraph[] = [];
afterAll(async () => void (await Promise.all(open.map((one) => one.close()))));

const directives = '"@key", "@interfaceObject", "@shareable", "@requires", "@external"';

async function over(subgraphs: Record<string, { sdl: string; resolvers: Record<string, unknown> }>) {
  const served = await Promise.all(Object.entries(subgraphs).map(async ([name, { sdl, resolvers }]) => [name, { sdl: `${federated(directives)} ${sdl}`, at: await faultySubgraph(`${federated(directives)} ${sdl}`, resolvers) }] as const));
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

// Found by the differential campaign (seed 9600001): the native planner asked for `b1{b1}`, which no subgraph reads.
test('a plan whose call no subgraph would read is not used', async () => {
  const own = { sdl: 'type Query { one: B } type B @key(fields: "id") @key(fields: "code") { id: ID! code: String! told: String b1: B @shareable }', resolvers: { Query: { one: () => ({ id: '1' }) }, B: { __resolveReference: (key: { id?: string; code?: string }) => ({ id: key.id ?? key.code!.slice(1) }), code: ({ id }: { id: string }) => `c${id}`, told: ({ id }: { id: string }) => `t${id}`, b1: ({ id }: { id: string }) => ({ id: String(Number(id) + 1) }) } } };
  const other = { sdl: 'type B @key(fields: "id") @key(fields: "code") { id: ID! code: String! b1: B @shareable made: String @requires(fields: "told") told: String @external }', resolvers: { B: { __resolveReference: (key: object) => key, id: ({ id, code }: { id?: string; code?: string }) => id ?? code!.slice(1), b1: ({ id, code }: { id?: string; code?: string }) => ({ id: String(Number(id ?? code!.slice(1)) + 1) }), made: ({ told }: { told: string }) => `made of ${told}` } } };
  const { ask, close } = await over({ own, other });
  const asked = '{ one { b1 { id } made @include(if: true) ... { b1 { id @include(if: false) ... { b1 { made ...F } } id } } id } } fragment F on B { __typename }';
  expect(await ask(asked)).toEqual({ data: { one: { id: '1', made: 'made of t1', b1: { id: '2', b1: { made: 'made of t3', __typename: 'B' } } } } });
  await close();
});

// Found by the differential campaign (seed 12700039): the native planner asked for `id` by `id`, and nobody was asked.
test('a plan that names entities by what it is to tell of them is not used', async () => {
  const at = (key: { id?: string; code?: string }) => ({ ...key, id: key.id ?? key.code!.slice(1), code: key.code ?? `c${key.id}` });
  const a = { sdl: 'type Query { one: A } type A @key(fields: "code") { code: String! label: String next: A }', resolvers: { Query: { one: () => ({ code: 'c1' }) }, A: { __resolveReference: at, label: ({ code }: { code: string }) => `label of ${code}`, next: () => ({ code: 'c2' }) } } };
  const b = { sdl: 'type A @key(fields: "id") @key(fields: "code") { id: ID! code: String! after: A made: String @requires(fields: "label part") label: String @external part: String @external }', resolvers: { A: { __resolveReference: at, after: () => at({ id: '3' }), made: ({ label, part }: Record<string, string>) => `made of ${label} and ${part}` } } };
  const c = { sdl: 'type A @key(fields: "id") { id: ID! part: String @requires(fields: "label") label: String @external }', resolvers: { A: { __resolveReference: (key: object) => key, part: ({ label }: { label: string }) => `part of ${label}` } } };
  const { ask, close } = await over({ a, b, c });
  expect(await ask('{ one { next { after { code } made } } }')).toEqual({ data: { one: { next: { after: { code: 'c3' }, made: 'made of label of c2 and part of label of c2' } } } });
  await close();
});
