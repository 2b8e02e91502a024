import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anonymousOperation, clerk, openFixture, type Fixture } from '../gateway/fixture.ts';

/**
 * What the scanners graphql-cop and clairvoyance probe, in code of our own: docs/security.md says how to run them. Both are
 * run without a token, and as somebody who signed in.
 */
let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(async () => fixture?.stop());

const times = (count: number, text: (at: number) => string) => Array.from({ length: count }, (_, at) => text(at)).join(' ');

describe.each<[string, typeof clerk | null]>([['without a token', null], ['signed in', clerk]])('%s', (_who, as) => {
  test.each<[string, string]>([
    ['101 aliases', `query cop { ${times(101, (at) => `alias${at}: __typename`)} }`],
    ['a field 500 times', `query cop { ${times(500, () => '__typename')} }`],
    ['ten directives on one field', 'query cop { __typename @aa@aa@aa@aa@aa@aa@aa@aa@aa@aa }'],
    ['a suggestion', 'query cop { __schema { directive } }'],
    ['a field that nearly is one', 'query { ticke(no: "T1") { no } }'],
    ['an argument that nearly is one', 'query { ticket(n: "T1") { no } }'],
    ['a type that nearly is one', 'query ($a: TicketFilte) { search(filter: $a) { no } }'],
    ['an operation of an unknown kind', 'qwerty cop { abc }'],
  ])('%s: refused in one or a few sentences that give nothing away', async (_name, query) => {
    const { status, data, errors, text } = await fixture.ask(query, { as });
    expect([status, data]).toEqual([as ? 400 : 401, undefined]);
    expect(errors!.length).toBeLessThan(10);
    expect(text).not.toMatch(/did you mean|perhaps|exception|stacktrace|tracing|"ticket"|TicketFilter/i);
  });

  test('ten operations at once are one refusal', async () => {
    const batch = Array.from({ length: 10 }, () => ({ query: 'query cop { __typename }' }));
    expect(await fixture.ask('', { as, body: batch })).toMatchObject({ status: as ? 400 : 401, errors: [expect.anything()] });
  });

  test('by GET and as a form nothing is answered', async () => {
    const authorization: Record<string, string> = as ? { authorization: `Bearer ${await fixture.token(as)}` } : {};
    const url = `${fixture.url}/graphql`;
    const got = await fetch(`${url}?${new URLSearchParams({ query: '{ __typename }' }).toString()}`, { headers: { ...authorization, accept: 'text/html' } });
    const formed = await fetch(url, { method: 'POST', headers: { ...authorization, 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams({ query: '{ __typename }' }) });
    for (const response of [got, formed]) {
      const text = await response.text();
      expect(response.status).toBeGreaterThan(400);
      expect(text).not.toMatch(/"data"|graphiql|playground/i);
    }
  });
});

test('a caller without a token gets one answer to every question about the schema, right or wrong', async () => {
  const questions = ['{ ticket(no: "T1") { no } }', '{ nothing }', '{ ticket }', '{ places { code nme } }', '{ __typename }', '{ __schema { queryType { name } } }', 'mutation { rename(to: "x") { name } }', '{', 'query ($a: Int) { ticket(no: $a) { no } }'];
  const answers = await Promise.all(questions.map(async (query) => (await fixture.ask(query, { as: null })).text));
  expect(new Set(answers).size).toBe(1);
  expect((await fixture.ask(anonymousOperation, { as: null })).status).toBe(200);
});
