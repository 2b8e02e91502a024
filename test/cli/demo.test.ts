import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startEmbeddedPostgres } from '../../base/embedded.ts';
import { freePort, startYiwang, temporaryHome, yiwang } from './command.ts';

const { home, remove } = temporaryHome();
const dataset = join(home, 'county');
const env: Record<string, string> = { YIWANG_HOME: home };
const minutesMs = 60_000;

beforeAll(async () => {
  env['PORT'] = String(await freePort());
  expect(await yiwang(['dataset', 'generate', '--out', dataset, '--residents', '400', '--seed', '7'], env)).toMatchObject({ code: 0, err: '' });
});
afterAll(remove);

describe('`demo --once`', () => {
  test('syncs every round, exits 0 and leaves nothing running', async () => {
    const { code, err } = await yiwang(['demo', '--dataset', dataset, '--once'], env);
    expect(err).toContain('synced');
    expect(code).toBe(0);
    expect(existsSync(join(home, 'postgres/data/postmaster.pid'))).toBe(false);
  }, 5 * minutesMs);

  test('counts what the generator counted, in every stream', async () => {
    const { out } = await yiwang(['status', '--json'], env);
    const status = JSON.parse(out) as { ready: boolean; streams: Record<string, unknown>[] };
    const expected = JSON.parse(readFileSync(join(dataset, 'truth/expected.json'), 'utf8')) as Record<string, Record<string, unknown>>;
    expect(status.ready).toBe(true);
    expect(status.streams.length).toBeGreaterThan(2);
    for (const stream of status.streams) expect({ stream: stream['stream'], ...compared(stream, expected) }).toEqual({ stream: stream['stream'], ...compared(expected[String(stream['stream'])]!, expected) });
  }, minutesMs);

  test('nothing that is never stored can be found in any table, queue or log', async () => {
    const canaries = JSON.parse(readFileSync(join(dataset, 'truth/canaries.json'), 'utf8')) as { value: string }[];
    expect(canaries.length).toBeGreaterThan(0);
    const server = await startEmbeddedPostgres({ home });
    try {
      const found = await tablesWith(server.url, canaries.map(({ value }) => value));
      expect(found).toEqual([]);
    } finally {
      await server.stop();
    }
    expect(canaries.filter(({ value }) => readFileSync(join(home, 'postgres/server.log'), 'utf8').includes(value))).toEqual([]);
  }, 2 * minutesMs);
});

test('`dataset check` says that all is there, and what is not', async () => {
  expect(await yiwang(['dataset', 'check', '--dataset', dataset], env)).toMatchObject({ code: 0, err: '', out: expect.stringContaining('0 counts differ') });
  // A data set that states other counts and forbids what stands in the hub.
  const other = join(home, 'other');
  mkdirSync(join(other, 'truth'), { recursive: true });
  const expected = JSON.parse(readFileSync(join(dataset, 'truth/expected.json'), 'utf8')) as Record<string, Record<string, unknown>>;
  writeFileSync(join(other, 'truth/expected.json'), JSON.stringify({ ...expected, tickets: { ...expected['tickets'], live: 1 } }));
  writeFileSync(join(other, 'truth/canaries.json'), JSON.stringify([{ value: 'HotlineTicket', rule: 'tickets.none' }, { value: 'nowhere (at all', rule: 'none' }]));
  const { code, out } = await yiwang(['dataset', 'check', '--dataset', other, '--json'], env);
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject({ different: [{ stream: 'tickets', count: 'live', expected: 1 }], canaries: [{ rule: 'tickets.none', table: 'hub.record' }] });
}, 2 * minutesMs);

test('Ctrl-C while it syncs ends everything within seconds', async () => {
  const { child, ended } = startYiwang(['demo', '--dataset', dataset, '--keep'], env);
  await vi.waitFor(() => expect(ended().err).toContain('listens at'), { timeout: 2 * minutesMs, interval: 100 });
  child.kill('SIGINT');
  await once(child, 'close');
  expect(ended().code).toBe(0);
  await expect(fetch(`http://127.0.0.1:${env['PORT']}/livez`)).rejects.toThrow();
  expect(existsSync(join(home, 'postgres/data/postmaster.pid'))).toBe(false);
}, 4 * minutesMs);

