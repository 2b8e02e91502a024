import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPool, type Pool } from '../../base/db.ts';
import { openFixture, type Fixture } from './fixture.ts';

// A database that neither answers nor refuses: a server that was stopped, a network that drops what it is given.
let silent: Server;
let frozen: Pool;
let fixture: Fixture;
beforeAll(async () => {
  silent = createServer((socket) => socket.on('error', () => undefined));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  frozen = openPool(`postgres://yiwang@127.0.0.1:${(silent.address() as AddressInfo).port}/yiwang`);
  fixture = await openFixture({ pool: frozen, });
});
afterAll(async () => {
  await fixture?.stop();
  silent?.close();
  await frozen?.end();
});

const answerSecondsMax = 8;
const within = () => ({ signal: AbortSignal.timeout(answerSecondsMax * 1_000) });

test('while the database hangs the hub is said not to be ready', async () => {
  const response = await fetch(`${fixture.url}/readyz`, within());
  expect([response.status, await response.json()]).toEqual([503, { ready: false }]);
}, 20_000);

test('while the database hangs metrics say that it does, and tell what the process knows', async () => {
  const text = await (await fetch(`${fixture.url}/metrics`, within())).text();
  expect(text).toMatch(/^yiwang_database_up 0$/m);
  expect(text).toMatch(/^yiwang_access_log_entries \d+$/m);
}, 20_000);

test('while the queue hangs metrics tell everything else, and no depth of it', async () => {
  const hub = await openFixture({ jobs: { depths: () => new Promise(() => undefined), routes: async () => undefined } });
  try {
    const text = await (await fetch(`${hub.url}/metrics`, within())).text();
    expect(text).toMatch(/^yiwang_database_up 1$/m);
    expect(text).not.toMatch(/^yiwang_queue_jobs\{/m);
  } finally {
    await hub.stop();
  }
}, 20_000);
