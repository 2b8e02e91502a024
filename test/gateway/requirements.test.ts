import { generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { openGrants } from '../../gateway/federation/grants.ts';
import { noGrants, type Grants } from '../../policy/federation/requirement.ts';
import { readRequirements } from '../../policy/federation/requirements.ts';

/** Rules of supergraphs as compositions write them, and as they could be written to get around a reader. */
const head = `
  schema
    @link(url: "https://specs.apollo.dev/link/v1.0")
    @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION)
    @link(url: "https://specs.apollo.dev/authenticated/v0.1", for: SECURITY)
    @link(url: "https://specs.apollo.dev/requiresScopes/v0.1", for: SECURITY)
    @link(url: "https://specs.apollo.dev/policy/v0.1", for: SECURITY) { query: Query }`;
const member: Grants = { authenticated: true, scopes: new Set(), policies: new Set() };
const scoped = (...scopes: string[]): Grants => ({ ...member, scopes: new Set(scopes) });
const allows = (sdl: string, coordinate: string, grants: Grants, schema = head) => {
  const [type = '', field = ''] = coordinate.split('.');
  return readRequirements(`${schema} ${sdl}`).allows(type, field, grants);
};

describe('interfaces', () => {
  const types = (own: string, a = '', b = '') => `type Query { i: I } interface I ${own} { f: String } type A implements I ${a} { f: String } type B implements I ${b} { f: String }`;
  test('what composition put together there is the rule of the types that have it, and of no other', () => {
    const composed = types('@authenticated', '@authenticated');
    expect(allows(composed, 'Query.i', noGrants)).toBe(true);
    expect([allows(composed, 'A.f', noGrants), allows(composed, 'B.f', noGrants), allows(composed, 'A.f', member)]).toEqual([false, true, true]);
    const both = types('@requiresScopes(scopes: [["a", "b"], ["a", "c"]])', '@requiresScopes(scopes: [["a"]])', '@requiresScopes(scopes: [["b"], ["c"]])');
    expect([allows(both, 'A.f', scoped('a')), allows(both, 'B.f', scoped('c')), allows(both, 'B.f', scoped('a')), allows(both, 'Query.i', scoped('a'))]).toEqual([true, true, false, true]);
    expect(allows(both, 'Query.i', noGrants)).toBe(false); // no type is open
  });

  test('what an older composition left on the interface alone holds for each of its types, by every path', () => {
    const old = types('@authenticated', '', '@authenticated').replace('@authenticated { f: String } type A', '@requiresScopes(scopes: [["old"]]) { f: String } type A');
    expect([allows(old, 'Query.i', member), allows(old, 'A.f', member), allows(old, 'A.f', scoped('old'))]).toEqual([false, false, true]);
    const field = 'type Query { i: I } interface I { f: String @authenticated } type A implements I { f: String }';
    expect([allows(field, 'A.f', noGrants), allows(field, 'A.f', member)]).toEqual([false, true]);
  });

  test('a field that an interface object makes from others is made from those of each type', () => {
    const sdl = 'type Query { i: I } interface I { x: String y: String @join__field(graph: G, requires: "x") } type A implements I { x: String @authenticated y: String @join__field } type B implements I { x: String y: String @join__field }';
    expect([allows(sdl, 'A.y', noGrants), allows(sdl, 'B.y', noGrants)]).toEqual([false, true]);
  });
});

describe('other ways to write a rule', () => {
  test.each<[string, string]>([
    ['in an extension', 'type Query { a: String } extend type Query { b: String @authenticated }'],
    ['on an extension of the type', 'type Query { a: String b: T } type T { c: String } extend type T @authenticated'],
    ['on what a list gives', 'type Query { b: [[T!]!]! } type T @authenticated { c: String }'],
    ['on a scalar in a list', 'type Query { b: [S] } scalar S @authenticated'],
    ['on a type of a union of one', 'type Query { b: U } union U = T type T @authenticated { c: String }'],
    ['on the root', 'type Query @authenticated { b: String }'],
  ])('%s', (_name, sdl) => {
    expect([allows(sdl, 'Query.b', noGrants), allows(sdl, 'Query.b', member)]).toEqual([false, true]);
  });

  test.each<[string, Grants, boolean]>([
    ['"a"', scoped('a'), true], ['"a"', member, false], ['["a", "b"]', scoped('b'), true], ['["a", "b"]', scoped('c'), false],
    ['[]', scoped('a'), false], ['[["a", "b"]]', scoped('a'), false],
  ])('scopes: %s', (scopes, grants, expected) => {
    expect(allows(`type Query { b: String @requiresScopes(scopes: ${scopes}) }`, 'Query.b', grants)).toBe(expected);
  });

  test('a specification that is linked twice, or imported under two names', () => {
    const twice = head.replace('authenticated/v0.1", for: SECURITY)', 'authenticated/v0.1", import: ["@authenticated", { name: "@authenticated", as: "@signedIn" }], for: SECURITY) @link(url: "https://specs.apollo.dev/authenticated/v0.1", as: "third")');
    for (const name of ['authenticated', 'signedIn', 'third']) expect(allows(`type Query { b: String @${name} }`, 'Query.b', noGrants, twice)).toBe(false);
  });
});

describe('what cannot be read is refused', () => {
  const refused = (schema: string, sdl = 'type Query { a: String }') => expect(() => readRequirements(`${schema} ${sdl}`)).toThrow(/not served/);
  test.each<[string, string, string?]>([
    ['join of another age', head.replace('join/v0.5', 'join/v0.1')],
    ['a later version', head.replace('policy/v0.1', 'policy/v0.2')],
    ['no link at all', 'schema { query: Query }'],
    ['links under another name', head.replaceAll('@link', '@lnk')],
    ['a rule without its link', head.replace(/@link\(url: "[^"]*policy[^)]*\)/, ''), 'type Query { a: String @policy(policies: [["a"]]) }'],
    ['rules that are carried along', head, 'type Query { a: String @join__directive(graphs: [G], name: "authenticated") }'],
    ['a link that is carried along', head.replace('{ query', '@join__directive(graphs: [G], name: "link", args: {url: "https://specs.apollo.dev/policy/v0.1"}) { query')],
  ])('%s', (_name, schema, sdl) => {
    refused(schema, sdl);
  });
  test('and what can be read is not', () => {
    expect(readRequirements(`${head} type Query { a: String }`).none).toBe(true);
  });
});

describe('keys', () => {
  const pair = () => generateKeyPairSync('ed25519');
  test('one of several that fit a token without a name of its key must have signed it', async () => {
    const [first, second, stranger] = [pair(), pair(), pair()];
    const jwks = JSON.stringify({ keys: [first, second].map(({ publicKey }) => ({ ...publicKey.export({ format: 'jwk' }), alg: 'EdDSA' })) });
    const grants = openGrants({ jwks, issuer: undefined, audience: undefined });
    const token = ({ privateKey }: ReturnType<typeof pair>) => new SignJWT({ scope: 'a b' }).setProtectedHeader({ alg: 'EdDSA' }).setExpirationTime('5m').sign(privateKey);
    for (const key of [first, second]) expect((await grants(`Bearer ${await token(key)}`)).scopes).toEqual(new Set(['a', 'b']));
    await expect(grants(`Bearer ${await token(stranger)}`)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});
