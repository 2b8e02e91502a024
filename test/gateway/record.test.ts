import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readEntry, type AccessEntry } from '../../audit/entry.ts';
import { subjectTag } from '../../audit/subjects.ts';
import { YiwangError } from '../../base/errors.ts';
import { analyst, app, clerk, matterNo, openFixture, type Fixture } from './fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(async () => fixture?.stop());

let before = 0;
beforeEach(async () => {
  before = (await entries()).length;
});

async function entries(): Promise<AccessEntry[]> {
  const { rows } = await fixture.database.pool.query<{ bytes: Buffer }>('SELECT bytes FROM audit.entry ORDER BY index');
  return rows.map(({ bytes }) => readEntry(bytes)!);
}
const written = async () => (await entries()).slice(before);

test('an allowed operation leaves one entry: who, why, which fields, how many', async () => {
  const { headers } = await fixture.ask('query Both { ticket(no: "T1") { note reason requester { name idNumber } } }', { purpose: 'MEDIATION', matter: matterNo });
  const [entry, ...more] = await written();
  expect(more).toEqual([]);
  expect(entry).toMatchObject({
    client: 'test', org: clerk.org, department: 'MEDIATION', tier: 'TOWNSHIP', division: clerk.division, purpose: 'MEDIATION', matter: matterNo,
    legalBasis: expect.stringContaining('人民调解法'), operation: { name: 'Both', hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
    coordinates: { full: { 'Person.name': 1, 'Ticket.note': 1 }, masked: { 'Person.idNumber': 1 }, withheld: { 'Ticket.reason': 1 } },
    recordCount: 1, decision: 'ALLOWED', code: null, traceId: headers.get('x-trace-id'),
  });
  expect(entry?.viewer).toMatch(/^[0-9a-f]{32}$/);
  expect(JSON.stringify(entry)).not.toMatch(/张三|漏水|clerk-1|mention-1|1990/);
});

test('a person who fills two places of the answer is asked about once and counted twice', async () => {
  fixture.calls.length = 0;
  const { data } = await fixture.ask('{ items { ... on Ticket { requester { name idNumber } } } }', { purpose: 'MEDIATION', matter: matterNo });
  const masked = { requester: { name: '张三', idNumber: '51**************34' } };
  expect(data).toEqual({ items: [masked, {}, masked] });
  expect(fixture.calls.map(({ subgraph }) => subgraph)).toEqual(['tickets', 'people']);
  const [entry] = await written();
  expect(entry?.coordinates).toMatchObject({ full: { 'Person.name': 2 }, masked: { 'Person.idNumber': 2 } });
});

test('the persons it touched stand in the index beside it, by tag only', async () => {
  await fixture.ask('{ ticket(no: "T1") { requester { name } } }', { purpose: 'MEDIATION', matter: matterNo });
  const { tag } = subjectTag(fixture.config.masterSecret, 'mention-1', new Date());
  const { rows } = await fixture.database.pool.query('SELECT DISTINCT encode(tag, \'hex\') AS tag FROM audit.subject WHERE entry_index >= $1', [before]);
  expect(rows).toEqual([{ tag }]);
});

describe('every refusal of somebody signed in leaves one entry', () => {
  test.each<[string, () => Promise<unknown>, string]>([
    ['a syntax error', () => fixture.ask('{ ticket('), 'BAD_REQUEST'],
    ['JSON that does not parse', () => fixture.ask('', { body: '{"query":' }), 'BAD_REQUEST'],
    ['a limit', () => fixture.ask(`{ ${'places { code } '.repeat(600)} }`), 'LIMIT_EXCEEDED'],
    ['a purpose that the token does not have', () => fixture.ask('{ places { code } }', { purpose: 'AUDIT' }), 'PURPOSE_UNKNOWN'],
    ['a matter that is not theirs', () => fixture.ask('{ places { code } }', { purpose: 'MEDIATION', matter: 'M0000000000ZZ' }), 'MATTER_UNKNOWN'],
    ['an operation not registered', () => fixture.ask('{ places { code } }', { as: app }), 'OPERATION_NOT_REGISTERED'],
    ['a variable of the wrong type', () => fixture.ask('query ($no: String!) { ticket(no: $no) { no } }', { variables: { no: [1] } }), 'BAD_REQUEST'],
  ])('%s', async (_name, refused, code) => {
    await refused();
    expect(await written()).toMatchObject([{ decision: 'REFUSED', code, traceId: expect.stringMatching(/^[0-9a-f]{32}$/) }]);
  });
});

test('answers and entries are equal in number, by trace id', async () => {
  const queries = ['{ places { code } }', '{ ticket(no: "T1") { no note } }', '{ nope }', '{ syntax', 'mutation { close(no: "T1") { no } }'];
  const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => fixture.ask(queries[index % queries.length]!, { as: index % 2 ? analyst : clerk })));
  const told = answers.map(({ headers }) => headers.get('x-trace-id')).sort();
  expect((await written()).map(({ traceId }) => traceId).sort()).toEqual(told);
});

test('refusals without a sign-in are counted, one entry a second for each code', async () => {
  await Promise.all(Array.from({ length: 20 }, () => fixture.ask('{ places { code } }', { as: null })));
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const found = (await written()).filter(({ code }) => code === 'UNAUTHENTICATED');
  expect(found.length).toBeLessThanOrEqual(2);
  expect(found.reduce((sum, { operations }) => sum + operations, 0)).toBe(20);
});

test('no entry, no answer', async () => {
  const failing = await openFixture({
    accessLog: { append: async () => Promise.reject(new YiwangError('AUDIT_UNWRITTEN')), appendRefusals: () => undefined, size: () => 0, close: async () => undefined },
  });
  for (const query of ['{ ticket(no: "T1") { no note } }', '{ nope }']) {
    const { status, text, errors } = await failing.ask(query, { purpose: 'MEDIATION', matter: matterNo });
    expect({ status, code: errors?.[0].extensions }).toMatchObject({ status: 503, code: { code: 'AUDIT_UNWRITTEN', retryable: true } });
    expect(text).not.toMatch(/漏水|nope/);
  }
  await failing.stop();
});
