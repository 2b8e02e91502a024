import { generateKeyPairSync } from 'node:crypto';
import { composeServices } from '@apollo/composition';
import { buildSubgraphSchema } from '@apollo/subgraph';
import Fastify, { type FastifyInstance } from 'fastify';
import { graphql, parse } from 'graphql';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startOpenGateway } from '../../gateway/open.ts';
import type { Gateway } from '../../gateway/main.ts';

const link = (imports: string) => `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [${imports}])`;

/** `@scoped` is `@requiresScopes` under another name. */
const shop = `${link('"@key", "@authenticated", { name: "@requiresScopes", as: "@scoped" }, "@policy", "@external", "@requires"')}
  type Query { products: [Product!]! me: User secret: Secret media: [Media!] hidden: Secret! }
  type Product @key(fields: "id") { id: ID! name: String price: Int @authenticated cost: Int @scoped(scopes: [["read:cost", "read:all"], ["admin"]]) stock: Stock grade: Grade }
  type Secret @policy(policies: [["staff"]]) { code: String }
  type User { name: String email: String @authenticated }
  enum Grade @authenticated { A B }
  scalar Stock @policy(policies: [["staff"]])
  interface Media { id: ID! title: String }
  type Book implements Media { id: ID! title: String @authenticated }
  type Film implements Media { id: ID! title: String }`;

const shipping = `${link('"@key", "@external", "@requires", "@authenticated"')}
  type Product @key(fields: "id") { id: ID! price: Int @external fee: Int @requires(fields: "price") @authenticated label: String @requires(fields: "price") @authenticated }`;

const product = { id: '1', name: 'a', price: 5, cost: 3, stock: 'x', grade: 'A' };
const shopResolvers = {
  Query: { products: () => [product], me: () => ({ name: 'n', email: 'e' }), secret: () => ({ code: 'c' }), hidden: () => ({ code: 'c' }), media: () => [{ __typename: 'Book', id: '1', title: 'book' }, { __typename: 'Film', id: '2', title: 'film' }] },
  Product: { __resolveReference: () => product },
};
const shippingResolvers = { Product: { __resolveReference: (given: { price?: number }) => given, fee: ({ price }: { price?: number }) => (price ?? 0) * 2, label: () => 'label' } };

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const jwks = JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'EdDSA' }] });
const servers: FastifyInstance[] = [];
const asked: string[] = [];
let slowMs = 0;
let supergraphSdl = '';
let gateway: Gateway;

beforeAll(async () => {
  const urls = [await served(shop, shopResolvers), await served(shipping, shippingResolvers)];
  const composed = composeServices([{ name: 'shop', url: urls[0]!, typeDefs: parse(shop) }, { name: 'shipping', url: urls[1]!, typeDefs: parse(shipping) }]);
  expect(composed.errors?.map(({ message }) => message)).toBeUndefined();
  // As an older composition would have left it: a field made from a refused one carries no rule of its own.
  supergraphSdl = composed.supergraphSdl!.replace(/(label: String @join__field\([^)]*\)) @authenticated/, '$1');
  expect(supergraphSdl).not.toBe(composed.supergraphSdl);
  gateway = await startOpenGateway({ supergraphSdl, port: 0, jwks, issuer: undefined, audience: 'shop', env: {} });
});
beforeEach(() => void (asked.length = 0));
afterAll(async () => {
  await gateway?.stop();
  await Promise.all(servers.map((server) => server.close()));
});

async function served(sdl: string, resolvers: Record<string, unknown>): Promise<string> {
  const schema = buildSubgraphSchema([{ typeDefs: parse(sdl), resolvers: resolvers as never }]);
  const server = Fastify();
  servers.push(server);
  server.post('/', async (request) => {
    const { query, variables } = request.body as { query: string; variables: Record<string, unknown> };
    asked.push(query);
    await new Promise((resolve) => setTimeout(resolve, slowMs));
    return graphql({ schema, source: query, variableValues: variables, contextValue: {} });
  });
  return `${await server.listen({ host: '127.0.0.1', port: 0 })}/`;
}

async function ask(query: string, claims?: Record<string, unknown> | string, { url } = gateway): Promise<{ status: number; data: any; access: any[] | undefined; errors: any }> {
  const token = typeof claims === 'string' ? claims : claims && (await new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA', kid: 'k' }).setAudience('shop').setExpirationTime('5m').sign(privateKey));
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) }, body: JSON.stringify({ query }) });
  const body = (await response.json()) as any;
  return { status: response.status, data: body.data, errors: body.errors, access: body.extensions?.access };
}

const refused = (coordinate: string, count = 1) => expect.objectContaining({ coordinate, code: 'UNAUTHORIZED_FIELD_OR_TYPE', effect: 'WITHHELD', count });

test('what asks for nothing is open to everybody', async () => {
  expect(await ask('{ products { id name } }')).toMatchObject({ status: 200, data: { products: [{ id: '1', name: 'a' }] }, access: undefined });
  expect((await ask('{ __type(name: "Secret") { name } }')).data).toEqual({ __type: { name: 'Secret' } });
  expect((await fetch(`${gateway.url}/readyz`)).status).toBe(200);
});

test('what is nested without end is over a limit here too', async () => {
  for (const query of [`${'{a'.repeat(2_500)}${'}'.repeat(2_500)}`, `{ products(a: ${'['.repeat(2_000)}${']'.repeat(2_000)}) { id } }`]) {
    expect(await ask(query)).toMatchObject({ status: 400, errors: [{ message: expect.stringContaining('nestingMax'), extensions: { code: 'LIMIT_EXCEEDED' } }] });
  }
});

