import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HeardClient, openQueues, type Queues } from '../../jobs/queues.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';

const losses = 40;

it('a connection that is given back without its listeners is still listened to: an error event that nobody hears ends a process', () => {
  const client = new HeardClient();
  client.removeAllListeners();
  expect(client.emit('error', new Error('Connection terminated unexpectedly'))).toBe(true);
});

it('on a Redis that is away depths are an error within seconds, and the queue closes', async () => {
  const queues = await openQueues({ redisUrl: 'redis://127.0.0.1:1', databaseUrl: 'postgres://127.0.0.1:1/none' });
  queues.work('sync', 1, async () => undefined);
  await Promise.all([1, 2].map(() => expect(queues.depths()).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' })));
  await queues.close();
}, 15_000);

describe('the queue on PostgreSQL', () => {
  let db: TestDatabase;
  let queues: Queues;

  beforeAll(async () => {
    db = await testDatabase();
    queues = await openQueues({ redisUrl: undefined, databaseUrl: db.url });
  });
  afterAll(async () => {
    await queues?.close();
    await db?.drop();
  });

  // A connection that is lost between two statements has nobody who waits for it: its error would end the process.
  it('goes on when its connections are cut, whatever they were doing, and the process does not end', async () => {
    const done = new Set<string>();
    queues.work('sync', 4, async (id) => void done.add(id));
    let ringing = true;
    let turn = 0;
    const ringers = Array.from({ length: 4 }, async (_, ringer) => {
      while (ringing) {
        await queues.ring('sync', `r${ringer}`, (turn += 1)).catch((error: { code?: string }) => expect(error.code).toBe('QUEUE_UNAVAILABLE'));
      }
    });
    for (let loss = 0; loss < losses; loss += 1) {
      await db.pool.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'yiwang-queue' AND datname = current_database()");
      await pause(25);
    }
    ringing = false;
    await Promise.all(ringers);
    await expect
      .poll(async () => queues.ring('sync', 'after', (turn += 1)).then(() => pause(200)).then(() => done.has('after')).catch(() => false), { timeout: 60_000, interval: 200 })
      .toBe(true);
  });
});
