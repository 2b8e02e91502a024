import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ServerResponse } from 'node:http';
import { parse } from 'graphql';
import { normalHashOf } from '../../gateway/documents.ts';
import { engineOver, faultySubgraph, federated, type FaultySubgraph } from './faulty.ts';

/** pipeline.md, fault 31, and threats.md, 10 and 21: a subgraph that is down, slow, or answers garbage. */
const shopSdl = `${federated('"@key"')} type Query { items: [Item!] name: String } type Item @key(fields: "id") { id: ID! title: String }`;
const stockSdl = `${federated('"@key"')} type Query { open: Boolean } type Item @key(fields: "id") { id: ID! left: Int place: Place } type Place { street: String }`;
const callMsMax = 400;
let shop: FaultySubgraph;
let stock: FaultySubgraph;
let hub: Awaited<ReturnType<typeof engineOver>>;

beforeAll(async () => {
  shop = await faultySubgraph(shopSdl, { Query: { items: () => ['1', '2', '1'].map((id) => ({ id, title: `t${id}` })), name: () => 'shop' } });
  stock = await faultySubgraph(stockSdl, { Query: { open: () => true }, Item: { __resolveReference: ({ id }: { id: string }) => ({ id, left: Number(id), place: { street: `s${id}` } }) } });
  hub = await engineOver({ shop: { sdl: shopSdl, at: shop }, stock: { sdl: stockSdl, at: stock } }, { limits: { callMsMax, answerBytesMax: 80_000 }, operationMsMax: 1_200 });
  await hub.engine.prepare(parse('{ name }'), 'until the planners run'); // an operation's time holds for its plan too
});
beforeEach(() => {
  for (const one of [shop, stock]) Object.assign(one, { fault: undefined, asked: [] });
});
afterAll(async () => {
  await hub.close();
  await Promise.all([shop.close(), stock.close()]);
});

const query = '{ name items { title left place { street } } }';
const given = (left: (id: number) => number | null) => ({ name: 'shop', items: [1, 2, 1].map((id) => ({ title: `t${id}`, left: left(id), place: left(id) === null ? null : { street: `s${id}` } })) });
const text = (body: string) => (response: ServerResponse) => void response.setHeader('content-type', 'application/json').end(body);

test('an entity is asked about once, and fills every place where it stands', async () => {
  expect(await hub.ask(query)).toEqual({ data: given((id) => id) });
  expect(stock.asked.map(({ variables }) => variables)).toEqual([{ representations: [{ __typename: 'Item', id: '1' }, { __typename: 'Item', id: '2' }] }]);
});

describe('its fields are null with a typed error at each place, and the others answer in time', () => {
  test.each<[string, NonNullable<FaultySubgraph['fault']>]>([
    ['it hangs up', (response) => void response.destroy()],
    ['it never answers', () => undefined],
    ['it sends a byte now and then', (response) => {
      const timer = setInterval(() => response.write(' '), 50);
      response.on('close', () => clearInterval(timer));
    }],
    ['it answers with a login page', text('<html>10.1.2.3 login</html>')],
    ['it answers nothing', text('')],
    ['it answers a list', text('[]')],
    ['it answers half', text('{"data":{"_entities":[{"left":')],
    ['it answers too much', text(`{"data":{"_entities":[{"left":1,"x":"${'x'.repeat(90_000)}"},{}]}}`)],
    ['it answers about too few', text('{"data":{"_entities":[{"left":1}]}}')],
    ['it answers without a list', text('{"data":{}}')],
    ['it answers with null for the list', text('{"data":{"_entities":null}}')],
    ['it answers with values that are no entities', text('{"data":{"_entities":[1,"x"]}}')],
    ['it answers with no list', text('{"data":{"_entities":{"left":1}}}')],
  ])('%s', async (_name, fault) => {
    stock.fault = fault;
    const started = performance.now();
    const { data, errors } = await hub.ask(query);
    expect(data).toEqual(given(() => null));
    expect(errors?.map(({ extensions }) => extensions)).toEqual(errors?.map(() => ({ code: 'SUBGRAPH_UNAVAILABLE', subgraph: 'stock' })));
    expect(errors?.map(({ path }) => path)).toEqual([[0], [1], [2]].map(([index]) => ['items', index]));
    expect(JSON.stringify(errors)).not.toMatch(/10\.1\.2\.3|127\.0\.0\.1|html|ECONN|stack/);
    expect(performance.now() - started).toBeLessThan(callMsMax * 5);
  });

  test('a root field', async () => {
    shop.fault = (response) => void response.destroy();
    const { data, errors } = await hub.ask('{ __typename n: name items { left } open }');
    expect(data).toEqual({ __typename: 'Query', n: null, items: null, open: true });
    expect(errors?.map(({ path, extensions }) => [path, extensions['code']])).toEqual([[['n'], 'SUBGRAPH_UNAVAILABLE'], [['items'], 'SUBGRAPH_UNAVAILABLE']]);
  });
});

