import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { readEntry } from '../../audit/entry.ts';
import { openAccessLog, type AccessLog, type AccessLogOptions } from '../../audit/log.ts';
import { leafHash, merkleRoot } from '../../audit/merkle.ts';
import { openPool, type Pool } from '../../base/db.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';
import { entryOf } from './entries.ts';
import { commitProxy, type AtCommit } from './log-proxy.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

describe('the access log', () => {
  it('gives 64 callers at once one entry each, in one tree', async () => {
    const database = await opened();
    const log = await logOn(database.pool);
    const answers = await Promise.all(Array.from({ length: 64 }, (_, caller) => inTurn(5, (n) => log.append(entryOf(caller * 5 + n)))));
    const indexes = answers.flat().map((answer) => answer.index).sort((a, b) => a - b);
    expect(indexes).toEqual(Array.from({ length: 320 }, (_, index) => index));
    const stored = await storedEntries(database.pool);
    expect(new Set(stored.map(({ entry }) => entry.traceId)).size).toBe(320);
    await expectWhole(database.pool);
    const { rows } = await database.pool.query<{ count: number }>('SELECT count(*) FROM audit.batch');
    expect(rows[0]!.count).toBeLessThan(160); // grouped, not one transaction each
  });

  it('answers only after the commit', async () => {
    const database = await opened();
    const log = await logOn(database.pool);
    const other = poolOn(database.url);
    for (let n = 0; n < 5; n += 1) {
      const { index, time } = await log.append(entryOf(n));
      const { rows } = await other.query<{ bytes: Buffer }>('SELECT bytes FROM audit.entry WHERE index = $1', [index]);
      expect(readEntry(rows[0]!.bytes)).toMatchObject({ time, traceId: entryOf(n).traceId });
    }
  });

  it('continues where another process left it', async () => {
    const database = await opened();
    for (let run = 0; run < 3; run += 1) {
      const log = await openAccessLog({ pool: database.pool });
      await Promise.all(Array.from({ length: 150 }, (_, n) => log.append(entryOf(n))));
      await log.close();
    }
    await expectWhole(database.pool);
  });

  it('is written by several processes at once without a fork', async () => {
    const database = await opened();
    const logs = await Promise.all([1, 2, 3].map(() => logOn(poolOn(database.url))));
    await Promise.all(logs.flatMap((log, writer) => Array.from({ length: 8 }, (_, caller) => inTurn(15, (n) => log.append(entryOf(writer * 1000 + caller * 100 + n))))));
    expect((await storedEntries(database.pool)).length).toBe(360);
    const { rows } = await database.pool.query<{ writers: number }>('SELECT count(DISTINCT writer) AS writers FROM audit.batch');
    expect(rows[0]!.writers).toBe(3);
    await expectWhole(database.pool);
  });

  it('lets no second sequencer that ignores the lock commit on the same head', async () => {
    const database = await opened();
    const log = await logOn(database.pool);
    await log.append(entryOf(1));
    await log.append(entryOf(2));
    const fork = `INSERT INTO audit.batch (size, prev_size, root, leaves, writer) SELECT size + 7, prev_size, root, leaves || repeat('x', 224)::bytea, 'other' FROM audit.batch WHERE prev_size = 1`;
    await expect(database.pool.query(fork)).rejects.toThrow(/batch_prev_size_key/);
  });

  it('keeps every acknowledged entry when its writers are killed', async () => {
    const database = await opened();
    const runs = ['a', 'b', 'c'].map((name) => writerProcess(database.url, name));
    await Promise.all(runs.map((run) => run.atLeast(100)));
    for (const [order, run] of runs.entries()) {
      await sleep(20 * order);
      await run.kill();
    }
    const acknowledged = runs.flatMap((run) => run.lines());
    const byTrace = new Map((await storedEntries(database.pool)).map(({ entry, index }) => [entry.traceId, index]));
    expect(acknowledged.length).toBeGreaterThan(300);
    for (const line of acknowledged) {
      const [traceId, index] = line.split(' ') as [string, string];
      expect(byTrace.get(traceId)).toBe(Number(index));
    }
    await expectWhole(database.pool);
    const log = await logOn(database.pool);
    expect((await log.append(entryOf(1))).index).toBe(byTrace.size);
  });
});

