import pg from 'pg';

const lockKey = 7_201_010;

/**
 * Says to other commands that workers run on this database, for as long as the returned function is not called. A lock of
 * a session: whoever dies has said goodbye.
 */
export async function announceWorkers(databaseUrl: string): Promise<() => Promise<void>> {
  const client = await session(databaseUrl);
  await client.query('SELECT pg_advisory_lock_shared($1)', [lockKey]);
  return () => client.end();
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
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'yiwang-workers' });
  client.on('error', () => undefined); // the database went away; its other users report it
  await client.connect();
  return client;
}
