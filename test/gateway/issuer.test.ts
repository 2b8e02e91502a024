import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import Fastify, { type FastifyInstance } from 'fastify';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clerk, openFixture, type Fixture } from './fixture.ts';

/** A real OIDC issuer, as far as a resource server sees one: discovery and keys. */
let issuer: FastifyInstance;
let url = '';
let fixture: Fixture;
let keyFetches = 0;
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed = generateKeyPairSync('ed25519');
const jwk = (key: KeyObject, kid: string, alg: string) => ({ ...key.export({ format: 'jwk' }), kid, alg, use: 'sig' });

beforeAll(async () => {
  issuer = Fastify();
  issuer.get('/.well-known/openid-configuration', async () => ({ issuer: url, jwks_uri: `${url}/keys` }));
  issuer.get('/keys', async () => {
    keyFetches += 1;
    return { keys: [jwk(rsa.publicKey, 'rsa', 'RS256'), jwk(ec.publicKey, 'ec', 'ES256'), jwk(ed.publicKey, 'ed', 'EdDSA')] };
  });
  url = await issuer.listen({ host: '127.0.0.1', port: 0 });
  fixture = await openFixture({ oidc: { issuer: url, audience: 'hub' } });
});
afterAll(async () => {
  await fixture?.stop();
  await issuer?.close();
});

async function ask(key: KeyObject | Uint8Array, header: { alg: string; kid: string }, change: Record<string, unknown> = {}): Promise<number> {
  const now = Math.floor(Date.now() / 1000);
  const claims = Object.fromEntries(Object.entries({ ...clerk, iss: url, aud: 'hub', iat: now, exp: now + 300, ...change }).filter(([, value]) => value !== undefined));
  const token = await new SignJWT(claims).setProtectedHeader(header).sign(key);
  return (await fixture.ask('{ places { code } }', { as: null, headers: { authorization: `Bearer ${token}` } })).status;
}

test.each<[string, () => KeyObject, string]>([['RS256', () => rsa.privateKey, 'rsa'], ['ES256', () => ec.privateKey, 'ec'], ['EdDSA', () => ed.privateKey, 'ed']])('%s is accepted from the issuer\'s key', async (alg, key, kid) => {
  expect(await ask(key(), { alg, kid })).toBe(200);
});

describe('401 for', () => {
  test.each<[string, () => Promise<number>]>([
    ['another algorithm of the same key (PS256)', () => ask(rsa.privateKey, { alg: 'PS256', kid: 'rsa' })],
    ['the public key used as an HMAC secret', () => ask(Buffer.from(rsa.publicKey.export({ type: 'spki', format: 'pem' }) as string), { alg: 'HS256', kid: 'rsa' })],
    ['the key of another kid', () => ask(ed.privateKey, { alg: 'EdDSA', kid: 'rsa' })],
    ['a key nobody published', () => ask(generateKeyPairSync('ed25519').privateKey, { alg: 'EdDSA', kid: 'ed' })],
    ['another issuer', () => ask(ed.privateKey, { alg: 'EdDSA', kid: 'ed' }, { iss: 'https://other.example' })],
    ['another audience', () => ask(ed.privateKey, { alg: 'EdDSA', kid: 'ed' }, { aud: 'other' })],
    ['no audience', () => ask(ed.privateKey, { alg: 'EdDSA', kid: 'ed' }, { aud: undefined })],
    ['no end', () => ask(ed.privateKey, { alg: 'EdDSA', kid: 'ed' }, { exp: undefined })],
    ['no beginning', () => ask(ed.privateKey, { alg: 'EdDSA', kid: 'ed' }, { iat: undefined })],
  ])('%s', async (_name, status) => {
    expect(await status()).toBe(401);
  });
});

test('a flood of unknown key ids does not become a flood at the issuer', async () => {
  const before = keyFetches;
  await Promise.all(Array.from({ length: 30 }, (_, index) => ask(ed.privateKey, { alg: 'EdDSA', kid: `none${index}` })));
  expect(keyFetches - before).toBeLessThanOrEqual(1);
});

test('the demo\'s tokens and sign-in do not exist here', async () => {
  expect((await fixture.ask('{ places { code } }')).status).toBe(401);
  expect((await fetch(`${fixture.url}/demo/personas`)).status).toBe(404);
});
