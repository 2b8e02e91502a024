import pg from 'pg';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { sha256Hex } from './canonical.ts';
import { YiwangError, invariant } from './errors.ts';
import { log, safeError } from './log.ts';
import { traceStatements } from './traced-sql.ts';

export type Pool = pg.Pool;
export type Client = pg.PoolClient;
/** Drizzle over one client of a pool, inside one transaction. */
export type Transaction = NodePgDatabase<Record<string, never>> & { $client: pg.PoolClient };

const connectionsMax = 10;
const connectTimeoutMs = 10_000;
const statementTimeoutMs = 60_000;

// `bigint` counts fit in a JavaScript number here (< 2^53); dates and times stay text so that no zone is guessed.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

/** A pool that outlives restarts of the server: without an `error` listener a dropped idle connection ends the process. */
export function openPool(url: string, options: { connectionsMax?: number; applicationName?: string; statementTimeoutMs?: number } = {}): Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.connectionsMax ?? connectionsMax,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: options.statementTimeoutMs ?? statementTimeoutMs,
    application_name: options.applicationName ?? 'yiwang',
  });
  pool.on('error', (error) => log.warn({ err: safeError(error) }, 'idle database connection lost'));
  // The pool listens to idle clients only: one that is lost while in use would end the process too. Its query rejects.
  pool.on('connect', (client) => client.on('error', (error) => log.debug({ err: safeError(error) }, 'database connection lost in use')));
  traceStatements(pool);
  return pool;
}

/**
 * A statement that a connection does again and again is parsed and planned there once. For inserts of given rows: what is
 * looked up would keep a plan made while the tables were empty.
 */
export function prepared(text: string, values: unknown[]): pg.QueryConfig {
  return { name: sha256Hex(text).slice(0, 32), text, values };
}

/**
 * A statement that is given up after `timeoutMs`, and its connection with it, where the server does not answer at all: one
 * that hangs does not keep its own `statement_timeout` either.
 */
export function givenUpAfter(timeoutMs: number, text: string, values: unknown[] = []): pg.QueryConfig {
  const config: pg.QueryConfig & { query_timeout: number } = { text, values, query_timeout: timeoutMs }; // of the driver, not of its types
  return config;
}

/**
 * Runs `work` in one transaction and commits, or rolls back and rethrows. Driver errors that mean "the server went away"
 * become `DATABASE_UNAVAILABLE`, which is retryable.
 */
export async function inTransaction<T>(pool: Pool, work: (tx: Transaction) => Promise<T>): Promise<T> {
  const client = await connect(pool);
  let broken: Error | undefined;
  try {
    await client.query('BEGIN');
    const result = await work(drizzle({ client }) as unknown as Transaction);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    broken = isConnectionLoss(error) ? (error as Error) : undefined;
    if (!broken) await client.query('ROLLBACK').catch((rollback: Error) => (broken = rollback));
    throw asOperatingError(error);
  } finally {
    client.release(broken);
  }
}

/**
 * While `work` lasts, what this client is given is sent at once, not when the statement before has been answered. Not for
 * good: a client that pipelines cannot be dropped while its server does not answer. All of it is waited for (`allDone`).
 */
export async function pipelining<T>(client: pg.ClientBase, work: () => Promise<T>): Promise<T> {
  Object.assign(client, { pipeline: true });
  try {
    return await work();
  } finally {
    Object.assign(client, { pipeline: false });
  }
}

/**
 * Waits for statements of one transaction that were sent one after another without waiting for their answers; the server does
 * them in that order. Ends when all of them have, since nothing may be sent any more when it is rolled back. Throws what
 * failed first, and not that the others found the transaction aborted.
 */
export async function allDone<const T extends readonly unknown[]>(sent: T): Promise<{ -readonly [index in keyof T]: Awaited<T[index]> }> {
  const ended = await Promise.allSettled(sent);
  const failures = ended.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
  if (failures.length > 0) throw failures.find((failure) => !isConsequence(failure)) ?? failures[0];
  return ended.map((one) => (one as PromiseFulfilledResult<unknown>).value) as { -readonly [index in keyof T]: Awaited<T[index]> };
}

/** `in_failed_sql_transaction`. */
function isConsequence(error: unknown): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === '25P02';
}

/** A client of the pool, or `DATABASE_UNAVAILABLE`. The caller releases it. */
export async function connect(pool: Pool): Promise<Client> {
  try {
    return await pool.connect();
  } catch (error) {
    throw asOperatingError(error);
  }
}

/** Driver errors in the terms of the closed table; anything else stays what it is. */
export function asOperatingError(error: unknown): unknown {
  return isConnectionLoss(error) || isContention(error) || isOutOfRoom(error) ? new YiwangError('DATABASE_UNAVAILABLE', { cause: error }) : error;
}

const connectionLossCodes = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOENT', 'ETIMEDOUT', 'ENOTFOUND', '57P01', '57P02', '57P03', '08006', '08003', '08001', '53300', '3D000', '28P01', '28000']);

function isConnectionLoss(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, path } = error as { code?: unknown; path?: unknown };
  // A file that is not there bears its path; a socket that is not there, its address.
  if (typeof code === 'string' && connectionLossCodes.has(code)) return path === undefined;
  return /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error/.test(error.message);
}

/** A full disk, or no memory: the same work may pass when there is some again. */
function isOutOfRoom(error: unknown): boolean {
  return error instanceof Error && ['53100', '53200'].includes(String((error as { code?: unknown }).code));
}

/** Whether PostgreSQL ended a transaction because of another one (deadlock, serialization): the same work may pass when done again. */
export function isContention(error: unknown): boolean {
  return error instanceof Error && ['40P01', '40001'].includes(String((error as { code?: unknown }).code));
}

/** Quotes an identifier for SQL text that cannot take a parameter (roles, databases). */
export function quoted(identifier: string): string {
  invariant(/^[a-z_][a-z0-9_]{0,62}$/.test(identifier), 'an identifier is lower-case letters, digits and underscores');
  return `"${identifier}"`;
}
