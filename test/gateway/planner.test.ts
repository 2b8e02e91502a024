import { composeServices } from '@apollo/composition';
import { buildSubgraphSchema } from '@apollo/subgraph';
import Fastify, { type FastifyInstance } from 'fastify';
import { buildASTSchema, graphql, parse, print, validate } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { invariant } from '../../base/errors.ts';
import { compiledEngine } from '../../gateway/engine/main.ts';
import type { Gateway } from '../../gateway/main.ts';
import { startOpenGateway } from '../../gateway/open.ts';
import { openPlanners } from '../../gateway/engine/planners.ts';
import { asPlanned } from '../../gateway/engine/planned.ts';

const head = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable", "@external", "@requires", "@provides"])
  type Ref @shareable { x: ID! }`;
const hiddenHead = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@inaccessible"])';

// Found by the differential campaign: on this graph the native planner (0.0.38) panics at `breaking` and ends its process.
const supergraphSdl = composed({
  s0: `type Query { cs: [C!]! }
    type A @key(fields: "ref { x } code") { code: String! ref: Ref! }
    type B @key(fields: "id", resolvable: false) { id: ID! }
    type C @key(fields: "ref { x }") { ref: Ref! b: B! }
    type D @key(fields: "id") @key(fields: "ref { x }") { id: ID! ref: Ref! many: [Either]! }
    union Either = A | C | D`,
  s1: `type Query { either: Either }
    type A @key(fields: "id") @key(fields: "ref { x }") { id: ID! ref: Ref! bs(n: Int! = 7): [B]! @provides(fields: "grade") }
    type B @key(fields: "id code") { id: ID! code: String! first: String @requires(fields: "grade") grade: Int @external }
    type D @key(fields: "id code") { id: ID! code: String! }
    union Either = A | B | D`,
  s2: `type Query { ds: [[D]] }
    type A @key(fields: "id") @key(fields: "ref { x } code") @key(fields: "ref { x }") { id: ID! code: String! ref: Ref! }
    type B @key(fields: "id") @key(fields: "id code") { id: ID! code: String! names(ids: [ID!] = ["a"]): [[String!]!] grade: Int @shareable second: String @requires(fields: "first") first: String @external }
    type C @key(fields: "id") @key(fields: "ref { x }") { id: ID! ref: Ref! }
    type D @key(fields: "id") @key(fields: "ref { x }") @key(fields: "id code") { id: ID! code: String! ref: Ref! }`,
});
const breaking = 'query ($ids: [ID!]) { cs { b { second } } either { ... on D { many { ... on A { bs { names(ids: $ids) } } } } } }';
const harmless = '{ cs { b { id } } }';

test('a document at which the native planner dies does not end this process, and the next one is planned', async () => {
  const native = openPlanners(supergraphSdl, ['hive']);
  expect(await native.plan(harmless)).not.toBeNull();
  const both = await Promise.allSettled([native.plan(breaking), native.plan(breaking)]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await native.plan(harmless)).not.toBeNull();
  native.stop();
});

test('what the native planner dies of or refuses is planned by the other, and later documents are answered', async () => {
  const engine = await compiledEngine({ supergraphSdl, transport: { send: async () => ({ data: null, errors: [{ message: 'nobody is there' }] }), close: async () => undefined }, headers: () => ({}) });
  await engine.prepare(parse(breaking), 'breaking');
  await engine.prepare(parse(harmless), 'harmless');
  await engine.stop();
});

test('a type asked for under an alias is asked for under its own name too, through fragments', () => {
  const schema = buildASTSchema(parse('type Query { item: Item } interface Item { label: String next: Item } type A implements Item { label: String next: Item }'));
  const document = parse('{ item { ...F next { label __typename } } } fragment F on Item { ... on A { x: __typename } }');
  const told = asPlanned(document);
  expect(print(told)).toMatch(/item {\s+__typename\s+\.\.\.F\s+next {\s+label\s+__typename\s+}/);
  expect(validate(schema, told)).toEqual([]);
});

test('an alias stands in nobody’s way, and one that is the name itself is none', () => {
  expect(print(asPlanned(parse('{ item: item { x: label label: label } }')))).toBe(print(parse('{ item { __as_x: label label } }')));
});

describe.each(['compiled', 'apollo'] as const)('an alias called as a hidden key, by the engine `%s`', (engineName) => {
  const people: Record<string, { sdl: string; resolvers: Record<string, unknown> }> = {
    a: { sdl: `${hiddenHead} type Query { me: User } type User @key(fields: "secret") { secret: ID! @inaccessible name: String }`, resolvers: { Query: { me: () => ({ secret: 'key-1', name: 'key-2' }) }, User: { __resolveReference: (key: object) => key } } },
    b: { sdl: `${hiddenHead} type User @key(fields: "secret") { secret: ID! @inaccessible email: String }`, resolvers: { User: { __resolveReference: ({ secret }: { secret: string }) => ({ secret, email: `mail of ${secret}` }) } } },
  };
  let gateway: Gateway;
  const servers: FastifyInstance[] = [];
  beforeAll(async () => {
    const services = await Promise.all(Object.entries(people).map(async ([name, { sdl, resolvers }]) => ({ name, typeDefs: parse(sdl), url: await served(servers, sdl, resolvers) })));
    gateway = await startOpenGateway({ supergraphSdl: composeServices(services).supergraphSdl!, port: 0, jwks: undefined, issuer: undefined, audience: undefined, env: {}, engine: engineName });
  });
  afterAll(async () => {
    await gateway?.stop();
    await Promise.all(servers.map((server) => server.close()));
  });

  test.each<[string, unknown]>([
    ['{ me { secret: name email } }', { me: { secret: 'key-2', email: 'mail of key-1' } }],
    ['{ me { email secret: __typename } }', { me: { email: 'mail of key-1', secret: 'User' } }],
    ['{ me { secret: email } }', { me: { secret: 'mail of key-1' } }],
  ])('%s neither shows the key nor changes who is joined', async (query, data) => {
    const response = await fetch(`${gateway.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query }) });
    expect(await response.json()).toEqual({ data });
  });
});

async function served(servers: FastifyInstance[], sdl: string, resolvers: Record<string, unknown>): Promise<string> {
  const schema = buildSubgraphSchema([{ typeDefs: parse(sdl), resolvers: resolvers as never }]);
  const server = Fastify();
  servers.push(server);
  server.post('/', async (request) => {
    const { query, variables } = request.body as { query: string; variables: Record<string, unknown> };
    return graphql({ schema, source: query, variableValues: variables, contextValue: {} });
  });
  return `${await server.listen({ host: '127.0.0.1', port: 0 })}/`;
}

function composed(subgraphs: Record<string, string>): string {
  const { supergraphSdl: text, errors } = composeServices(Object.entries(subgraphs).map(([name, sdl]) => ({ name, url: `http://${name}`, typeDefs: parse(`${head} ${sdl}`) })));
  invariant(text, `the subgraphs compose: ${errors?.map(({ message }) => message).join('; ')}`);
  return text;
}
