import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';

const lockKey = 7_201_010;
const againMs = 1000;
const connectTimeoutMs = 5000;

/**
 * Says to other commands that workers run on this database, for as long as the returned function is not called. A lock of
 * a session: whoever dies has said goodbye. Workers outlive their database's restart, so what ended with it is said again:
 * a command that heard nothing would work in their place, without their sources.
 */
export async function announceWorkers(databaseUrl: string): Promise<() => Promise<void>> {
  let client = await announced(databaseUrl);
  const over = new AbortController();
  const kept = (async () => {
    while (!over.signal.aborted) {
      await ended(client);
      client = (await saidAgain(databaseUrl, over.signal)) ?? client;
    }
  })();
  return async () => {
    over.abort();
    await client.end();
    await kept;
    await client.end(); // another, where it was being said again just then
  };
}

async function announced(databaseUrl: string): Promise<pg.Client> {
  const client = await session(databaseUrl);
  await client.query('SELECT pg_advisory_lock_shared($1)', [lockKey]);
  return client;
}

function ended(client: pg.Client): Promise<void> {
  return new Promise((resolve) => client.once('end', resolve));
}

/** Tries until the database is back, as long as these workers run. */
async function saidAgain(databaseUrl: string, over: AbortSignal): Promise<pg.Client | undefined> {
  for (; !over.aborted; await pause(againMs, undefined, { signal: over }).catch(() => undefined)) {
    const client = await announced(databaseUrl).catch(() => undefined); // the database is away; its other users report it
    if (client) return client;
  }
  return undefined;
}

/** Whether some process has announced workers. */
export async function workersRun(databaseUrl: string): Promise<boolean> {
  const client = await session(databaseUrl);
  try {
    const { rows } = await client.query<{ free: boolean }>('SELECT pg_try_advisory_lock($1) AS free', [lockKey]);
    return rows[0]?.free !== true;
  } finally {
    await client.end();
  }
}

async function session(databaseUrl: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'yiwang-workers', connectionTimeoutMillis: connectTimeoutMs });
  client.on('error', () => undefined); // the database went away; its other users report it
  await client.connect();
  return client;
}
