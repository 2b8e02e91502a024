import type pg from 'pg';

/** One transaction on a client that is kept for more than it, as the one that holds a stream's lock is. */
export async function inOneTransaction<T>(client: pg.ClientBase, work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN');
  try {
    const result = await work();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined); // the connection is gone; so is the transaction
    throw error;
  }
}