describe('rules hold on every kind of place', () => {
  test.each<[string, string, unknown, string[], RegExp]>([
    ['a field', '{ products { id price } }', { products: [{ id: '1', price: null }] }, ['Product.price'], /price/],
    ['a field with scopes, under a renamed directive', '{ products { id c: cost } }', { products: [{ id: '1', c: null }] }, ['Product.cost'], /cost/],
    ['an object type', '{ secret { code } products { id } }', { secret: null, products: [{ id: '1' }] }, ['Query.secret'], /secret/],
    ['an enum', '{ products { id grade } }', { products: [{ id: '1', grade: null }] }, ['Product.grade'], /grade/],
    ['a scalar', '{ products { id stock } }', { products: [{ id: '1', stock: null }] }, ['Product.stock'], /stock/],
    ['an interface field, by the types it meets', '{ media { id title } }', { media: [{ id: '1', title: null }, { id: '2', title: 'film' }] }, ['Book.title'], /Book[^}]*title/],
    ['a field made from a refused one', '{ products { id label } }', { products: [{ id: '1', label: null }] }, ['Product.label'], /label|price/],
    ['everything asked', '{ me { email } }', { me: { email: null } }, ['User.email'], /email/],
  ])('%s', async (_name, query, data, coordinates, never) => {
    const answer = await ask(query);
    expect(answer.data).toEqual(data);
    expect(answer.access).toEqual(coordinates.map((coordinate) => refused(coordinate)));
    expect(asked.join('\n')).not.toMatch(never);
  });

  test('null climbs where it may not stand', async () => {
    expect(await ask('{ hidden { code } products { id } }')).toMatchObject({ status: 200, data: null });
  });
});

describe('a token opens what it grants', () => {
  test('being authenticated', async () => {
    expect((await ask('{ products { price fee label grade } media { title } }', { sub: 'a' })).data).toEqual({ products: [{ price: 5, fee: 10, label: 'label', grade: 'A' }], media: [{ title: 'book' }, { title: 'film' }] });
  });

  test.each<[string, unknown]>([['read:cost', null], ['read:cost read:all', 3], ['admin', 3], ['', null]])('scope `%s` gives cost %s', async (scope, cost) => {
    expect((await ask('{ products { cost } }', { scope })).data).toEqual({ products: [{ cost }] });
  });

  test('policies', async () => {
    expect((await ask('{ secret { code } products { stock } }', { policies: ['staff'] })).data).toEqual({ secret: { code: 'c' }, products: [{ stock: 'x' }] });
  });

  test('an invalid token is 401, never anonymous', async () => {
    const signed = (claims: Record<string, unknown>) => new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA', kid: 'k' });
    for (const token of ['a.b.c', await signed({}).setAudience('shop').sign(privateKey), await signed({}).setAudience('other').setExpirationTime('5m').sign(privateKey), await signed({}).setAudience('shop').setExpirationTime(1).sign(privateKey), await signed({}).setAudience('shop').setNotBefore('5m').setExpirationTime('9m').sign(privateKey)]) {
      expect((await ask('{ products { id } }', token)).status).toBe(401);
    }
  });
});

describe('equal queries under way at once', () => {
  const query = '{ products { id price } }';
  const atOnce = async (singleFlight: boolean, callers: (Record<string, unknown> | undefined)[]) => {
    const one = await startOpenGateway({ supergraphSdl, port: 0, jwks, issuer: undefined, audience: 'shop', env: {}, singleFlight });
    await Promise.all(callers.map((claims) => ask(query, claims, one))); // planned before anything is counted
    [asked.length, slowMs] = [0, 300];
    const answers = await Promise.all(callers.map((claims) => ask(query, claims, one)));
    slowMs = 0;
    await one.stop();
    return { prices: answers.map(({ data }) => data.products[0].price), calls: asked.length };
  };

  test('are each asked for, unless told', async () => {
    expect(await atOnce(false, [undefined, undefined])).toEqual({ prices: [null, null], calls: 2 });
  });

  test('with single flight share an answer, among callers whose tokens grant the same', async () => {
    expect(await atOnce(true, [undefined, undefined, { sub: 'a' }, { sub: 'b' }])).toEqual({ prices: [null, null, 5, 5], calls: 2 });
  });
});

describe('what cannot be read is not served', () => {
  const start = (sdl: string, env: NodeJS.ProcessEnv = {}) => startOpenGateway({ supergraphSdl: sdl, port: 0, jwks, issuer: undefined, audience: undefined, env });
  test.each<[string, (sdl: string) => string]>([
    ['a rule of an unknown version', (sdl) => sdl.replace('specs.apollo.dev/authenticated/v0.1', 'specs.apollo.dev/authenticated/v9.0')],
    ['another rule for security', (sdl) => sdl.replace('specs.apollo.dev/policy/v0.1', 'specs.example/consent/v0.1')],
    ['rules without their link', (sdl) => sdl.replace(/\s*@link\(url: "https:\/\/specs\.apollo\.dev\/authenticated\/v0\.1"[^)]*\)/, '')],
    ['an address that is not HTTP', (sdl) => sdl.replace('url: "http:', 'url: "ftp:')],
    ['what is no schema', () => '{"name": "yiwang"}'],
    ['an old composition', (sdl) => sdl.replaceAll('@link(url:', '@core(feature:')],
  ])('%s', async (_name, change) => {
    expect(change(supergraphSdl)).not.toBe(supergraphSdl);
    await expect(start(change(supergraphSdl))).rejects.toThrow(/not served/);
  });

  test('nor anything in production', async () => {
    await expect(start(supergraphSdl, { NODE_ENV: 'production' })).rejects.toThrow(/production/);
  });
});
