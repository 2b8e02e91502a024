import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterEach, expect, test, vi } from 'vitest';
import { removeHome } from '../../base/embedded-place.ts';
import { startEmbeddedPostgres } from '../../base/embedded.ts';
import { openHome } from '../../base/home.ts';

const isRoot = process.getuid?.() === 0;
const script = fileURLToPath(new URL('embedded-process.ts', import.meta.url));
const homes: string[] = [];
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) if (child.exitCode === null && child.signalCode === null) await ended(child, 'SIGTERM');
  for (const home of homes.splice(0)) {
    removeHome(home);
  }
});

test('the data survive a stop, the URL stands in a file that only its owner reads', async () => {
  const home = newHome();
  const first = await startEmbeddedPostgres({ home, durable: false });
  await run(first.url, "CREATE TABLE kept AS SELECT '中文' AS word");
  expect(readFileSync(join(home, 'database.url'), 'utf8').trim()).toBe(first.url);
  expect(statSync(join(home, 'database.url')).mode & 0o777).toBe(0o600);
  await first.stop();
  await expect(run(first.url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
  const second = await startEmbeddedPostgres({ home, durable: false });
  expect(await run(second.url, 'SELECT word FROM kept')).toEqual([{ word: '中文' }]);
  await second.stop();
});

test('another command of the home joins the running server and leaves it running', async () => {
  const home = newHome();
  const starter = await started(home);
  const joined = await startEmbeddedPostgres({ home });
  expect(joined).toMatchObject({ started: false, url: starter.url });
  await joined.stop();
  expect(await run(starter.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test('commands that start together agree on one server', async () => {
  const home = newHome();
  const all = await Promise.all([started(home), started(home), started(home)]);
  expect(new Set(all.map(({ url }) => url)).size).toBe(1);
  expect(all.filter(({ how }) => how === 'started')).toHaveLength(1);
});

test.each(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP'] as const)('the server is gone when its starter is ended by %s', async (signal) => {
  const home = newHome();
  const { child, url } = await started(home);
  await ended(child, signal);
  await vi.waitFor(() => expect(existsSync(join(home, 'postgres/data/postmaster.pid'))).toBe(false), { timeout: 10_000 });
  await expect(run(url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
});

test('a server that is killed under a running hub is started again where its pools look for it, until it is stopped', async () => {
  const home = newHome();
  const server = await startEmbeddedPostgres({ home, keepUp: true });
  await run(server.url, 'CREATE TABLE kept AS SELECT 1 AS one');
  const lock = join(home, 'postgres/data/postmaster.pid');
  for (let death = 0; death < 2; death += 1) {
    process.kill(Number.parseInt(readFileSync(lock, 'utf8'), 10), 'SIGKILL');
    await expect(run(server.url, 'SELECT 1')).rejects.toThrow();
    expect(await vi.waitFor(() => run(server.url, 'SELECT one FROM kept'), { timeout: 30_000, interval: 200 })).toEqual([{ one: 1 }]);
  }
  await server.stop();
  await expect(run(server.url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
  expect(existsSync(lock)).toBe(false);
}, 90_000);

test('a crash of the server, and a process number that now belongs to another program, are survived', async () => {
  const home = newHome();
  const { child, url } = await started(home, 'durable');
  await run(url, 'CREATE TABLE kept (x int)');
  const lock = join(home, 'postgres/data/postmaster.pid');
  process.kill(Number.parseInt(readFileSync(lock, 'utf8'), 10), 'SIGKILL');
  await ended(child, 'SIGKILL');
  const [, ...rest] = readFileSync(lock, 'utf8').split('\n');
  writeFileSync(lock, [process.pid, ...rest].join('\n'));
  const again = await startEmbeddedPostgres({ home, durable: false });
  expect(await run(again.url, 'SELECT count(*)::int AS tables FROM pg_tables WHERE tablename = $1', ['kept'])).toEqual([{ tables: 1 }]);
  await again.stop();
});

test.runIf(isRoot)('as root the server runs as `postgres`, outside a home that this user cannot enter', async () => {
  const parent = mkdtempSync(join(tmpdir(), 'yiwang-closed-'));
  homes.push(parent);
  const home = openHome({ YIWANG_HOME: join(parent, 'home') });
  const server = await startEmbeddedPostgres({ home, durable: false });
  const folder = realpathSync(join(home, 'postgres'));
  homes.push(folder);
  expect(folder.startsWith(parent)).toBe(false);
  expect(statSync(folder).uid).not.toBe(0);
  expect(server.url).toContain(encodeURIComponent(folder));
  await server.stop();
  removeHome(home);
  expect([folder, home].filter((path) => existsSync(path))).toEqual([]);
});

function newHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'yiwang-embedded-'));
  mkdirSync(home, { recursive: true });
  homes.push(home);
  return openHome({ YIWANG_HOME: home });
}

async function started(home: string, durable = ''): Promise<{ child: ChildProcess; how: string; url: string }> {
  const child = spawn(process.execPath, [script, home, durable], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  for await (const line of createInterface({ input: child.stdout })) {
    const [how = '', url = ''] = line.split(' ');
    return { child, how, url };
  }
  expect.fail('the server did not start');
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}

async function run(url: string, sql: string, values: unknown[] = []): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql, values)).rows as unknown[];
  } finally {
    await client.end();
  }
}
