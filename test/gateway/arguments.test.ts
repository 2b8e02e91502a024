import { afterAll, beforeAll, expect, test } from 'vitest';
import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';
import { openEngine } from '../../gateway/engine/main.ts';
import { withoutSecurityMarks } from '../../policy/federation/directive-names.ts';
import { readRequirements } from '../../policy/federation/requirements.ts';
import { engineOver, faultySubgraph, federated, type FaultySubgraph } from './faulty.ts';

/** `@requires` with arguments, and arguments from a context. */
const directives = '"@key", "@shareable", "@requires", "@external"';
const shopSdl = `${federated(directives)} type Query { p: P ps: [P] } type P @key(fields: "id") { id: ID! price(cur: String = "USD"): Int @shareable }`;
const shipSdl = `${federated(directives)} type Query { open: Boolean } type P @key(fields: "id") { id: ID! price(cur: String = "USD"): Int @external euros: String @requires(fields: "price(cur: \\"EUR\\")") yuan: String @requires(fields: "price(cur: \\"CNY\\")") self: P }`;
const prices: Record<string, number> = { USD: 1, EUR: 2, CNY: 3 };
let shop: FaultySubgraph;
let ship: FaultySubgraph;
const engines: Record<string, Awaited<ReturnType<typeof engineOver>>> = {};
beforeAll(async () => {
  const P = { price: ({ cur }: { cur: string }) => prices[cur] };
  shop = await faultySubgraph(shopSdl, { Query: { p: () => ({ id: '1', ...P }), ps: () => [{ id: '2', ...P }] }, P: { __resolveReference: (key: object) => ({ ...key, ...P }) } });
  ship = await faultySubgraph(shipSdl, { P: { __resolveReference: ({ id, price }: { id: string; price: number }) => ({ id, euros: `of ${price}`, yuan: `of ${price}`, self: { id } }) } });
  for (const planner of ['hive', 'apollo'] as const) engines[planner] = await engineOver({ shop: { sdl: shopSdl, at: shop }, ship: { sdl: shipSdl, at: ship } }, { ...(planner === 'apollo' ? { planner } : {}) });
});
afterAll(async () => {
  await Promise.all(Object.values(engines).map((one) => one.close()));
  await Promise.all([shop?.close(), ship?.close()]);
});

const right: [string, object][] = [
  ['{ p { euros yuan } }', { p: { euros: 'of 2', yuan: 'of 3' } }],
  ['{ p { price yuan } }', { p: { price: 1, yuan: 'of 3' } }],
  ['{ p { price(cur: "CNY") yuan } }', { p: { price: 3, yuan: 'of 3' } }],
  ['{ p { yuan } ps { euros } }', { p: { yuan: 'of 3' }, ps: [{ euros: 'of 2' }] }],
  ['query ($a: Boolean = true) { p { euros @skip(if: $a) yuan } }', { p: { yuan: 'of 3' } }],
  ['query ($a: Boolean = true) { p { price(cur: "USD") @include(if: $a) euros } }', { p: { price: 1, euros: 'of 2' } }],
  ['{ p { price self { euros } euros } }', { p: { price: 1, self: { euros: 'of 2' }, euros: 'of 2' } }],
];
test.each(['hive', 'apollo'].flatMap((planner) => right.map(([query, data]) => [planner, query, data] as const)))('%s: what is derived is made of what it requires, or refused: %s', async (planner, query, data) => {
  const answer = await engines[planner]!.ask(query).catch((error: unknown) => error);
  if ('code' in (answer as object)) expect(answer).toMatchObject({ code: 'BAD_REQUEST', hint: expect.stringMatching(/two operations/) });
  else expect(answer).toEqual({ data });
});

test('what a planner can plan rightly is not refused', async () => {
  for (const [query, data] of right.slice(0, 4)) expect(await engines['hive']!.ask(query)).toEqual({ data });
  for (const [query, data] of right.slice(2, 4)) expect(await engines['apollo']!.ask(query)).toEqual({ data });
});

test('a graph with a context is served, and a field that needs it is refused in so many words', async () => {
  const sdl = `${federated('"@key", "@context", "@fromContext"')} type Query { u: U! } type U @key(fields: "id") @context(name: "user") { id: ID! cur: String! t: T! } type T @key(fields: "id") { id: ID! name: String price(c: String @fromContext(field: "$user { cur }")): String }`;
  const at = await faultySubgraph(sdl.replace(/ @fromContext\([^)]*\)/, ''), { Query: { u: () => ({ id: '1', cur: 'EUR', t: { id: '2', name: 't' } }) } });
  const composed = composeServices([{ name: 'a', url: at.url, typeDefs: parse(sdl) }]).supergraphSdl!;
  expect(readRequirements(composed).none).toBe(true);
  const supergraphSdl = withoutSecurityMarks(composed);
  await expect(openEngine('apollo', { supergraphSdl, transport: { send: async () => ({ data: null }), close: async () => undefined }, headers: () => ({}) })).rejects.toMatchObject({ code: 'CONFIG', hint: expect.stringMatching(/fromContext/) });
  const { ask, close } = await engineOver({ a: { sdl, at } }, { supergraphSdl });
  expect(await ask('{ u { t { name } } }')).toEqual({ data: { u: { t: { name: 't' } } } });
  await expect(ask('{ u { t { price } } }')).rejects.toMatchObject({ code: 'BAD_REQUEST', hint: expect.stringMatching(/fromContext.*not support/) });
  await close();
  await at.close();
});
