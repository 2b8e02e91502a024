import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { YiwangError, errorTable } from '../../base/errors.ts';
import { httpTransport } from '../../gateway/transport.ts';
import { openPolicy } from '../../policy/decide.ts';
import { viewerKey } from '../../policy/viewer.ts';
import { startSubgraphs } from '../../subgraphs/main.ts';
import { matterNo, openFixture, type Fixture } from './fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
});
beforeEach(() => fixture.faults.clear());
afterAll(async () => fixture?.stop());

const query = '{ ticket(no: "T1") { no requester { name } } places { code } }';
const asking = { purpose: 'MEDIATION', matter: matterNo };
const nothingSeen = { fields: [], subjects: [], records: {} };
const host = 'http://10.1.2.3:4101';

describe('a subgraph that fails leaves its fields null and one typed error', () => {
  test.each<[string, () => Promise<{ body: unknown }>, string]>([
    ['it is unreachable', async () => Promise.reject(new YiwangError('SUBGRAPH_UNAVAILABLE', { detail: host })), 'SUBGRAPH_UNAVAILABLE'],
    ['it throws', async () => Promise.reject(new TypeError(`connect ECONNREFUSED ${host}`)), 'SUBGRAPH_UNAVAILABLE'],
    ['it answers garbage', async () => ({ body: '<html>login</html>' }), 'SUBGRAPH_UNAVAILABLE'],
    ['it answers with errors of its own making', async () => ({ body: { data: null, errors: [{ message: `SELECT secret FROM ${host}`, extensions: { code: 'ECONNRESET', stacktrace: [host] } }] } }), 'INTERNAL'],
    ['it says that its database is down', async () => ({ body: { data: null, errors: [{ message: host, extensions: { code: 'DATABASE_UNAVAILABLE' } }] } }), 'DATABASE_UNAVAILABLE'],
  ])('%s', async (_name, fault, code) => {
    fixture.faults.set('people', fault);
    const { status, data, errors, text } = await fixture.ask(query, asking);
    expect({ status, data }).toEqual({ status: 200, data: { ticket: { no: 'T1', requester: { name: null } }, places: [{ code: '51' }] } });
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual([code]);
    expect(text).not.toMatch(/10\.1\.2\.3|stack|SELECT|html|ECONN/);
  });
});

test('root fields of a subgraph that does not answer are null, each with an error', async () => {
  fixture.faults.set('tickets', async () => Promise.reject(new YiwangError('SUBGRAPH_UNAVAILABLE')));
  const { data, errors } = await fixture.ask(query, asking);
  expect(data).toEqual({ ticket: null, places: null });
  expect(errors).toMatchObject(['ticket', 'places'].map((key) => ({ path: [key], extensions: { code: 'SUBGRAPH_UNAVAILABLE', subgraph: 'tickets', retryable: true } })));
});

test.each<[string, object]>([
  ['no report', {}],
  ['`extensions` that are a text', { extensions: 'x' }],
  ['a report of another form', { extensions: { seen: { a: 1 } } }],
  ['a count that is none', { extensions: { seen: { fields: [{ coordinate: 'Person.name', effect: 'FULL', policy: 'p', reason: 'r', count: -1 }], subjects: [], records: {} } } }],
])('what a subgraph of the hub gives with %s is not released', async (_name, beside) => {
  fixture.faults.set('people', async () => ({ body: { data: { _entities: [{ name: '张三' }] }, ...beside } }));
  const { data, errors } = await fixture.ask(query, asking);
  expect(data).toEqual({ ticket: { no: 'T1', requester: { name: null } }, places: [{ code: '51' }] });
  expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['SUBGRAPH_UNAVAILABLE']);
});

test.each(['BAD_REQUEST', 'FORBIDDEN'])('an error of a resolver with the code %s keeps its place and its subgraph', async (code) => {
  fixture.faults.set('people', async () => ({ body: { data: { _entities: [{ name: null }] }, errors: [{ message: host, path: ['_entities', 0, 'name'], extensions: { code } }], extensions: { seen: nothingSeen } } }));
  const { status, errors } = await fixture.ask(query, asking);
  expect({ status, errors }).toEqual({ status: 200, errors: [{ message: errorTable[code as 'FORBIDDEN'].en, path: ['ticket', 'requester', 'name'], extensions: { code, subgraph: 'people', zh: expect.any(String), retryable: false } }] });
});

test('values that were not asked for, and keys that reach a prototype, do not come through', async () => {
  fixture.faults.set('people', async () => ({ body: JSON.parse('{"data":{"_entities":[{"name":"张三","idNumber":"510107199001011234","__proto__":{"x":1}}]},"extensions":{"seen":{"fields":[],"subjects":[],"records":{}}}}') }));
  const { data } = await fixture.ask(query, asking);
  expect(data.ticket.requester).toEqual({ name: '张三' });
});

test('over HTTP the refusal of a subgraph of the hub keeps its code, whatever its status', async () => {
  const { endpoints, stop } = await startSubgraphs({ pool: fixture.database.pool, policy: openPolicy(), viewerKey: viewerKey(fixture.config.masterSecret), master: fixture.config.masterSecret, only: ['hotline'], port: 0 });
  const transport = httpTransport(endpoints);
  expect(await transport.send('hotline', '{"query":"{ __typename }"}', {})).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
  await transport.close();
  await stop();
});
