import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Gateway } from '../../gateway/main.ts';
import { startOpenGateway } from '../../gateway/open.ts';
import { faultsOf, type Audited } from './ask.ts';
import { cases, themes } from './cases/all.ts';
import { composed } from './compose.ts';
import { serveSubgraphs, type Subgraphs } from './subgraphs.ts';
import { audience, issuer, openIssuer } from './tokens.ts';

let subgraphs: Subgraphs;
const gateways: Gateway[] = [];
const keys = openIssuer('EdDSA');

async function audited(change: (sdl: string) => string = (sdl) => sdl, from = keys, naming: { renamed?: boolean } = {}): Promise<Audited> {
  const gateway = await startOpenGateway({ supergraphSdl: change(composed(subgraphs, naming)), port: 0, jwks: from.jwks, issuer, audience, env: {} });
  gateways.push(gateway);
  return { url: `${gateway.url}/graphql`, issuer: from, subgraphs, strict: true };
}

let ours: Audited;
beforeAll(async () => {
  subgraphs = await serveSubgraphs(0);
  ours = await audited();
});
afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.stop()));
  await subgraphs?.stop();
});

describe.each(Object.entries(themes))('%s', (_theme, all) => {
  test.each(all)('$name ($threat)', async (one) => {
    expect(await faultsOf(one, ours)).toEqual([]);
  });
});

test('every case has a name of its own', () => {
  expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
});

test('tokens signed with RSA are read too', async () => {
  const rsa = await audited(undefined, openIssuer('RS256'));
  for (const one of [...themes['tokens']!, ...themes['rules']!]) expect([one.name, await faultsOf(one, rsa)]).toEqual([one.name, []]);
});

test('under other names the directives say the same', async () => {
  const renamed = await audited((sdl) => sdl, keys, { renamed: true });
  for (const one of cases) expect([one.name, await faultsOf(one, renamed)]).toEqual([one.name, []]);
});

/** What a gateway does that ignores a rule, or reads only some places: the audit must tell. */
describe('a gateway with a hole does not pass', () => {
  const failing = async (change: (sdl: string) => string) => {
    const careless = await audited(change);
    const failed: string[] = [];
    for (const one of cases) if ((await faultsOf(one, { ...careless, strict: false })).length > 0) failed.push(one.name);
    return failed;
  };
  test.each<[string, (sdl: string) => string, string[]]>([
    ['@authenticated of fields', (sdl) => sdl.replace(/(\w+: .*) @authenticated$/gm, '$1'), ['a field', 'a field under an alias', 'fragments in fragments', 'an interface field through a fragment on the type', 'made from a refused field (@requires)', 'made from a field of an interface', 'a refused mutation', 'a null climbs to an item of a list', 'after somebody who may', 'an entity interface']],
    ['@authenticated of types', (sdl) => sdl.replace(/^ {2}@authenticated$/gm, ''), ['an enum', 'a scalar', 'an interface whose only type has a rule', 'an interface of which one type has a rule', 'an enum named in an argument']],
    ['@requiresScopes', (sdl) => sdl.replace(/@requiresScopes\(scopes: \[\[".*?"\]\]\)/g, ''), ['scopes: nobody', 'scopes: a longer word', 'scopes of two subgraphs: the one', 'three rules: policies and no scope']],
    ['@policy', (sdl) => sdl.replace(/@policy\(policies: \[\[".*?"\]\]\)/g, ''), ['an object type with @policy', 'a refused key under its own name', 'made from an object of a refused type', 'three rules: half of a list of policies']],
  ])('%s', async (_name, change, expected) => {
    expect(await failing(change)).toEqual(expect.arrayContaining(expected));
  });
});
