import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { announceWorkers, workersRun } from '../../cli/workers.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';

let db: TestDatabase;

beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db?.drop());

const cutOff = () => db.pool.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'yiwang-workers' AND datname = current_database()");

test('workers are still told of after their database ended every session, and no longer when they stop', async () => {
  const silent = await announceWorkers(db.url);
  for (let time = 0; time < 2; time += 1) {
    expect(await workersRun(db.url)).toBe(true);
    await cutOff();
    await vi.waitFor(async () => expect(await workersRun(db.url)).toBe(true), { timeout: 10_000, interval: 100 });
  }
  await silent();
  expect(await workersRun(db.url)).toBe(false);
}, 30_000);

test('workers whose session is gone stop at once', async () => {
  const silent = await announceWorkers(db.url);
  await cutOff();
  await silent();
  await vi.waitFor(async () => expect(await workersRun(db.url)).toBe(false), { timeout: 10_000, interval: 100 });
}, 30_000);