describe('when the log cannot be written', () => {
  it('refuses the answer in time, never writes it down as allowed, and notes the refusal later', async () => {
    const database = await opened();
    const log = await logOn(database.pool, { timeoutMs: 300 });
    await log.append(entryOf(1));
    const blocker = await poolOn(database.url).connect();
    await blocker.query('BEGIN; LOCK TABLE audit.batch IN ACCESS EXCLUSIVE MODE');
    const startedAt = performance.now();
    const refused = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => log.append(entryOf(100 + n))));
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    for (const outcome of refused) expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'AUDIT_UNWRITTEN', retryable: true } });
    await blocker.query('COMMIT');
    blocker.release();
    await eventually(async () => expect(await storedEntries(database.pool)).toHaveLength(21));
    const stored = await storedEntries(database.pool);
    for (let n = 0; n < 20; n += 1) {
      const entries = stored.filter(({ entry }) => entry.traceId === entryOf(100 + n).traceId);
      expect(entries.map(({ entry }) => [entry.decision, entry.code, entry.withdraws])).toEqual([['REFUSED', 'AUDIT_UNWRITTEN', null]]);
    }
    expect((await log.append(entryOf(2))).index).toBe(21);
    await expectWhole(database.pool);
  });

  it.each<{ fault: AtCommit; answer: 'ALLOWED' | 'REFUSED'; story: [string, number | null][] }>([
    // the server committed, its answer never came: refused, and the committed entry is withdrawn
    { fault: 'SWALLOW_ANSWER', answer: 'REFUSED', story: [['ALLOWED', null], ['REFUSED', 1]] },
    // the COMMIT never arrived: written again, once
    { fault: 'CUT_BEFORE', answer: 'ALLOWED', story: [['ALLOWED', null]] },
    // the server committed and the connection broke: found again, not written twice
    { fault: 'CUT_AFTER', answer: 'ALLOWED', story: [['ALLOWED', null]] },
  ])('settles a COMMIT that was $fault', async ({ fault, answer, story }) => {
    const database = await opened();
    const proxy = await commitProxy(database.url);
    closing.push(proxy.close);
    const log = await logOn(poolOn(proxy.url), { timeoutMs: 400 });
    await log.append(entryOf(1));
    proxy.next(fault);
    const outcome = await log.append(entryOf(2)).then((result) => result, (error: { code: string }) => error.code);
    expect(outcome).toEqual(answer === 'ALLOWED' ? expect.objectContaining({ index: 1 }) : 'AUDIT_UNWRITTEN');
    const ofTwo = async () => (await storedEntries(database.pool)).filter(({ entry }) => entry.traceId === entryOf(2).traceId);
    await eventually(async () => expect((await ofTwo()).map(({ entry }) => [entry.decision, entry.withdraws])).toEqual(story));
    await log.append(entryOf(3));
    expect((await ofTwo()).length).toBe(story.length);
    await expectWhole(database.pool);
  });

  it('refuses at once when too many wait, and says how many in one entry', { timeout: 30_000 }, async () => {
    const database = await opened();
    const log = await logOn(database.pool, { timeoutMs: 500 });
    await log.append(entryOf(0));
    const blocker = await poolOn(database.url).connect();
    await blocker.query('BEGIN; LOCK TABLE audit.batch IN ACCESS EXCLUSIVE MODE');
    const many = Array.from({ length: 21_000 }, (_, n) => log.append(entryOf(n, { subjects: [] })).catch((error: { code: string }) => error.code));
    expect(new Set(await Promise.all(many))).toEqual(new Set(['AUDIT_UNWRITTEN']));
    await blocker.query('COMMIT');
    blocker.release();
    await eventually(async () => expect(log.size()).toBeGreaterThan(10_000));
    await log.append(entryOf(1));
    await log.close();
    const stored = await storedEntries(database.pool);
    const refused = stored.filter(({ entry }) => entry.code === 'AUDIT_UNWRITTEN');
    expect(refused.reduce((sum, { entry }) => sum + entry.operations, 0)).toBe(21_000);
    expect(stored.filter(({ entry }) => entry.decision === 'ALLOWED').length).toBe(2);
  });

  it('answers nobody any more when the database was rolled back under it', async () => {
    const database = await opened();
    const log = await logOn(database.pool);
    for (let n = 0; n < 3; n += 1) await log.append(entryOf(n));
    await database.pool.query('ALTER TABLE audit.batch DISABLE TRIGGER only_added; ALTER TABLE audit.entry DISABLE TRIGGER only_added; DELETE FROM audit.batch WHERE size = 3; DELETE FROM audit.entry WHERE index = 2');
    await expect(log.append(entryOf(4))).rejects.toMatchObject({ code: 'LOG_TAMPERED' });
    await expect(log.append(entryOf(5))).rejects.toMatchObject({ code: 'LOG_TAMPERED' });
  });

  it('takes nothing after it was closed, and writes what waited before', async () => {
    const database = await opened();
    const log = await logOn(database.pool);
    const waiting = Array.from({ length: 10 }, (_, n) => log.append(entryOf(n)));
    await log.close();
    expect((await Promise.all(waiting)).length).toBe(10);
    await expect(log.append(entryOf(11))).rejects.toMatchObject({ code: 'AUDIT_UNWRITTEN' });
  });

  it('does not open without a database', async () => {
    await expect(openAccessLog({ pool: poolOn('postgres://nobody@127.0.0.1:1/none') })).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
  });

  it('refuses an answer whose entry is malformed', async () => {
    const database = await opened();
    const log = await logOn(database.pool);
    await expect(log.append(entryOf(1, { recordCount: -1 }))).rejects.toMatchObject({ code: 'AUDIT_UNWRITTEN' });
  });
});

