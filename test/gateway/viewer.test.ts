import { createPrivateKey, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { derivedKey } from '../../base/canonical.ts';
import { demoIssuer } from '../../gateway/demo/issuer.ts';
import { clerk, matterNo, openFixture, type Fixture } from './fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(async () => fixture?.stop());

const query = '{ ticket(no: "T1") { no } }';
const anotherKey = generateKeyPairSync('ed25519').privateKey;

const issuedNow = () => Math.floor(Date.now() / 1000);
const good = () => ({ iss: 'urn:yiwang:demo-issuer', aud: 'yiwang', iat: issuedNow(), exp: issuedNow() + 600, ...clerk });

/** A token with any header: signed with the issuer's own key unless told, so that the header alone is wrong. */
async function forged(claims: Record<string, unknown>, header: Record<string, unknown> = {}, key: KeyObject = issuersKey()): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA', ...header }).sign(key);
}

function issuersKey(): KeyObject {
  const seed = derivedKey(fixture.config.masterSecret, 'demo-issuer');
  return createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]), format: 'der', type: 'pkcs8' });
}

async function statusWith(authorization: string): Promise<{ status: number; code: unknown; message: string }> {
  const { status, errors } = await fixture.ask(query, { as: null, headers: { authorization } });
  return { status, code: errors?.[0]?.extensions.code, message: errors?.[0]?.message ?? '' };
}

describe('a token is refused, never treated as none', () => {
  const secret = randomBytes(32);
  test.each<[string, () => Promise<string>]>([
    ['of another key', () => forged(good(), {}, anotherKey)],
    ['without a signature (alg none)', async () => new UnsecuredJWT(good()).encode()],
    ['signed with HMAC', async () => new SignJWT(good()).setProtectedHeader({ alg: 'HS256' }).sign(secret)],
    ['that names its own key by jku', () => forged(good(), { jku: 'http://127.0.0.1/keys' })],
    ['that carries its own key', () => forged(good(), { jwk: anotherKey.export({ format: 'jwk' }) })],
    ['with a kid that is a path', () => forged(good(), { kid: '../../dev/null' })],
    ['with a kid that is SQL', () => forged(good(), { kid: "' OR 1=1 --" })],
    ['that is no JWT', async () => 'abc.def.ghi'],
    ['that is longer than any token', async () => `${'a'.repeat(9_000)}.b.c`],
  ])('%s', async (_name, token) => {
    expect(await statusWith(`Bearer ${await token()}`)).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' });
  });

  test('and the same one without any of it passes', async () => {
    expect(await fixture.ask(query, { as: null, headers: { authorization: `Bearer ${await forged(good(), { kid: 'demo' })}` } })).toMatchObject({ status: 200 });
    // More than one space may stand after the scheme (RFC 9110, 11.4).
    expect(await fixture.ask(query, { as: null, headers: { authorization: `bearer   ${await forged(good(), { kid: 'demo' })}` } })).toMatchObject({ status: 200 });
  });

  test('with another scheme', async () => {
    expect(await statusWith('Basic YTpi')).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' });
  });
});

describe('a token of the right key must say who, for whom and how long', () => {
  test.each<[string, Record<string, unknown>, RegExp]>([
    ['kind', { kind: undefined }, /kind/],
    ['sub', { sub: undefined }, /sub/],
    ['an unknown kind', { kind: 'SUPERUSER' }, /kind/],
    ['anonymous as a kind', { kind: 'ANONYMOUS' }, /kind/],
    ['a division that is none', { division: '51' }, /division/],
  ])('%s', async (_name, change, named) => {
    const { status, errors } = await fixture.ask(query, { as: { ...clerk, ...change } as never });
    expect({ status, message: errors?.[0].message }).toMatchObject({ status: 401, message: expect.stringMatching(named) });
  });

  test('it ends at its exp', async () => {
    expect(await statusWith(`Bearer ${await fixture.token(clerk, -60)}`)).toMatchObject({ status: 401, message: 'the token has expired' });
  });

  test('it is valid for 15 minutes at most', async () => {
    expect(await statusWith(`Bearer ${await fixture.token(clerk, 3_600)}`)).toMatchObject({ status: 401 });
  });

  test('it is refused when it was issued longer ago, whatever its exp', async () => {
    const then = demoIssuer(fixture.config.masterSecret, { now: () => new Date(Date.now() - 3_600_000) });
    expect(await statusWith(`Bearer ${await then.mintToken(clerk, 3_600 + 600)}`)).toMatchObject({ status: 401 });
  });

  test('good ones pass', async () => {
    expect(await fixture.ask(query, { purpose: 'MEDIATION' })).toMatchObject({ status: 200, data: { ticket: { no: 'T1' } } });
  });
});

