import { generateKeyPairSync } from 'node:crypto';
import { composeServices } from '@apollo/composition';
import { buildSubgraphSchema } from '@apollo/subgraph';
import Fastify, { type FastifyInstance } from 'fastify';
import { graphql, parse } from 'graphql';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { invariant } from '../../base/errors.ts';
import type { Gateway } from '../../gateway/main.ts';
import { startOpenGateway } from '../../gateway/open.ts';
import { cases, secretMark, type AuthzCase, type Caller } from './cases.ts';
import { graph } from './graph.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const jwks = JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'EdDSA' }] });
const servers: FastifyInstance[] = [];
const sent: string[] = [];
let gateway: Gateway;
/** The same graph without the rules of `@authenticated`: what a gateway does that ignores them. */
let careless: Gateway;

beforeAll(async () => {
  const services = await Promise.all(Object.entries(graph).map(async ([name, { sdl, resolvers }]) => ({ name, typeDefs: parse(sdl), url: await served(sdl, resolvers) })));
  const { supergraphSdl, errors } = composeServices(services);
  invariant(supergraphSdl, `the audit's graph composes: ${errors?.map(({ message }) => message).join('; ')}`);
  const start = (sdl: string) => startOpenGateway({ supergraphSdl: sdl, port: 0, jwks, issuer: undefined, audience: undefined, env: {} });
  gateway = await start(supergraphSdl);
  careless = await start(supergraphSdl.replace(/ @authenticated$/gm, ''));
});
afterAll(async () => {
  await gateway?.stop();
  await careless?.stop();
  await Promise.all(servers.map((server) => server.close()));
});

test.each(cases)('$name ($threat)', async (one) => {
  expect(await faultsOf(one, gateway)).toEqual([]);
});

test('a gateway that ignores a rule does not pass', async () => {
  const failed: string[] = [];
  for (const one of cases) if ((await faultsOf(one, careless)).length > 0) failed.push(one.name);
  expect(failed).toEqual(expect.arrayContaining(['a field', 'a field under an alias', 'fragments in fragments', 'an interface field through a fragment on the type', 'made from a refused field (@requires)', 'a refused mutation']));
});

/** What is wrong with the gateway's answer to a case. */
async function faultsOf({ caller, query, variables, data, refused = [], neverSent }: AuthzCase, { url }: Gateway): Promise<string[]> {
  sent.length = 0;
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', ...(caller ? { authorization: `Bearer ${await tokenOf(caller)}` } : {}) }, body: JSON.stringify({ query, variables }) });
  const answer = (await response.json()) as { data?: unknown; extensions?: { access?: { coordinate: string; code: string }[] } };
  const told = (answer.extensions?.access ?? []).filter(({ code }) => code === 'UNAUTHORIZED_FIELD_OR_TYPE').map(({ coordinate }) => coordinate);
  return [
    ...(JSON.stringify(answer.data) === JSON.stringify(data) ? [] : [`data is ${JSON.stringify(answer)}`]),
    ...refused.filter((coordinate) => !told.includes(coordinate)).map((coordinate) => `${coordinate} is not told of`),
    ...(neverSent && sent.some((text) => neverSent.test(text)) ? [`a subgraph was asked: ${sent.join(' | ')}`] : []),
    ...(!JSON.stringify(data ?? null).includes(secretMark) && JSON.stringify(answer).includes(secretMark) ? ['a secret came out'] : []),
  ];
}

function tokenOf(caller: NonNullable<Caller>): Promise<string> {
  return new SignJWT({ ...caller }).setProtectedHeader({ alg: 'EdDSA', kid: 'k' }).setSubject('audit').setExpirationTime('5m').sign(privateKey);
}

async function served(sdl: string, resolvers: Record<string, unknown>): Promise<string> {
  const schema = buildSubgraphSchema([{ typeDefs: parse(sdl), resolvers: resolvers as never }]);
  const server = Fastify();
  servers.push(server);
  server.post('/', async (request) => {
    const { query, variables } = request.body as { query: string; variables: Record<string, unknown> };
    sent.push(query);
    return graphql({ schema, source: query, variableValues: variables, contextValue: {} });
  });
  return `${await server.listen({ host: '127.0.0.1', port: 0 })}/`;
}