test('a second demo of the same home is refused and harms nothing', async () => {
  const { child, ended } = startYiwang(['up', '--only', 'jobs'], { ...env, YIWANG_LOG_LEVEL: 'info' });
  await vi.waitFor(() => expect(ended().err).toContain('ready'), { timeout: minutesMs, interval: 100 });
  for (const keep of [[], ['--keep']]) {
    const second = await yiwang(['demo', '--dataset', dataset, '--once', ...keep], env);
    expect({ keep, code: second.code, err: second.err }).toEqual({ keep, code: 1, err: expect.stringContaining('another yiwang runs on this home') });
  }
  child.kill('SIGTERM');
  await once(child, 'close');
  expect(ended().code).toBe(0);
  const { out } = await yiwang(['status', '--json'], env);
  expect((JSON.parse(out) as { persons: number }).persons).toBeGreaterThan(0);
}, 3 * minutesMs);

test.each([
  ['the port of the gateway is taken', 0, {}, /port \d+ is in use .*\[CONFIG\]/],
  ['the port of the simulator is taken', 200, {}, /cannot listen on .*another program has that port.*\[CONFIG\]/],
  ['a setting of a source is wrong', undefined, { HOTLINE_AMQP_URL: 'no address' }, /HOTLINE_AMQP_URL: not a URL.*\[CONFIG\]/],
])('a demo that cannot start leaves the hub of its home as it was: %s', async (_, above, more, message) => {
  const held = async () => {
    const { persons, log } = JSON.parse((await yiwang(['status', '--json'], env)).out) as { persons: number; log: object };
    return { persons, log, outside: ['checkpoints', 'signer'].map((folder) => readdirSync(join(home, folder)).sort()) };
  };
  const before = await held();
  expect(before.persons).toBeGreaterThan(0);
  const blocker = above === undefined ? undefined : createServer().listen(Number(env['PORT']) + above, '127.0.0.1');
  try {
    const { code, err } = await yiwang(['demo', '--dataset', dataset, '--once'], { ...env, ...more });
    expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(message) });
  } finally {
    blocker?.close();
  }
  expect(await held()).toEqual(before);
}, 2 * minutesMs);

test('a database that somebody gave is never emptied', async () => {
  const server = await startEmbeddedPostgres({ home });
  try {
    const { code, err } = await yiwang(['demo', '--dataset', dataset, '--once'], { ...env, DATABASE_URL: server.url });
    expect(code).toBe(1);
    expect(err).toContain('holds a hub already');
  } finally {
    await server.stop();
  }
}, 2 * minutesMs);

const fields = ['offered', 'tombstones', 'dropped', 'droppedFields', 'quarantined', 'quarantinedValues', 'repaired', 'deleted', 'live'];

/** What sources.md says is compared: of `repaired` the `ID_*` kinds only. */
function compared(stream: Record<string, unknown>, expected: Record<string, Record<string, unknown>>): Record<string, unknown> {
  expect(Object.keys(expected).length).toBeGreaterThan(0);
  const kinds = Object.entries((stream['repaired'] ?? {}) as Record<string, number>).filter(([kind]) => kind.startsWith('ID_'));
  return { ...Object.fromEntries(fields.map((field) => [field, stream[field]])), repaired: Object.fromEntries(kinds.sort(([a], [b]) => (a < b ? -1 : 1))) };
}

async function tablesWith(url: string, values: readonly string[]): Promise<string[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND tablename <> 'division'",
    );
    expect(tables.length).toBeGreaterThan(20);
    const found: string[] = [];
    for (const { name } of tables) {
      const { rowCount } = await client.query(`SELECT 1 FROM ${name} t, unnest($1::text[]) AS canary WHERE position(canary IN t::text) > 0 LIMIT 1`, [values]);
      if (rowCount) found.push(name);
    }
    return found;
  } finally {
    await client.end();
  }
}
