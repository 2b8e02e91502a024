import { randomUUID } from 'node:crypto';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openBoard } from '../../jobs/board.ts';
import { openQueues, type Queues } from '../../jobs/queues.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';
import { redisUrl, services } from '../services.ts';

// What a job never holds, planted: were it there, the board would not show it.
const secret = { data: '欧阳小树', option: 'planted option', error: 'planted error of 欧阳小树', log: 'planted line' };

interface AnyQueue {
  add(name: string, data: object, options: object): Promise<{ id: string; log(line: string): Promise<unknown> }>;
  getJobCounts(): Promise<Record<string, number>>;
  isPaused(): Promise<boolean>;
  obliterate(options: object): Promise<void>;
}

describe.each(['postgres', 'redis'] as const)('the job board with the queue on %s', (kind) => {
  const runs = kind === 'postgres' || services().redis;
  const ids = { failed: `sync-${randomUUID()}`, waiting: `sync-${randomUUID()}` };
  let hub: TestDatabase;
  let queues: Queues;
  let queue: AnyQueue;
  let app: FastifyInstance;
  let cookie: string;
  let now = new Date('2026-11-23T00:00:00Z');

  beforeAll(async () => {
    if (!runs) return;
    hub = await testDatabase();
    queues = await openQueues({ redisUrl: kind === 'redis' ? redisUrl : undefined, databaseUrl: hub.url });
    queue = queues.handles()[0] as AnyQueue;
    const kept = { removeOnFail: false, attempts: 1 };
    const failing = await queue.add('sync', { id: secret.data }, { ...kept, jobId: ids.failed });
    await failing.log(secret.log);
    queues.work('sync', 1, async () => {
      throw new Error(secret.error);
    });
    await vi.waitFor(async () => expect((await queue.getJobCounts())['failed']).toBe(1), { timeout: 15_000, interval: 100 });
    await queue.add('sync', { id: secret.data }, { ...kept, jobId: ids.waiting, delay: 3_600_000, deduplication: { id: secret.option } });
    app = Fastify();
    await openBoard(app, { queues, masterSecret: Buffer.alloc(32, 7), isSecure: true, isOperator: async (authorization) => authorization === 'Bearer operator', now: () => now });
    const answer = await app.inject({ method: 'POST', url: '/jobs/session', headers: { authorization: 'Bearer operator' } });
    expect(answer.headers['set-cookie']).toMatch(/; Secure$/);
    cookie = String(answer.headers['set-cookie']).split(';')[0]!;
  });
  afterAll(async () => {
    await app?.close();
    await queue?.obliterate({ force: true });
    await queues?.close();
    await hub?.drop();
  });
  const get = (path: string) => app.inject({ url: `/jobs/${path}`, headers: { cookie } });

  it.runIf(runs)('shows what failed and what waits, and nothing that a job holds', async () => {
    const answers = await Promise.all(['api/queues?activeQueue=sync&status=failed&page=1&jobsPerPage=10', 'api/queues?activeQueue=sync&status=delayed&page=1&jobsPerPage=10', `api/queues/sync/${ids.failed}`, `api/queues/sync/${ids.waiting}`].map(get));
    expect(answers.map((answer) => answer.statusCode)).toEqual([200, 200, 200, 200]);
    const [failed, delayed] = answers.map((answer) => answer.json().queues?.find((one: any) => one.name === 'sync'));
    expect(failed.counts).toMatchObject({ failed: 1, delayed: 1 });
    expect([failed.jobs.map((job: any) => job.id), delayed.jobs.map((job: any) => job.id)]).toEqual([[ids.failed], [ids.waiting]]);
    expect(answers[2]!.json().job).toMatchObject({ id: ids.failed, isFailed: true, data: {}, opts: {}, stacktrace: [], failedReason: null });
    for (const answer of answers) for (const text of Object.values(secret)) expect(answer.body).not.toContain(text);
    for (const answer of answers) expect(answer.body).not.toMatch(/board\.test|node_modules| at /);
  });

  it.runIf(runs)('refuses to retry, to clean, to pause and to read logs; the jobs are as they were', async () => {
    const before = await queue.getJobCounts();
    for (const [method, path] of [['PUT', 'retry/failed'], ['PUT', 'clean/failed'], ['PUT', `${ids.failed}/retry/failed`], ['PUT', `${ids.failed}/clean`], ['PUT', `${ids.waiting}/promote`], ['PUT', 'pause'], ['PUT', 'empty'], ['PUT', 'obliterate'], ['POST', 'add'], ['PATCH', `${ids.waiting}/update-data`], ['DELETE', ids.waiting]] as const) {
      const { statusCode } = await app.inject({ method, url: `/jobs/api/queues/sync/${path}`, headers: { cookie, 'content-type': 'application/json' }, payload: '{}' });
      expect([404, 405], `${method} ${path}`).toContain(statusCode);
    }
    expect((await get(`api/queues/sync/${ids.failed}/logs`)).statusCode).toBe(403);
    expect(await queue.getJobCounts()).toEqual(before);
    expect(await queue.isPaused()).toBe(false);
  });

  it.runIf(runs)('closes a quarter of an hour after the sign-in, and a cookie that was written by somebody else never opened it', async () => {
    expect((await get('')).statusCode).toBe(200);
    const later = cookie.replace(/=(\d+)\./, (_, endsAt: string) => `=${Number(endsAt) + 1}.`);
    expect((await app.inject({ url: '/jobs/', headers: { cookie: later } })).statusCode).toBe(401);
    now = new Date(now.getTime() + 900_000);
    expect((await get('')).statusCode).toBe(401);
  });
});
