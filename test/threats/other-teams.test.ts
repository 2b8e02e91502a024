import { afterAll, beforeAll, expect, test } from 'vitest';
import { clerk, openFixture, type Fixture } from '../gateway/fixture.ts';

/** A subgraph of another team has the federation's own rules beside the hub's classes: what either refuses is refused. */
const sdl = `
  extend schema
    @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@composeDirective", "@authenticated", "@policy", { name: "@requiresScopes", as: "@scoped" }])
    @link(url: "https://yiwang.example/classified/v1.0", import: ["@classified"])
    @composeDirective(name: "@classified")
  directive @classified(as: FieldClass!, mask: Mask, owner: String) on FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION
  enum FieldClass { PUBLIC WORK PERSONAL IDENTIFYING SENSITIVE RESTRICTED }
  enum Mask { NAME PHONE ID_NUMBER ADDRESS COORDINATES BIRTH_DATE TEXT }
  type Query { stock: Stock @classified(as: PUBLIC) byGrade(grade: Grade @classified(as: PUBLIC)): Stock @classified(as: PUBLIC) }
  type Stock {
    place: String @classified(as: PUBLIC)
    counted: String @classified(as: PUBLIC) @scoped(scopes: [["stock:read"]])
    price: String @classified(as: PUBLIC) @policy(policies: [["buyer"]])
    keeper: String @classified(as: RESTRICTED) @scoped(scopes: [["stock:read"]])
  }
  enum Grade @scoped(scopes: [["stock:grade"]]) { FIRST SECOND }`;
const stock = { place: 'hall', counted: 'seven', price: 'eight', keeper: 'never' };

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture({ further: { sdl, resolvers: { Query: { stock: () => stock, byGrade: () => stock } } } });
});
afterAll(async () => fixture?.stop());

const query = '{ stock { place n: counted ... on Stock { price keeper } } }';
const asked = () => fixture.calls.filter(({ subgraph }) => subgraph === 'further').map(({ query: text }) => text).join('\n');

test('without scope and policy their fields are null, told with the federation’s code, and never fetched', async () => {
  fixture.calls.length = 0;
  const { data, extensions } = await fixture.ask(query, { purpose: 'MEDIATION' });
  expect(data).toEqual({ stock: { place: 'hall', n: null, price: null, keeper: null } });
  const told = Object.fromEntries(extensions.access.map(({ coordinate, code }: { coordinate: string; code?: string }) => [coordinate, code]));
  expect(told).toEqual({ 'Stock.counted': 'UNAUTHORIZED_FIELD_OR_TYPE', 'Stock.price': 'UNAUTHORIZED_FIELD_OR_TYPE', 'Stock.keeper': undefined });
  expect(asked()).not.toMatch(/counted|price|keeper/);
});

test('scopes come from the token’s `scope`, policies from its `policies`; they open nothing that the hub’s policy closes', async () => {
  const { data } = await fixture.ask(query, { as: { ...clerk, scope: 'other stock:read', policies: ['buyer'] }, purpose: 'MEDIATION' });
  expect(data).toEqual({ stock: { place: 'hall', n: 'seven', price: 'eight', keeper: null } });
});

test('one text for callers with and without the scope, in turn', async () => {
  const turns = [{ ...clerk, scope: 'stock:read' }, clerk, { ...clerk, scope: 'stock:read' }];
  const given = [];
  for (const as of turns) given.push((await fixture.ask('{ stock { counted } }', { as, purpose: 'MEDIATION' })).data.stock.counted);
  expect(given).toEqual(['seven', null, 'seven']);
});

test('a value of a type with a rule is not asked about either', async () => {
  const byVariable = { variables: { grade: 'FIRST' }, purpose: 'MEDIATION' };
  const text = 'query ($grade: Grade) { byGrade(grade: $grade) { place } }';
  expect((await fixture.ask(text, byVariable)).data).toEqual({ byGrade: null });
  expect((await fixture.ask(text, { purpose: 'MEDIATION' })).data).toEqual({ byGrade: { place: 'hall' } });
  expect((await fixture.ask(text, { ...byVariable, as: { ...clerk, scope: 'stock:grade' } })).data).toEqual({ byGrade: { place: 'hall' } });
});

test('introspection shows what the token’s scopes open', async () => {
  const fields = async (as: object) => (await fixture.ask('{ __type(name: "Stock") { fields { name } } }', { as: as as never })).data.__type.fields.map(({ name }: { name: string }) => name);
  expect(await fields(clerk)).toEqual(['place']);
  expect(await fields({ ...clerk, scope: 'stock:read' })).toEqual(['place', 'counted']);
});