test('errors stand in the same order, whichever call ends first', async () => {
  const late = (response: ServerResponse) => void setTimeout(() => response.destroy(), 100);
  const atOnce = (response: ServerResponse) => void response.destroy();
  const told = async (ofShop: typeof late, ofStock: typeof late) => {
    shop.fault = ofShop;
    stock.fault = ofStock;
    return (await hub.ask('{ name open }')).errors?.map(({ path }) => path);
  };
  const first = await told(atOnce, late);
  expect(first).toHaveLength(2);
  expect(await told(late, atOnce)).toEqual(first);
});

test('the error of one entity is one at every place that it fills; of what it says only the code is told', async () => {
  stock.fault = text('{"data":{"_entities":[null,{"left":2,"place":null}]},"errors":[{"message":"SELECT 1","path":["_entities",0,"left"],"extensions":{"code":"DATABASE_UNAVAILABLE","stacktrace":["x"]}}]}');
  const { data, errors } = await hub.ask(query);
  expect(data).toMatchObject({ items: [{ left: null }, { left: 2, place: null }, { left: null }] });
  expect(errors?.map(({ path, extensions }) => [path, extensions])).toEqual([0, 2].map((at) => [['items', at, 'left'], { code: 'DATABASE_UNAVAILABLE', subgraph: 'stock' }]));
  expect(JSON.stringify(errors)).not.toContain('SELECT');
});

const entities = '{"data":{"_entities":[{"left":1,"place":{"street":"s1"}},{"left":2,"place":{"street":"s2"}}]}}';
const answering = (status: number, type: string, body: string) => (response: ServerResponse) => void response.writeHead(status, { 'content-type': type }).end(body);

describe('the status of an answer', () => {
  test.each<[number, string, string]>([
    [500, 'application/json', entities],
    [502, 'application/json; charset=utf-8', '{"errors":[{"message":"bad gateway","extensions":{"code":"FORBIDDEN"}}]}'],
    [503, 'application/json', '{"error":"no"}'],
    [302, 'text/html', ''],
    [204, 'application/graphql-response+json', ''],
    [500, 'application/graphql-response+json', '{"error":"no"}'],
  ])('%s in %s: it does not answer', async (status, type, body) => {
    stock.fault = answering(status, type, body);
    const { data, errors } = await hub.ask(query);
    expect(data).toEqual(given(() => null));
    expect(new Set(errors?.map(({ extensions }) => extensions['code']))).toEqual(new Set(['SUBGRAPH_UNAVAILABLE']));
  });

  test.each<[number, string]>([
    [200, 'application/json'],
    [201, 'application/json'],
    [500, 'application/graphql-response+json'],
    [400, 'Application/GraphQL-Response+JSON; charset=utf-8'],
  ])('%s in %s: it counts', async (status, type) => {
    stock.fault = answering(status, type, entities);
    expect(await hub.ask(query)).toEqual({ data: given((id) => id) });
  });

  test('early hints before it are not it', async () => {
    stock.fault = (response) => {
      response.writeEarlyHints({ link: '</a>; rel=preload' });
      answering(200, 'application/json', entities)(response);
    };
    expect(await hub.ask(query)).toEqual({ data: given((id) => id) });
  });

  test('a GraphQL server that refuses is heard', async () => {
    stock.fault = answering(403, 'application/graphql-response+json', '{"errors":[{"message":"x","extensions":{"code":"FORBIDDEN"}}]}');
    expect((await hub.ask(query)).errors?.map(({ extensions }) => extensions['code'])).toEqual(['FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN']);
  });
});

// Scalars are the subgraphs' own: a `Date` that is none is found out there, and stops all that was asked in one call.
test('a subgraph that refuses a request whole is told of at each field that it leaves empty', async () => {
  shop.fault = text('{"errors":[{"message":"x","extensions":{"code":"BAD_REQUEST"}}]}');
  const { data, errors } = await hub.ask('{ n: name items { title } open }');
  expect(data).toEqual({ n: null, items: null, open: true });
  expect(errors?.map(({ path, extensions }) => [path, extensions['code']])).toEqual([[['n'], 'BAD_REQUEST'], [['items'], 'BAD_REQUEST']]);
});

test('a byte order mark before the JSON is passed over', async () => {
  stock.fault = text(`\ufeff${entities}`);
  expect(await hub.ask(query)).toEqual({ data: given((id) => id) });
});

test('of more errors than are read the rest is left out, which one error says, and the data stays', async () => {
  const errors = Array.from({ length: 1_001 }, () => ({ message: 'x', path: ['_entities', 1, 'left'] }));
  stock.fault = text(JSON.stringify({ data: { _entities: [{ left: 1, place: null }, { left: null, place: { street: 's2' } }] }, errors }));
  const answer = await hub.ask(query);
  expect(answer.data).toMatchObject({ name: 'shop', items: [{ left: 1 }, { left: null, place: { street: 's2' } }, { left: 1 }] });
  expect(answer.errors).toHaveLength(1_000);
  expect(answer.errors?.filter(({ extensions }) => extensions['code'] === 'LIMIT_EXCEEDED').map(({ path, extensions }) => [path, extensions])).toEqual([[undefined, { code: 'LIMIT_EXCEEDED', subgraph: 'stock' }]]);
});

