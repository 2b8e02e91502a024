import { afterAll, beforeAll, expect, test } from 'vitest';
import { engineOver, faultySubgraph, federated, type FaultySubgraph } from './faulty.ts';

// A directive that every subgraph defines is one of the graph, and for the subgraphs to act on.
const head = `${federated('"@key"')} directive @upper(on: Boolean = true) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT | QUERY | MUTATION`;
const shopSdl = `${head} type Query { item: Item } type Mutation { add: Int } type Item @key(fields: "id") { id: ID! title: String }`;
const stockSdl = `${head} type Query { open: Boolean } type Item @key(fields: "id") { id: ID! left: Int }`;
let shop: FaultySubgraph;
let stock: FaultySubgraph;
let hub: Awaited<ReturnType<typeof engineOver>>;
beforeAll(async () => {
  shop = await faultySubgraph(shopSdl, { Query: { item: () => ({ id: '1', title: 't' }) }, Mutation: { add: () => 1 } });
  stock = await faultySubgraph(stockSdl, { Item: { __resolveReference: ({ id }: { id: string }) => ({ id, left: 5 }) } });
  hub = await engineOver({ shop: { sdl: shopSdl, at: shop }, stock: { sdl: stockSdl, at: stock } });
});
afterAll(async () => {
  await hub?.close();
  await Promise.all([shop?.close(), stock?.close()]);
});

const item = { item: { left: 5, title: 't' } };
test.each<[string, object, RegExp, RegExp | undefined]>([
  ['{ item { left @upper(on: false) title @upper } }', item, /title ?@upper\b/, /left ?@upper\(on: ?false\)/],
  ['query Q($on: Boolean) { item { left @upper(on: $on) title } }', item, /title/, /left ?@upper\(on: ?\$on\)/],
  ['query Q @upper { item { left title } }', item, /query Q\w* ?@upper/, /query Q\w*\(.*\) ?@upper/],
  ['{ item { ...F @upper ... @upper(on: false) { left } } } fragment F on Item { title }', item, /@upper *{\s*title/, undefined], // where a fragment's fields are another subgraph's, Apollo's planner leaves its directive out
  ['mutation { add @upper }', { add: 1 }, /add ?@upper/, undefined],
])('%s reaches the subgraphs with its directives', async (query, data, first, second) => {
  for (const one of [shop, stock]) one.asked.length = 0;
  expect(await hub.ask(query, { on: false })).toEqual({ data });
  expect(shop.asked.map((call) => call.query).join()).toMatch(first);
  if (second) expect(stock.asked.map((call) => call.query).join()).toMatch(second);
  if (query.includes('$on')) expect(stock.asked[0]?.variables['on']).toBe(false);
});
