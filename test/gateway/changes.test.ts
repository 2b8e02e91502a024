import { afterAll, beforeAll, expect, test } from 'vitest';
import { readEntry } from '../../audit/entry.ts';
import { clerk, openFixture, operator, type Fixture } from './fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(async () => fixture?.stop());

async function entriesOf(traceId: string | null) {
  const { rows } = await fixture.database.pool.query<{ bytes: Buffer }>('SELECT bytes FROM audit.entry ORDER BY index');
  return rows.map(({ bytes }) => readEntry(bytes)!).filter((entry) => entry.traceId === traceId);
}

test('changes of one document are made one after the other', async () => {
  const { data, errors } = await fixture.ask('mutation { a: rename(to: "first") { before name } b: rename(to: "second") { before name } c: rename(to: "third") { before } }', { as: operator, purpose: 'DATA_QUALITY' });
  expect(errors).toBeUndefined();
  expect(data).toEqual({ a: { before: 'nobody', name: 'first' }, b: { before: 'first', name: 'second' }, c: { before: 'second' } });
});

test.each([
  ['another kind of caller', { as: clerk, purpose: 'MEDIATION' }, 'KIND'],
  ['the operator without a purpose', { as: operator }, 'NO_PURPOSE'],
])('a change refused to %s reaches no subgraph', async (_, asking, reason) => {
  fixture.calls.length = 0;
  const { data, extensions } = await fixture.ask('mutation { rename(to: "never") { name } }', asking);
  expect(data).toEqual({ rename: null });
  expect(extensions.access).toMatchObject([{ coordinate: 'Mutation.rename', effect: 'WITHHELD', reason }]);
  expect(fixture.calls).toEqual([]);
  const { data: after } = await fixture.ask('mutation { rename(to: "again") { before } }', { as: operator, purpose: 'DATA_QUALITY' });
  expect(after.rename.before).not.toBe('never');
});

test('a document with an allowed and a refused change makes the allowed one only', async () => {
  const { data, extensions } = await fixture.ask('mutation { rename(to: "allowed") { name } close(no: "T1") { no } }', { as: operator, purpose: 'DATA_QUALITY' });
  expect(data).toEqual({ rename: { name: 'allowed' }, close: null });
  expect(extensions.access).toMatchObject([{ coordinate: 'Mutation.close', effect: 'WITHHELD' }]);
  expect(fixture.calls.at(-1)?.query).not.toContain('close');
});

test('a change leaves one entry that names it, whatever it was told', async () => {
  const { headers } = await fixture.ask('mutation { rename(to: "王小明") { name } }', { as: operator, purpose: 'DATA_QUALITY' });
  const entries = await entriesOf(headers.get('x-trace-id'));
  expect(entries).toMatchObject([{ decision: 'ALLOWED', coordinates: { full: { 'Mutation.rename': 1 } } }]);
  expect(JSON.stringify(entries)).not.toContain('王小明');
});

test('introspection shows a change to those who may make it', async () => {
  const fields = async (as: typeof clerk) => (await fixture.ask('{ __type(name: "Mutation") { fields { name } } }', { as })).data.__type?.fields.map((field: { name: string }) => field.name);
  expect(await fields(operator)).toEqual(['rename']);
  expect(await fields(clerk)).toBeUndefined();
});
