import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { testDatabase, type TestDatabase } from '../postgres.ts';
import { pull } from './sample.ts';

/** A record dated far ahead is published, and increments go on from the present of its source. */
let hub: TestDatabase;
beforeEach(async () => void (hub = await testDatabase()));
afterEach(() => hub.drop());

const state = async (stream: string) => (await hub.pool.query<{ watermark: Record<string, string>; fresh: string | null }>('SELECT watermark, fresh_through::text AS fresh FROM hub.stream WHERE stream = $1', [stream])).rows[0]!;
const published = async () => (await hub.pool.query<{ n: number }>('SELECT count(*)::int AS n FROM hub.record')).rows[0]!.n;

it('police: one row of 2098 blinds no increment, and a watermark that stands there already is healed', async () => {
  const source = await testDatabase();
  const env = { POLICE_SOURCE_URL: source.url };
  const insert = (key: string, time: string) => source.pool.query('INSERT INTO jcj_jjd VALUES ($1, $2, $3, $4, $5, $6)', [key, '2026-03-01 08:00:00', '1', '620102000000', time, '0']);
  try {
    await source.pool.query('CREATE TABLE jcj_jjd (jjdbh varchar(30) PRIMARY KEY, bjsj timestamp, sfjf char(1), xzqh char(12), gxsj timestamp(3), scbz char(1))');
    await insert('A', '2026-03-01 09:00:00');
    await insert('FUTURE', '2098-01-01 00:00:00');
    expect((await pull(hub.pool, 'police', 'jcj_jjd', env)).counts).toMatchObject({ offered: 2, published: 2 });
    expect(await state('jcj_jjd')).toMatchObject({ watermark: { time: expect.stringMatching(/^2026-03-01 09:00/) }, fresh: expect.stringMatching(/^2026-03-01/) });
    await insert('B', '2026-03-01 09:05:00');
    expect((await pull(hub.pool, 'police', 'jcj_jjd', env)).counts).toMatchObject({ offered: 1, published: 1 });

    await hub.pool.query(`UPDATE hub.stream SET watermark = '{"time": "2098-01-01 00:00:00"}', fresh_through = '2097-12-31T16:00:00Z' WHERE stream = 'jcj_jjd'`);
    await insert('C', '2026-03-01 09:06:00');
    expect((await pull(hub.pool, 'police', 'jcj_jjd', env)).counts).toMatchObject({ offered: 1, published: 1 });
    expect(await state('jcj_jjd')).toMatchObject({ watermark: { time: expect.stringMatching(/^2026-03-01 09:06/) }, fresh: expect.stringMatching(/^2026-03-01/) });
    expect(await published()).toBe(4);
  } finally {
    await source.drop();
  }
});

it('court: the watermark stays behind `asOf`, and one that stands beyond it is healed', async () => {
  const datum = (prelitNo: string, updatedAt: string) => ({ prelitNo, receivedAt: '2026-03-01', closedHearing: false, minorInvolved: false, outcome: 'PENDING', parties: [], updatedAt, deleted: false });
  const data = [datum('A', '2026-03-01T09:00:00+08:00'), datum('FUTURE', '2199-01-01T00:00:00Z')];
  const answer = (url: URL) => (url.pathname === '/oauth/token' ? { access_token: 't', token_type: 'Bearer', expires_in: 300 } : { data: data.filter((one) => Date.parse(one.updatedAt) >= Date.parse(url.searchParams.get('updatedSince')!)), nextCursor: null, asOf: '2026-05-28T00:00:00Z' });
  const server = createServer((request: IncomingMessage, response) => void response.end(JSON.stringify(answer(new URL(request.url!, 'http://court'))))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const env = { COURT_SOURCE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, COURT_CLIENT_ID: 'c', COURT_CLIENT_SECRET: 's' };
  try {
    expect((await pull(hub.pool, 'court', 'prelitigation-cases', env)).counts).toMatchObject({ offered: 2, published: 2 });
    expect(await state('prelitigation-cases')).toMatchObject({ watermark: { since: '2026-03-01T01:00:00.000Z' }, fresh: expect.stringMatching(/^2026-03-01/) });
    await hub.pool.query(`UPDATE hub.stream SET watermark = '{"since": "2199-01-01T00:00:00.000Z"}' WHERE stream = 'prelitigation-cases'`);
    data.push(datum('B', '2026-03-01T09:05:00+08:00'));
    expect((await pull(hub.pool, 'court', 'prelitigation-cases', env)).counts).toMatchObject({ offered: 1, published: 1 });
    expect((await pull(hub.pool, 'court', 'prelitigation-cases', env)).counts).toMatchObject({ offered: 0 });
    expect((await state('prelitigation-cases')).watermark).toEqual({ since: '2026-03-01T01:05:00.000Z' });
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
