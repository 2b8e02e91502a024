import { afterAll, beforeAll, expect, test } from 'vitest';
import { engineOver, faultySubgraph, federated, type FaultySubgraph } from './faulty.ts';

/** Names that a plan makes, beside those of the caller. */
const shopSdl = `${federated('"@key"')} type Query { item(id: ID = "1"): Item either: Either } type Item @key(fields: "id") { id: ID! title: String } union Either = A | B type A { z: Int } type B { z: Int! }`;
const stockSdl = `${federated('"@key"')} type Query { open: Boolean } type Item @key(fields: "id") { id: ID! left(of: Int): Int either: Other } union Other = C | D type C { z: Int } type D { z: Int! }`;
let shop: FaultySubgraph;
let stock: FaultySubgraph;
let hub: Awaited<ReturnType<typeof engineOver>>;
beforeAll(async () => {
  shop = await faultySubgraph(shopSdl, { Query: { item: (_: unknown, { id }: { id: string }) => ({ id, title: 't' }), either: () => ({ __typename: 'B', z: () => { throw new Error('no'); } }) } });
  stock = await faultySubgraph(stockSdl, { Item: { __resolveReference: ({ id }: { id: string }) => ({ id, left: ({ of }: { of: number }) => of, either: { __typename: 'D', z: () => { throw new Error('no'); } } }) } });
  hub = await engineOver({ shop: { sdl: shopSdl, at: shop }, stock: { sdl: stockSdl, at: stock } });
});
afterAll(async () => {
  await hub?.close();
  await Promise.all([shop?.close(), stock?.close()]);
});

test.each(['representations', '__batch_reps_0', '__var_representations', 'v'])('a variable called `%s`', async (name) => {
  const query = `query ($${name}: Int, $b: Boolean = true) { item { title left(of: $${name}) @include(if: $b) } other: item(id: "2") { left(of: 2) } }`;
  expect(await hub.ask(query, { [name]: 7 })).toEqual({ data: { item: { title: 't', left: 7 }, other: { left: 2 } } });
});

test('a condition on a variable called as one of a plan', async () => {
  const query = 'query ($representations: Boolean!) { item { title ... @include(if: $representations) { left(of: 1) } } }';
  expect(await hub.ask(query, { representations: true })).toEqual({ data: { item: { title: 't', left: 1 } } });
  expect(await hub.ask(query, { representations: false })).toEqual({ data: { item: { title: 't' } } });
});

test('errors name places by the caller’s keys, whatever a plan called them', async () => {
  const root = await hub.ask('{ either { ... on A { z } ... on B { z } } }');
  expect(shop.asked.at(-1)?.query).toContain('alias');
  expect(root.errors?.map(({ path }) => path)).toEqual([['either', 'z']]);
  const joined = await hub.ask('{ item { either { ... on C { z } ... on D { z } } } }');
  expect(stock.asked.at(-1)?.query).toContain('alias');
  expect(joined.errors?.map(({ path }) => path)).toEqual([['item', 'either', 'z']]);
});