test.each(['"x"', '{"seen":{"a":1}}', '{"seen":true}', '{"seen":{"fields":[{"coordinate":"Item.left","effect":"WITHHELD","policy":"p","reason":"r","count":1}],"subjects":["s"],"records":["r"]}}'])('of a subgraph that is not the hub\'s `extensions` are not read: %s', async (extensions) => {
  stock.fault = text(`{"data":{"_entities":[{"left":1,"place":{"street":"s1"}},{"left":2,"place":{"street":"s2"}}]},"extensions":${extensions}}`);
  expect(await hub.ask(query)).toEqual({ data: given((id) => id) });
});

test('an entity that is not there is null without an error, as in @apollo/gateway, beside one that is garbage', async () => {
  stock.fault = text('{"data":{"_entities":[null,["x"]]}}');
  const { data, errors } = await hub.ask(query);
  expect(data).toEqual(given(() => null));
  expect(errors?.map(({ path, extensions }) => [path, extensions['code']])).toEqual([[['items', 1], 'SUBGRAPH_UNAVAILABLE']]);
});

test('values that do not fit the schema are null; nothing that was not asked for comes through', async () => {
  stock.fault = text('{"data":{"_entities":[{"left":"many","place":{"street":{"a":1}},"secret":1},{"left":2.5,"place":["s"]}]}}');
  const { data } = await hub.ask(query);
  expect(data).toEqual({ name: 'shop', items: [1, 2, 1].map((id) => ({ title: `t${id}`, left: null, place: id === 1 ? { street: null } : null })) });
});

test.each(['"__proto__":{"polluted":1}', '"__pr\\u006fto__":{"polluted":1}', '"constructor":{"prototype":{"polluted":1}}', '"place":{"__proto__":{"street":"polluted"}}'])('%s reaches no prototype', async (part) => {
  stock.fault = text(`{"data":{"_entities":[{"left":1,${part}},{"left":2}]}}`);
  const { data } = await hub.ask('{ items { left place { street } } }');
  expect(data).toEqual({ items: [1, 2, 1].map((id) => ({ left: id, place: part.startsWith('"place"') && id === 1 ? { street: null } : null })) });
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
});

test('an alias that every object inherits is null where nothing came', async () => {
  shop.fault = text('{"data":{"items":[{}]}}');
  expect((await hub.ask('{ items { toString: title valueOf: id } }')).data).toEqual({ items: null });
  expect((await hub.ask('{ items { toString: title } }')).data).toEqual({ items: [{ toString: null }] });
});

test('values nested deeper than the stack leave the fields of their call null, with an error, and the others stand', async () => {
  const [shopDeep, stockDeep] = [`${federated('"@key"')} scalar JSON type Query { items: [Item!] name: String } type Item @key(fields: "id") { id: ID! any: JSON }`, `${federated('"@key", "@external", "@requires"')} scalar JSON type Query { open: Boolean } type Item @key(fields: "id") { id: ID! blob: JSON any: JSON @external derived: String @requires(fields: "any") }`];
  const deepHub = await engineOver({ shop: { sdl: shopDeep, at: shop }, stock: { sdl: stockDeep, at: stock } });
  const deep = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`;
  stock.fault = text(`{"data":{"_entities":[{"blob":${deep}},{"blob":${deep}}]}}`);
  const placed = await deepHub.ask('{ name items { blob } }');
  expect(placed.data).toEqual({ name: 'shop', items: [{ blob: null }, { blob: null }, { blob: null }] });
  expect(placed.errors?.map(({ path, extensions }) => [path, extensions['code']])).toEqual([0, 1, 2].map((at) => [['items', at], 'SUBGRAPH_UNAVAILABLE']));
  shop.fault = text(`{"data":{"name":"shop","items":[{"__typename":"Item","id":"1","any":${deep}}]}}`);
  const required = await deepHub.ask('{ name items { derived } }');
  expect(required.data).toEqual({ name: 'shop', items: [{ derived: null }] });
  expect(required.errors?.map(({ path, extensions }) => [path, extensions['code']])).toEqual([[['items', 0], 'SUBGRAPH_UNAVAILABLE']]);
  await deepHub.close();
});

test('an operation that takes too long answers with what there is', async () => {
  const slow = await engineOver({ shop: { sdl: shopSdl, at: shop }, stock: { sdl: stockSdl, at: stock } }, { operationMsMax: 200 });
  await slow.engine.prepare(parse(query), normalHashOf(parse(query, { noLocation: true })));
  stock.fault = () => undefined;
  const started = performance.now();
  const { data, errors } = await slow.ask(query);
  expect(data).toEqual(given(() => null));
  expect(errors?.[0]?.extensions['code']).toBe('SUBGRAPH_UNAVAILABLE');
  expect(performance.now() - started).toBeLessThan(2_000);
  await slow.close();
});
