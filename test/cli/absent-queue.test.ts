import { once } from 'node:events';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { announceWorkers } from '../../cli/workers.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';
import { startYiwang, temporaryHome } from './command.ts';

const { home, remove } = temporaryHome();
let db: TestDatabase;

beforeAll(async () => {
  db = await testDatabase();
});
afterAll(async () => {
  await db?.drop();
  remove();
});

test('whoever waits for a sync while Redis is away is told so once, and goes on waiting', async () => {
  const silent = await announceWorkers(db.url);
  const { child, ended } = startYiwang(['sync', 'police', '--wait'], { YIWANG_HOME: home, DATABASE_URL: db.url, REDIS_URL: 'redis://127.0.0.1:1' });
  try {
    await vi.waitFor(() => expect(ended().err).toContain('[QUEUE_UNAVAILABLE]'), { timeout: 60_000, interval: 200 });
    expect(child.exitCode).toBeNull();
    expect((await db.pool.query('SELECT DISTINCT status FROM hub.sync_run')).rows).toEqual([{ status: 'DUE' }]);
  } finally {
    child.kill('SIGINT');
    await once(child, 'close');
    await silent();
  }
  expect(ended().err.match(/yiwang: the queue at 127\.0\.0\.1:1 \(REDIS_URL\) does not answer; .* · 队列暂不可用/g)).toHaveLength(1);
}, 90_000);
