import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allDone, connect, isContention, pipelining, type Client } from '../../base/db.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';

const busyMs = 300;

describe('statements sent without waiting for answers', () => {
  let hub: TestDatabase;
  let client: Client;
  beforeAll(async () => {
    hub = await testDatabase();
    client = await connect(hub.pool);
    await client.query('CREATE TEMP TABLE kept (n integer PRIMARY KEY)');
  });
  afterAll(async () => {
    client?.release();
    await hub?.drop();
  });
  const kept = async () => (await client.query<{ n: number }>('SELECT n FROM kept ORDER BY n')).rows.map((row) => row.n);

  test('go on while this thread is busy', async () => {
    const [first, last] = await pipelining(client, () => {
      const sent = allDone([1, 2].map(() => client.query<{ ms: number }>('SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS ms')));
      const until = performance.now() + busyMs;
      while (performance.now() < until);
      return sent;
    });
    expect(last!.rows[0]!.ms - first!.rows[0]!.ms).toBeLessThan(busyMs / 2);
  });

  test('run in the order sent, and the first failure is the one that is told; nothing is sent after it is', async () => {
    await client.query('BEGIN');
    const ended: string[] = [];
    const slowly = async () => {
      await client.query('SELECT pg_sleep(0.05)').catch(() => undefined);
      await client.query('INSERT INTO kept VALUES (4)').finally(() => ended.push('after'));
    };
    const nested = allDone([client.query('INSERT INTO kept VALUES (1)'), allDone([client.query('INSERT INTO kept VALUES (1)')])]);
    await expect(pipelining(client, () => allDone([nested, client.query('INSERT INTO kept VALUES (2)'), slowly()]))).rejects.toMatchObject({ code: '23505' });
    expect(ended).toEqual(['after']);
    await client.query('ROLLBACK');
    expect(await kept()).toEqual([]);
  });

  test('leave the client as it was, for whoever uses it next', async () => {
    await pipelining(client, () => allDone([client.query('INSERT INTO kept VALUES (7)'), client.query('INSERT INTO kept VALUES (8)')]));
    expect(await kept()).toEqual([7, 8]);
    expect((client as unknown as { pipeline: boolean }).pipeline).toBe(false);
  });

  test('of a deadlock it is told that the same work may pass again', async () => {
    const other = await connect(hub.pool);
    try {
      await allDone([client.query('BEGIN'), other.query('BEGIN')]);
      const lock = (n: number) => `SELECT pg_advisory_xact_lock(${n})`;
      await allDone([client.query(lock(1)), other.query(lock(2))]);
      const results = await Promise.allSettled([client, other].map((one, index) => pipelining(one, () => allDone([one.query(lock(2 - index)), one.query('SELECT 1')]))));
      const failed = results.filter((result) => result.status === 'rejected');
      expect(failed).toHaveLength(1);
      expect(isContention(failed[0]!.reason)).toBe(true);
      await allDone([client.query('ROLLBACK'), other.query('ROLLBACK')]);
    } finally {
      other.release();
    }
  });
});