describe('refusals of callers who are not signed in', () => {
  it('are one entry a second with their number', async () => {
    const database = await opened();
    const log = await logOn(database.pool);
    for (let n = 0; n < 500; n += 1) log.appendRefusals('UNAUTHENTICATED');
    log.appendRefusals('BAD_REQUEST', 3);
    await eventually(async () => expect((await storedEntries(database.pool)).map(({ entry }) => [entry.code, entry.operations, entry.viewer]).sort()).toEqual([['BAD_REQUEST', 3, null], ['UNAUTHENTICATED', 500, null]]));
  });

  it('are counted on while the log cannot be written, under their own code', async () => {
    const database = await opened();
    const log = await logOn(database.pool, { timeoutMs: 300 });
    const blocker = await poolOn(database.url).connect();
    await blocker.query('BEGIN; LOCK TABLE audit.batch IN ACCESS EXCLUSIVE MODE');
    log.appendRefusals('UNAUTHENTICATED', 5);
    await sleep(1_500);
    log.appendRefusals('UNAUTHENTICATED', 7);
    await blocker.query('COMMIT');
    blocker.release();
    await eventually(async () => expect((await storedEntries(database.pool)).map(({ entry }) => [entry.code, entry.operations])).toEqual([['UNAUTHENTICATED', 5], ['UNAUTHENTICATED', 7]]));
  });

  it('that waited for the log bear the time at which they were written, behind what others wrote meanwhile', async () => {
    const database = await opened();
    let minutes = 0;
    const now = () => new Date(Date.UTC(2026, 8, 30, 8, minutes));
    const pool = poolOn(database.url);
    const connects = pool.connect.bind(pool);
    const log = await logOn(pool, { now });
    pool.connect = (async () => Promise.reject(new Error('Connection terminated'))) as never;
    log.appendRefusals('UNAUTHENTICATED', 5);
    await sleep(1_300);
    minutes = 10;
    await (await logOn(database.pool, { now })).append(entryOf(1));
    pool.connect = connects;
    await eventually(async () => expect((await storedEntries(database.pool)).map(({ entry }) => [entry.operations, entry.time])).toEqual([[1, now().toISOString()], [5, now().toISOString()]]));
  });

  it('are not lost when the log closes', async () => {
    const database = await opened();
    const log = await openAccessLog({ pool: database.pool });
    log.appendRefusals('UNAUTHENTICATED', 2);
    await log.close();
    expect((await storedEntries(database.pool)).map(({ entry }) => entry.operations)).toEqual([2]);
  });
});

