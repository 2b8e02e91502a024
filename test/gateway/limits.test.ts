import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildASTSchema, parse } from 'graphql';
import { projectRoot } from '../../base/departments.ts';
import { checkCost, fragmentsOf, limits, onlyOperation } from '../../gateway/limits.ts';
import { openFixture, type Fixture } from './fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
});
beforeEach(() => {
  fixture.calls.length = 0;
});
afterAll(async () => fixture?.stop());

const times = (count: number, text: (index: number) => string) => Array.from({ length: count }, (_, index) => text(index)).join(' ');
const bomb = (levels: number) => `{ ticket(no: "T1") { ...F0 } } ${times(levels, (i) => `fragment F${i} on Ticket { ...F${i + 1} ...F${i + 1} }`)} fragment F${levels} on Ticket { no }`;
const secondsMax = 2;

describe('an operation over a limit is refused before it is validated, planned or sent', () => {
  test.each<[string, string]>([
    ['documentTokensMax', `{ ${times(limits.documentTokensMax, () => 'places { code }')} }`],
    ['nestingMax', `${'{a'.repeat(2_500)}${'}'.repeat(2_500)}`],
    ['nestingMax', `{ search(filter: { status: ${'['.repeat(2_000)}${']'.repeat(2_000)} }) { no } }`],
    ['nestingMax', `query ($a: ${'['.repeat(2_000)}Int${']'.repeat(2_000)}) { places { code } }`],
    ['nestingMax', '{'.repeat(5_000)],
    ['depthMax', `{ ${times(30, () => '... {')} places { code } ${'}'.repeat(30)} }`],
    ['aliasesMax', `{ ${times(limits.aliasesMax + 1, (i) => `a${i}: places { code }`)} }`],
    ['directivesMax', `{ places { ${times(limits.directivesMax + 1, () => 'code @skip(if: false)')} } }`],
    ['directivesPerPlaceMax', `{ places ${times(limits.directivesPerPlaceMax + 1, () => '@skip(if: false)')} { code } }`],
    ['directivesPerPlaceMax', `query ${times(limits.directivesPerPlaceMax + 1, () => '@a')} { places { code } }`],
    ['fieldsPerSetMax', `{ places { ${times(limits.fieldsPerSetMax + 1, () => 'code')} } }`],
    ['expandedSelectionsMax', bomb(40)],
  ])('%s', async (name, query) => {
    const startedAt = performance.now();
    const { status, errors } = await fixture.ask(query, { purpose: 'MEDIATION' });
    expect(status).toBe(400);
    expect(errors).toHaveLength(1);
    expect(errors?.[0]).toMatchObject({ message: expect.stringContaining(name), extensions: { code: 'LIMIT_EXCEEDED' } });
    expect((performance.now() - startedAt) / 1_000).toBeLessThan(secondsMax);
    expect(fixture.calls).toEqual([]);
  });

  test('costMax counts the positions an answer could have', async () => {
    const spreads = times(30, (i) => `s${i}: search { ${times(30, (j) => `n${i}x${j % 6}: no`)} }`);
    expect((await fixture.ask(`{ ${spreads} }`, { purpose: 'MEDIATION' })).errors?.[0]?.extensions.code).toBe('LIMIT_EXCEEDED');
  });

  describe('costMax knows what is long', () => {
    const graph = buildASTSchema(parse(readFileSync(join(projectRoot(), 'schema/supergraph.graphql'), 'utf8')), { assumeValid: true });
    const cost = (text: string) => () => checkCost(graph, onlyOperation(parse(text)), fragmentsOf(parse(text)), {});
    const matrix = 'policyMatrix(kind: CLERK, tier: COUNTY) { coordinate class effect policy }';
    const schema = '__schema { types { name fields { name } } }';
    test.each([
      ['the matrix', `{ ${matrix} }`, `{ ${times(15, (i) => `m${i}: ${matrix}`)} }`],
      ['the whole schema', `{ ${schema} }`, `{ ${times(4, (i) => `s${i}: ${schema}`)} }`],
      ['types', `{ ${times(20, (i) => `t${i}: __type(name: "A${i}") { name }`)} }`, `{ ${times(101, (i) => `t${i}: __type(name: "A${i}") { name }`)} }`],
    ])('%s', (_, few, many) => {
      expect(cost(few)).not.toThrow();
      expect(cost(many)).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED' }));
    });
  });

  test('a body over bodyBytesMax', async () => {
    const { status, errors } = await fixture.ask(`{ places { code } } # ${'x'.repeat(limits.bodyBytesMax)}`);
    expect({ status, code: errors?.[0].extensions.code }).toEqual({ status: 413, code: 'LIMIT_EXCEEDED' });
  });

  test('circular fragments end', async () => {
    expect((await fixture.ask('{ ticket(no: "T1") { ...A } } fragment A on Ticket { ...B } fragment B on Ticket { ...A }')).status).toBe(400);
  });
});

describe('one document holds one operation, one request one document', () => {
  test.each<[string, unknown]>([
    ['several operations', { query: 'query A { places { code } } query B { places { code } }', operationName: 'A' }],
    ['none', { query: 'fragment A on Place { code }' }],
    ['a batch', [{ query: '{ places { code } }' }]],
    ['an operation name the document has not', { query: '{ places { code } }', operationName: 'A' }],
    ['no query', { variables: {} }],
    ['a query that is no string', { query: 1 }],
    ['an alias that begins with two underscores', { query: '{ __proto__: places { code } }' }],
    ['a forged type name', { query: '{ items { __typename: no } }' }],
    ['variables that are no object', { query: '{ places { code } }', variables: [] }],
    ['a subscription', { query: 'subscription { places { code } }' }],
  ])('%s is refused', async (_name, body) => {
    expect(await fixture.ask('', { body })).toMatchObject({ status: 400, errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
    expect(fixture.calls).toEqual([]);
  });

  test('a key `__proto__` in the JSON is refused', async () => {
    expect(await fixture.ask('', { body: '{"query":"{ places { code } }","variables":{"__proto__":{"a":1}}}' })).toMatchObject({ status: 400 });
  });
});

describe('what callers are told of their mistakes', () => {
  test.each<[string, string, RegExp]>([
    ['a syntax error', '{ places { code ', /^Syntax Error/],
    ['a field that is none, without a suggestion', '{ plces { code } }', /^Cannot query field "plces" on type "Query"\.$/],
    ['a type that is none', '{ ticket(no: "T1") { ... on Tickets { no } } }', /^Unknown type "Tickets"\.$/],
    ['an argument that is none', '{ ticket(nr: "T1", no: "T1") { no } }', /^Unknown argument "nr" on field "Query\.ticket"\.$/],
  ])('%s', async (_name, query, message) => {
    const { status, errors, data } = await fixture.ask(query);
    expect({ status, data }).toEqual({ status: 400, data: undefined });
    expect(errors?.[0]).toMatchObject({ message: expect.stringMatching(message), extensions: { code: 'BAD_REQUEST', zh: expect.any(String) } });
    expect(JSON.stringify(errors)).not.toMatch(/mean|stack|node_modules/);
  });

  test('a variable of the wrong type', async () => {
    const { status, errors } = await fixture.ask('query ($no: String!) { ticket(no: $no) { no } }', { variables: { no: 1 } });
    expect({ status, code: errors?.[0].extensions.code }).toEqual({ status: 400, code: 'BAD_REQUEST' });
  });
});
