import { afterAll, beforeAll, expect, test } from 'vitest';
import { readEntry, type AccessEntryInput } from '../../audit/entry.ts';
import { YiwangError } from '../../base/errors.ts';
import { logOwed } from '../../gateway/effects.ts';
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

test('an effect whose answer never left is put into the log when it is found, once', async () => {
  const { pool } = fixture.database;
  const owed = (trace: string, at: string) => pool.query(`INSERT INTO hub.effect (trace_id, coordinate, caller, kind, org, purpose, subject, policy_version, at) VALUES ($1, 'Mutation.rename', 'f00d', 'OPERATOR', $2, 'DATA_QUALITY', 's', 'v', ${at})`, [trace, operator.org]);
  await owed('dead', "now() - interval '1 minute'");
  await owed('alive', 'now()'); // its answer is on its way
  const [one, other] = await Promise.all([logOwed(pool, fixture.accessLog), logOwed(pool, fixture.accessLog)]);
  expect(one! + other!).toBe(1);
  expect(await entriesOf('dead')).toMatchObject([{ viewer: 'f00d', org: operator.org, decision: 'ALLOWED', operation: null, coordinates: { full: { 'Mutation.rename': 1 } } }]);
  expect(await entriesOf('alive')).toEqual([]);
  expect(await logOwed(pool, fixture.accessLog)).toBe(0);
});

test('what was put into the log before it failed is not put there again', async () => {
  const { pool } = fixture.database;
  for (const trace of ['owed-1', 'owed-2', 'owed-3']) await pool.query(`INSERT INTO hub.effect (trace_id, coordinate, caller, kind, subject, policy_version, at) VALUES ($1, 'Mutation.rename', 'f00d', 'OPERATOR', 's', 'v', now() - interval '1 minute')`, [trace]);
  let left = 2;
  const failing = { ...fixture.accessLog, append: (entry: AccessEntryInput) => (left-- > 0 ? fixture.accessLog.append(entry) : Promise.reject(new YiwangError('AUDIT_UNWRITTEN'))) };
  await expect(logOwed(pool, failing)).rejects.toMatchObject({ code: 'AUDIT_UNWRITTEN' });
  expect(await logOwed(pool, fixture.accessLog)).toBe(1);
  for (const trace of ['owed-1', 'owed-2', 'owed-3']) expect(await entriesOf(trace)).toHaveLength(1);
});

test('an effect is marked by the entry of its own answer', async () => {
  const { pool } = fixture.database;
  const { headers } = await fixture.ask('mutation { rename(to: "marked") { name } }', { as: operator, purpose: 'DATA_QUALITY' });
  const trace = headers.get('x-trace-id');
  expect(await entriesOf(trace)).toHaveLength(1);
  const { rows } = await pool.query('SELECT logged_at FROM hub.effect WHERE trace_id = $1', [trace]);
  expect(rows).toMatchObject([{ logged_at: expect.any(Date) }]);
});

test('a change whose answer got lost on its way from the subgraph is put into the log all the same', async () => {
  const { pool } = fixture.database;
  fixture.loseNext('tickets');
  const { headers } = await fixture.ask('mutation { rename(to: "lost") { name } }', { as: operator, purpose: 'DATA_QUALITY' });
  const trace = headers.get('x-trace-id');
  await pool.query(`UPDATE hub.effect SET at = now() - interval '1 minute' WHERE trace_id = $1`, [trace]);
  expect(await logOwed(pool, fixture.accessLog)).toBe(1);
  expect((await entriesOf(trace)).map(({ coordinates }) => coordinates.full)).toEqual([{}, { 'Mutation.rename': 1 }]);
});

test('introspection shows a change to those who may make it', async () => {
  const fields = async (as: typeof clerk) => (await fixture.ask('{ __type(name: "Mutation") { fields { name } } }', { as })).data.__type?.fields.map((field: { name: string }) => field.name);
  expect(await fields(operator)).toEqual(['rename']);
  expect(await fields(clerk)).toBeUndefined();
});