describe('the tables', () => {
  it('let the writer insert and nothing else, and nobody change by accident', async () => {
    const database = await opened();
    const log = await logOn(database.pool);
    await log.append(entryOf(1));
    const client = await database.pool.connect();
    closing.push(async () => client.release());
    await client.query('SET ROLE yiwang_log_writer');
    for (const statement of ['SELECT * FROM audit.entry', 'UPDATE audit.entry SET code = code', 'DELETE FROM audit.batch', 'TRUNCATE audit.tile', 'SELECT * FROM audit.subject', 'UPDATE audit.batch SET writer = writer']) {
      await expect(client.query(statement)).rejects.toThrow(/permission denied/);
    }
    await client.query('RESET ROLE');
    for (const statement of ['UPDATE audit.entry SET code = code', 'DELETE FROM audit.batch', 'TRUNCATE audit.tile']) {
      await expect(client.query(statement)).rejects.toThrow(/only added to/);
    }
  });
});

async function opened(): Promise<TestDatabase> {
  const database = await testDatabase();
  closing.push(database.drop);
  return database;
}

function poolOn(url: string): Pool {
  const pool = openPool(url, { connectionsMax: 2 });
  closing.push(() => pool.end());
  return pool;
}

async function logOn(pool: Pool, options: Partial<AccessLogOptions> = {}): Promise<AccessLog> {
  const log = await openAccessLog({ pool, ...options });
  closing.push(log.close);
  return log;
}

async function inTurn<T>(times: number, work: (n: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let n = 0; n < times; n += 1) results.push(await work(n));
  return results;
}

async function storedEntries(pool: Pool) {
  const { rows } = await pool.query<{ index: number; bytes: Buffer }>('SELECT index, bytes FROM audit.entry ORDER BY index');
  return rows.map((row) => ({ index: row.index, bytes: row.bytes, entry: readEntry(row.bytes)! }));
}

/** Entries without a gap, batches that chain, and the root that all entries give. */
async function expectWhole(pool: Pool): Promise<void> {
  const stored = await storedEntries(pool);
  expect(stored.map(({ index }) => index)).toEqual(stored.map((_, place) => place));
  const { rows } = await pool.query<{ size: number; prev_size: number; root: Buffer }>('SELECT size, prev_size, root FROM audit.batch ORDER BY size');
  expect(rows.map((row) => row.prev_size)).toEqual([0, ...rows.slice(0, -1).map((row) => row.size)]);
  expect(rows.at(-1)!.size).toBe(stored.length);
  expect(rows.at(-1)!.root).toEqual(merkleRoot(stored.map(({ bytes }) => leafHash(bytes))));
}

async function eventually(check: () => Promise<void>): Promise<void> {
  const until = performance.now() + 30_000; // a busy machine starts a process slowly
  while (performance.now() < until) {
    if (await check().then(() => true, () => false)) return;
    await sleep(25);
  }
  await check();
}

function writerProcess(url: string, name: string) {
  const child = spawn(process.execPath, [fileURLToPath(new URL('writer-process.ts', import.meta.url)), url, name], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const lines = () => output.split('\n').slice(0, -1);
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'close');
    child.kill('SIGKILL');
    await ended;
  };
  closing.push(kill);
  return { lines, kill, atLeast: (count: number) => eventually(async () => expect(lines().length).toBeGreaterThanOrEqual(count)) };
}
