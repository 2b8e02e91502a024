import { spawn, type ChildProcess } from 'node:child_process';
import { chownSync, closeSync, openSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { asOwner, embeddedPlace, type EmbeddedPlace } from './embedded-place.ts';
import { YiwangError } from './errors.ts';
import { loadOrCreateSecret, writePrivateFile } from './home.ts';
import { keptUp } from './kept-up.ts';

export interface EmbeddedPostgres {
  /** Of the database `yiwang`, with the password; also in `$YIWANG_HOME/database.url`, mode 0600. */
  url: string;
  /** False when another command of the same home had started it: then `stop` leaves it running. */
  started: boolean;
  stop(): Promise<void>;
}

const startAttemptsMax = 5;
const readyTimeoutMs = 60_000; // recovery after a crash included
const stopTimeoutMs = 30_000;
const pollMs = 40;
const abandonedAfterMs = 10 * 60_000;
const connectionsMax = 200;

/**
 * Starts the PostgreSQL of one home on a free port of the loopback, or connects to the one that runs there already. For the
 * demo and for tests only. It ends with `stop()`, and by itself when this process dies in whatever way. `durable: false`
 * (tests) trades safety against power loss for speed. With `keepUp` a server that dies is started again, on its port, where
 * the pools look for it.
 */
export async function startEmbeddedPostgres({ home, durable = true, keepUp = false }: { home: string; durable?: boolean; keepUp?: boolean }): Promise<EmbeddedPostgres> {
  const place = embeddedPlace(home);
  const password = loadOrCreateSecret('embedded-postgres', home);
  for (let attempt = 0; attempt < startAttemptsMax; attempt += 1) {
    const running = await runningPort(place, password);
    if (running !== undefined) return { url: announce(home, place, password, running), started: false, stop: async () => undefined };
    await initialise(place, password, durable);
    const port = await freePort();
    const server = await launch(place, password, durable, port);
    if (!server) continue;
    const url = announce(home, place, password, port);
    if (!keepUp) return { url, started: true, stop: () => stopServer(server, place) };
    const again = async () => {
      const next = await launch(place, password, durable, port);
      if (next) announce(home, place, password, port); // another command's server may have stood there meanwhile
      return next;
    };
    return { url, started: true, stop: keptUp(server, again, (last) => stopServer(last, place)) };
  }
  throw new YiwangError('CONFIG', { hint: `the embedded PostgreSQL does not start; its last words are in \`${logFile(place)}\`` });
}

/** The port of a server that runs on this data, waited for while it starts or stops; undefined when there is none. */
async function runningPort(place: EmbeddedPlace, password: string): Promise<number | undefined> {
  for (const deadline = Date.now() + readyTimeoutMs; Date.now() < deadline; await pause(pollMs)) {
    const lock = serverLock(place);
    if (!lock) return undefined;
    if (!isPostgres(lock.pid)) {
      rmSync(lockFile(place), { force: true }); // left by a crash; its number may belong to another program by now
      return undefined;
    }
    if (lock.port && (await accepts(lock.port, password))) return lock.port;
  }
  throw new YiwangError('CONFIG', { hint: `a PostgreSQL runs in \`${place.folder}\` but does not answer; end it and try again` });
}

/** `postmaster.pid`: process on line 1, port on line 4 (written a little later). */
function serverLock(place: EmbeddedPlace): { pid: number; port: number | undefined } | undefined {
  try {
    const lines = readFileSync(lockFile(place), 'utf8').split('\n');
    const pid = Number.parseInt(lines[0] ?? '', 10);
    return Number.isNaN(pid) ? undefined : { pid, port: Number.parseInt(lines[3] ?? '', 10) || undefined };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new YiwangError('CONFIG', { hint: `\`${place.dataFolder}\` belongs to another user; choose another YIWANG_HOME`, cause: error });
  }
}

function isPostgres(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  if (process.platform !== 'linux') return true;
  try {
    return /postgres/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8')); // empty for a zombie
  } catch {
    return false; // ended in between
  }
}

async function accepts(port: number, password: string): Promise<boolean> {
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'yiwang', password, database: 'postgres', connectionTimeoutMillis: 5000 });
  client.on('error', () => undefined); // the server may stop at any moment; the loops above look again
  try {
    await client.connect();
    const { rowCount } = await client.query("SELECT FROM pg_database WHERE datname = 'yiwang'");
    if (!rowCount) await client.query('CREATE DATABASE yiwang');
    return true;
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (code === '42P04') return true; // another process has just created it
    if (code === '28P01') throw new YiwangError('CONFIG', { hint: 'the embedded database was made with other secrets; restore `secrets.json`, or remove YIWANG_HOME to start from an empty hub' });
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Makes the data folder under another name and renames it: whole or not there, and one of two simultaneous starters wins. */
async function initialise(place: EmbeddedPlace, password: string, durable: boolean): Promise<void> {
  if (statSync(join(place.dataFolder, 'PG_VERSION'), { throwIfNoEntry: false })) return;
  removeAbandoned(place);
  const draft = `${place.dataFolder}.${randomBytes(4).toString('hex')}`;
  const passwordFile = `${draft}.password`;
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (place.owner) chownSync(passwordFile, place.owner.uid, place.owner.gid);
  try {
    await initdb(place, [`--pgdata=${draft}`, `--pwfile=${passwordFile}`, ...(durable ? [] : ['--no-sync'])]);
    renameSync(draft, place.dataFolder);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

// The same order and the same case rules on every machine, Chinese included: code points, without the system's locales.
const initdbFlags = ['--username=yiwang', '--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];

async function initdb(place: EmbeddedPlace, flags: readonly string[]): Promise<void> {
  const child = spawn(place.initdb, [...initdbFlags, ...flags], { ...asOwner(place), stdio: ['ignore', 'ignore', 'pipe'] });
  let words = '';
  child.stderr.on('data', (chunk: Buffer) => (words = (words + chunk.toString()).slice(-2000)));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new YiwangError('CONFIG', { hint: `the embedded PostgreSQL cannot be set up in \`${place.folder}\`: ${words.trim().split('\n').at(-1) ?? ''}` });
}

function removeAbandoned(place: EmbeddedPlace): void {
  for (const name of readdirSync(place.folder).filter((each) => each.startsWith('data.'))) {
    const path = join(place.folder, name);
    const modifiedAtMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (Date.now() - modifiedAtMs > abandonedAfterMs) rmSync(path, { recursive: true, force: true });
  }
}

/**
 * The shell is the server's parent and holds the reading end of a pipe from this process. When this process ends, in
 * whatever way, the pipe closes and the server gets SIGINT, its fast shutdown. A session of its own keeps Ctrl-C of the
 * terminal away, so that this process can drain before the database goes.
 */
const guardedServer = `exec 3<&0
"$@" 3<&- &
server=$!
{ read -r line; kill -INT "$server"; } <&3 2>/dev/null &
guard=$!
exec 3<&-
wait "$server"; code=$?
kill "$guard" 2>/dev/null
exit "$code"`;

async function launch(place: EmbeddedPlace, password: string, durable: boolean, port: number): Promise<ChildProcess | undefined> {
  const log = openSync(logFile(place), 'w', 0o600);
  const child = spawn('/bin/sh', ['-c', guardedServer, 'yiwang-postgres', place.postgres, ...serverFlags(place, port, durable)], { ...asOwner(place), detached: true, stdio: ['pipe', log, log] });
  closeSync(log);
  child.stdin?.on('error', () => undefined); // the shell ended first
  child.unref();
  (child.stdin as unknown as { unref(): void }).unref();
  const deadline = Date.now() + readyTimeoutMs;
  while (child.exitCode === null && child.signalCode === null && Date.now() < deadline) {
    if (await accepts(port, password)) return child;
    await pause(pollMs);
  }
  await stopServer(child, place); // lost the port or the data folder to another process; the caller looks again
  return undefined;
}

// PostgreSQL's own log could hold statements and row values: only what stops the server is written.
const quietLog = ['log_min_messages=fatal', 'log_min_error_statement=panic', 'log_error_verbosity=terse'];
/**
 * A hub that fills writes all over its indexes: fewer checkpoints write fewer whole pages, and a larger cache fewer pages at
 * all. Whole pages are mostly hashes: compressing them costs four times what writing them does, and saves a quarter. Nobody
 * replicates a demo: what a transaction fills from nothing needs no log.
 */
const roomy = ['wal_level=minimal', 'max_wal_senders=0', 'work_mem=16MB', `shared_buffers=${Math.min(512, Math.max(128, Math.floor(totalmem() / 2 ** 20 / 16)))}MB`, 'max_wal_size=2GB', 'checkpoint_timeout=15min', 'jit=off'];
const fastButFragile = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];

function serverFlags(place: EmbeddedPlace, port: number, durable: boolean): string[] {
  const settings = [
    'listen_addresses=127.0.0.1', `port=${port}`, 'unix_socket_directories=', `max_connections=${connectionsMax}`,
    'timezone=UTC', 'log_timezone=UTC', ...quietLog, ...roomy, ...(durable ? [] : fastButFragile),
  ];
  return ['-D', place.dataFolder, ...settings.flatMap((setting) => ['-c', setting])];
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

async function stopServer(child: ChildProcess, place: EmbeddedPlace): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.ref();
  const ended = once(child, 'exit');
  child.stdin?.end();
  if (await Promise.race([ended.then(() => true), pause(stopTimeoutMs, false, { ref: false })])) return;
  const pid = serverLock(place)?.pid;
  if (pid !== undefined && isPostgres(pid)) process.kill(pid, 'SIGQUIT'); // immediate; the next start recovers
  await ended;
}

/** The folder stands in the URL as a name that drivers pass on and nobody reads (libpq: `fallback_application_name`). */
function announce(home: string, place: EmbeddedPlace, password: string, port: number): string {
  const url = `postgres://yiwang:${password}@127.0.0.1:${port}/yiwang?fallback_application_name=${encodeURIComponent(place.folder)}`;
  writePrivateFile(join(home, 'database.url'), `${url}\n`);
  return url;
}

function lockFile(place: EmbeddedPlace): string {
  return join(place.dataFolder, 'postmaster.pid');
}

function logFile(place: EmbeddedPlace): string {
  return join(place.folder, 'server.log');
}
