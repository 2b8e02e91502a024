import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { readEntry } from '../../audit/entry.ts';
import { analyst, clerk, matterNo, openFixture, type Fixture } from './fixture.ts';

/** Equal questions that are under way at once share an answer, where that is switched on: per viewer, purpose and matter. */
let fixture: Fixture;
const slowMs = 150;
beforeAll(async () => {
  fixture = await openFixture({ singleFlight: true });
  await fixture.ask('{ places { code } }'); // planned before anything is counted
});
beforeEach(() => {
  fixture.calls.length = 0;
  fixture.faults.set('tickets', async () => {
    await new Promise((resolve) => setTimeout(resolve, slowMs));
    return { body: { data: { places: [{ code: '51' }] }, extensions: { seen: { fields: [{ coordinate: 'Ticket.status', effect: 'FULL', policy: 'p', reason: 'r', count: 3 }], subjects: [], records: { r1: 0 } } } } };
  });
});
afterAll(async () => fixture?.stop());

const query = '{ places { code } }';
const asked = () => fixture.calls.filter(({ subgraph }) => subgraph === 'tickets').length;

test('one viewer asks the same at once: one call, one answer each, one entry each in the log', async () => {
  const { rows: before } = await fixture.database.pool.query<{ count: string }>('SELECT count(*) FROM audit.entry');
  const answers = await Promise.all([1, 2, 3].map(() => fixture.ask(query, { purpose: 'MEDIATION' })));
  expect(answers.map(({ data }) => data)).toEqual([1, 2, 3].map(() => ({ places: [{ code: '51' }] })));
  expect(asked()).toBe(1);
  const { rows } = await fixture.database.pool.query<{ bytes: Buffer }>('SELECT bytes FROM audit.entry ORDER BY index OFFSET $1', [before[0]?.count]);
  const entries = rows.map(({ bytes }) => readEntry(bytes));
  expect(entries.map((entry) => [entry?.coordinates.full, entry?.recordCount])).toEqual([1, 2, 3].map(() => [{ 'Ticket.status': 3 }, 1]));
  expect(new Set(entries.map((entry) => entry?.traceId)).size).toBe(3);
});

test.each<[string, Parameters<Fixture['ask']>[1][]]>([
  ['another viewer', [{ as: clerk }, { as: analyst }]],
  ['another subject of the same class', [{ as: clerk }, { as: { ...clerk, sub: 'clerk-2' } }]],
  ['another purpose', [{ purpose: 'MEDIATION' }, { purpose: 'MATTER_HANDLING' }]],
  ['another matter', [{ purpose: 'MEDIATION' }, { purpose: 'MEDIATION', matter: matterNo }]],
])('%s has an answer of their own', async (_name, options) => {
  await Promise.all(options.map((one) => fixture.ask(query, one)));
  expect(asked()).toBe(2);
});

test('what is done is not kept: the next question is asked again', async () => {
  await fixture.ask(query);
  await fixture.ask(query);
  expect(asked()).toBe(2);
});
