import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { openPool, quoted, type Pool } from '../base/db.ts';
import { migrate } from '../base/migrate.ts';

export interface TestDatabase {
  url: string;
  pool: Pool;
  /** Ends the pool and removes the database. Call it in `afterAll`. */
  drop(): Promise<void>;
}

const lockKey = 7_201_002;
const poolConnectionsMax = 5;

/** A fresh, migrated, empty hub database of its own, copied from this run's template (made by whichever test comes first). */
export async function testDatabase(): Promise<TestDatabase> {
  const serverUrl = inject('serverUrl');
  const runName = inject('runName');
  const name = `${runName}_${randomBytes(5).toString('hex')}`;
  await onServer(serverUrl, async (client) => {
    await openTemplate(client, serverUrl, `${runName}_template`);
    await client.query(`CREATE DATABASE ${quoted(name)} TEMPLATE ${quoted(`${runName}_template`)}`);
  });
  return opened(serverUrl, name);
}

/** An empty database without any table, for what plays a foreign system (a source of the simulator, a fresh hub). */
export async function emptyDatabase(): Promise<TestDatabase> {
  const serverUrl = inject('serverUrl');
  const name = `${inject('runName')}_${randomBytes(5).toString('hex')}`;
  await onServer(serverUrl, (client) => client.query(`CREATE DATABASE ${quoted(name)}`));
  return opened(serverUrl, name);
}

/** Removes what a run left on the server, databases of tests that failed before their `drop` included. */
export async function dropRunDatabases(serverUrl: string, runName: string): Promise<void> {
  await onServer(serverUrl, async (client) => {
    const { rows } = await client.query<{ datname: string }>('SELECT datname FROM pg_database WHERE starts_with(datname, $1)', [runName]);
    for (const { datname } of rows) await client.query(`DROP DATABASE IF EXISTS ${quoted(datname)} WITH (FORCE)`);
  });
}

function opened(serverUrl: string, name: string): TestDatabase {
  const url = urlOf(serverUrl, name);
  const pool = openPool(url, { connectionsMax: poolConnectionsMax });
  const drop = async () => {
    if (!pool.ended) await pool.end();
    await onServer(serverUrl, (client) => client.query(`DROP DATABASE IF EXISTS ${quoted(name)} WITH (FORCE)`));
  };
  return { url, pool, drop };
}

// Under another name until it is whole, because a copy must never see it half migrated.
async function openTemplate(client: pg.Client, serverUrl: string, name: string): Promise<void> {
  await client.query('SELECT pg_advisory_lock($1)', [lockKey]);
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (rowCount) return;
    const draft = `${name}_draft`;
    await client.query(`DROP DATABASE IF EXISTS ${quoted(draft)} WITH (FORCE)`);
    await client.query(`CREATE DATABASE ${quoted(draft)}`);
    const pool = openPool(urlOf(serverUrl, draft), { connectionsMax: 1 });
    try {
      await migrate(pool);
    } finally {
      await pool.end();
    }
    await client.query(`ALTER DATABASE ${quoted(draft)} RENAME TO ${quoted(name)}`);
  } finally {
    await client.query('SELECT pg_advisory_unlock($1)', [lockKey]);
  }
}

async function onServer(serverUrl: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl });
  client.on('error', () => undefined); // the next statement fails with the reason
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

function urlOf(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.href;
}