describe('purpose and matter', () => {
  test('a purpose that the token does not have is refused by name', async () => {
    expect(await fixture.ask(query, { purpose: 'SUPERVISION' })).toMatchObject({ status: 403, errors: [{ extensions: { code: 'PURPOSE_UNKNOWN' } }] });
  });

  test('without a purpose only public fields are given', async () => {
    const { data, extensions } = await fixture.ask('{ ticket(no: "T1") { no } places { code } }');
    expect(data).toEqual({ ticket: null, places: [{ code: '51' }] });
    expect(extensions.access).toMatchObject([{ coordinate: 'Query.ticket', effect: 'WITHHELD', reason: 'NO_PURPOSE' }]);
  });

  test('a matter nobody has and one this caller cannot see give the same answer', async () => {
    const foreigner = { ...clerk, org: '12510107MB0000999X', division: '330102001000' };
    const unknown = await fixture.ask(query, { purpose: 'MEDIATION', matter: 'M0000000000ZZ' });
    const hidden = await fixture.ask(query, { as: foreigner, purpose: 'MEDIATION', matter: matterNo });
    expect(unknown).toMatchObject({ status: 400, errors: [{ extensions: { code: 'MATTER_UNKNOWN' } }] });
    expect(hidden.text).toBe(unknown.text);
  });

  test('nor is one known of which the caller may see no WORK field, wherever it lies', async () => {
    const unknown = await fixture.ask(query, { purpose: 'MEDIATION', matter: 'M0000000000ZZ' });
    const unassigned = { ...clerk, org: '12510107MB0000999X' };
    for (const asked of [{ as: unassigned, purpose: 'MEDIATION' }, { as: { ...clerk, purposes: ['STATISTICS'] }, purpose: 'STATISTICS' }, { as: clerk }, { as: { ...clerk, kind: 'APP' } }]) {
      const { status, text } = await fixture.ask(query, { ...asked, matter: matterNo });
      expect({ status, text }).toEqual({ status: 400, text: unknown.text });
    }
    expect(await fixture.ask(query, { as: { ...clerk, purposes: ['SUPERVISION'] }, purpose: 'SUPERVISION', matter: matterNo })).toMatchObject({ status: 200 });
  });

  test('the place of an organisation is what its record says now, not what it said once', async () => {
    const { division: _, tier: __, ...placeless } = clerk;
    const seen = async () => (await fixture.ask(query, { as: { ...placeless, purposes: ['SUPERVISION'] }, purpose: 'SUPERVISION' })).data?.ticket ?? null;
    const place = (tier: string | null, division: string | null) => fixture.database.pool.query(`INSERT INTO hub.organization (credit_code, name, kind, source, tier, division) VALUES ($1, $1, 'MEDIATION_CENTRE', 'GENERATED', $2, $3) ON CONFLICT (credit_code) DO UPDATE SET tier = excluded.tier, division = excluded.division`, [clerk.org, tier, division]);
    await place('TOWNSHIP', clerk.division);
    expect(await seen()).not.toBeNull();
    await place(null, null);
    expect(await seen()).toBeNull();
  });

  test('a merged number leads to its successor', async () => {
    const { data } = await fixture.ask('{ ticket(no: "T1") { requester { name } } }', { purpose: 'MEDIATION', matter: 'm0000000000aa' });
    expect(data.ticket.requester.name).toBe('张三');
  });
});

test('a viewer header sent by a client opens nothing', async () => {
  const own = { 'x-yiwang-viewer': 'v1.e30.x', 'X-Yiwang-Viewer': 'v1.e30.x' };
  const { status } = await fixture.ask(query, { as: null, headers: own });
  expect(status).toBe(401);
  const { data } = await fixture.ask('{ ticket(no: "T1") { note } }', { purpose: 'MEDIATION', headers: own });
  expect(data.ticket.note).toBeNull();
});

test('the demo issuer does not run in production', () => {
  expect(() => demoIssuer(randomBytes(32), { env: { NODE_ENV: 'production' } })).toThrow(/production/);
});
