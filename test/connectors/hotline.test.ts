import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connect } from 'amqplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { receiveEvents } from '../../connectors/ingest.ts';
import { receive, startConsumer } from '../../connectors/sources/amqp.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';
import { rabbitmqUrl, services } from '../services.ts';
import { canaries, comparable, everything, expectedCounts, hasSampleCounty, published, pull, sampleCounty } from './sample.ts';

const secret = 'a secret of this test';
const sign = (body: Buffer) => `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
const post = (hub: TestDatabase, body: Buffer, signature = sign(body)) => receiveEvents({ pool: hub.pool, department: 'hotline', body, signature, contentType: 'application/cloudevents-batch+json', secret });
const batch = (events: unknown[]) => Buffer.from(JSON.stringify(events));

const ticketEvent = (id: string, sequence: string, more: Record<string, unknown> = {}, envelope: Record<string, unknown> = {}) => ({
  specversion: '1.0', id, source: '/12345/6201', type: 'cn.gov.12345.ticket.updated', subject: 'T1', sequence,
  data: { ticketNo: 'T1', receivedAt: '2026-03-02T09:00:00+08:00', status: 'HANDLING', updatedAt: '2026-03-02T10:00:00+08:00', title: `version ${sequence}`, ...more },
  ...envelope,
});

describe('hotline events', () => {
  let hub: TestDatabase;
  beforeAll(async () => void (hub = await testDatabase()));
  afterAll(() => hub?.drop());

  it('refuses a wrong signature, an oversized body and what is no CloudEvent, and keeps the good ones of that batch', async () => {
    const body = batch([ticketEvent('e1', '1'), { hello: 'world' }]);
    expect((await post(hub, body, 'sha256=00')).status).toBe(401);
    expect((await post(hub, Buffer.alloc(5 * 1024 * 1024 + 1))).status).toBe(413);
    expect(await post(hub, body)).toMatchObject({ status: 400, body: { index: 1, accepted: 1 } });
    await pull(hub.pool, 'hotline', 'tickets', {}, 'PUSH');
    expect(await comparable(hub.pool, 'hotline', 'tickets')).toMatchObject({ offered: 2, live: 1, quarantined: { NOT_A_CLOUDEVENT: 1 } });
  });

  it('orders by sequence, keeps the first of two equal ones, counts a repeated id as dropped', async () => {
    expect((await post(hub, batch([ticketEvent('e3', '3', { status: 'CLOSED' }), ticketEvent('e2', '2'), ticketEvent('e4', '3', { status: 'HANDLING' }), ticketEvent('e3', '3')]))).status).toBe(202);
    await pull(hub.pool, 'hotline', 'tickets', {}, 'PUSH');
    const { rows } = await hub.pool.query('SELECT t.status, r.status AS state FROM hotline.ticket t JOIN hub.record r USING (rid)');
    expect(rows).toEqual([{ status: 'CLOSED', state: 'CLOSED' }]);
    expect(await comparable(hub.pool, 'hotline', 'tickets')).toMatchObject({ offered: 6, dropped: { DUPLICATE_EVENT: 1 }, live: 1 });
  });

  it('orders sequences whatever their length, and takes leading zeros for nothing', async () => {
    const fresh = await testDatabase();
    try {
      // Of integer text no contract says how long it is: a time in nanoseconds, written out, has 23 digits.
      const inOrder = ['0'.repeat(40) + '7', '20260302100000123456', '20260302100000123456788', '020260302100000123456789', '1' + '0'.repeat(40)];
      for (const sequence of ['7', inOrder[2]!, inOrder[0]!, inOrder[4]!, inOrder[3]!, inOrder[1]!]) expect((await post(fresh, batch([ticketEvent(`s${sequence}`, sequence)]))).status).toBe(202);
      await pull(fresh.pool, 'hotline', 'tickets', {}, 'PUSH');
      expect(await comparable(fresh.pool, 'hotline', 'tickets')).toMatchObject({ offered: 6, live: 1, quarantined: {} });
      const { rows } = await fresh.pool.query('SELECT title FROM hotline.ticket');
      expect(rows).toEqual([{ title: `version ${inOrder[4]}` }]);
    } finally {
      await fresh.drop();
    }
  });

  it('keeps the good events beside what is nested a hundred thousand deep', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const fresh = await testDatabase();
    try {
      expect(await post(fresh, Buffer.from(`[${JSON.stringify(ticketEvent('d1', '1'))}, ${deep}, {"specversion":"1.0","x":${deep}},${JSON.stringify(ticketEvent('d2', '2'))}]`))).toMatchObject({ status: 400, body: { index: 1, indexes: [1, 2], accepted: 2 } });
      expect(await post(fresh, Buffer.from(deep))).toMatchObject({ status: 400 });
    } finally {
      await fresh.drop();
    }
  });

  it('names the event that holds a byte which is no UTF-8, and keeps the others as they are', async () => {
    const fresh = await testDatabase();
    try {
      const [first, second, third] = ['u1', 'u2', 'u3'].map((id) => Buffer.from(JSON.stringify(ticketEvent(id, '1', { ticketNo: id, title: '张三@' }, { subject: id })))) as [Buffer, Buffer, Buffer];
      second[second.indexOf('@')] = 0xff;
      const body = Buffer.concat([Buffer.from('['), first, Buffer.from(','), second, Buffer.from(','), third, Buffer.from(']')]);
      expect(await post(fresh, body)).toMatchObject({ status: 400, body: { index: 1, indexes: [1], accepted: 2 } });
      await pull(fresh.pool, 'hotline', 'tickets', {}, 'PUSH');
      expect(await comparable(fresh.pool, 'hotline', 'tickets')).toMatchObject({ offered: 3, live: 2, quarantined: { NOT_A_CLOUDEVENT: 1 } });
      expect((await fresh.pool.query('SELECT DISTINCT title FROM hotline.ticket')).rows).toEqual([{ title: '张三@' }]);
    } finally {
      await fresh.drop();
    }
  });

  it('takes as many events as 5 MiB hold, and names ten thousand of what is none', async () => {
    const fresh = await testDatabase();
    try {
      const many = batch(Array.from({ length: 12_000 }, (_, index) => ticketEvent(`m${index}`, '1')));
      expect(await post(fresh, many)).toMatchObject({ status: 202, body: { accepted: 12_000, duplicates: 0 } });
      const answer = await post(fresh, batch([...Array<number>(12_000).fill(1), ticketEvent('m-last', '1')]));
      expect(answer).toMatchObject({ status: 400, body: { index: 0, accepted: 1 } });
      expect(answer.body['indexes']).toHaveLength(10_000);
      expect((await fresh.pool.query("SELECT content::json #>> '{0,counts,quarantined,NOT_A_CLOUDEVENT}' AS n FROM hub.waiting_event WHERE content LIKE '%counts%'")).rows).toEqual([{ n: '12000' }]);
    } finally {
      await fresh.drop();
    }
  });

  it('ends a queued message that no table takes: quarantined, rejected and not put back', async () => {
    const fresh = await testDatabase();
    const told: unknown[] = [];
    const channel = { ack: () => void told.push('ack'), nack: (_: unknown, all?: boolean, requeue?: boolean) => void told.push({ all, requeue }) };
    // The database itself refuses the first statement, as it would a value that we did not foresee.
    let refusals = 1;
    const refusing = new Proxy(fresh.pool, { get: (pool, name) => (name === 'query' && refusals-- > 0 ? () => Promise.reject(Object.assign(new Error('invalid'), { code: '22P02' })) : Reflect.get(pool, name)) });
    try {
      await receive(channel, { content: batch([ticketEvent('p1', '1')]) }, 'hotline', refusing);
      expect(told).toEqual([{ all: false, requeue: false }]);
      expect((await fresh.pool.query('SELECT reason, position FROM hub.quarantine')).rows).toEqual([{ reason: 'NOT_A_CLOUDEVENT', position: 'item 0' }]);
      await pull(fresh.pool, 'hotline', 'tickets', {}, 'PUSH');
      expect(await comparable(fresh.pool, 'hotline', 'tickets')).toMatchObject({ offered: 1, quarantined: { NOT_A_CLOUDEVENT: 1 } });
    } finally {
      await fresh.drop();
    }
  });

  it('quarantines an event without subject, sequence or data as SCHEMA', async () => {
    const bare = [{ subject: undefined }, { sequence: undefined }, { data: undefined }].map((missing, index) => ticketEvent(`bare-${index}`, '9', {}, missing));
    await post(hub, batch(bare));
    await pull(hub.pool, 'hotline', 'tickets', {}, 'PUSH');
    expect(await comparable(hub.pool, 'hotline', 'tickets')).toMatchObject({ quarantined: { SCHEMA: 3 } });
  });
});

describe.runIf(hasSampleCounty)('hotline of another generator', () => {
  const lines = hasSampleCounty ? readFileSync(join(sampleCounty, 'hotline/events.ndjson'), 'utf8').split('\n').filter((line) => line.trim() !== '') : [];
  let overHttp: TestDatabase;
  let server: Server;

  beforeAll(async () => {
    overHttp = await testDatabase();
    for (let start = 0; start < lines.length; start += 50) {
      expect((await post(overHttp, Buffer.from(`[${lines.slice(start, start + 50).join(',')}]`))).status).toBe(202);
      if (start % 200 === 0) await pull(overHttp.pool, 'hotline', 'tickets', {}, 'PUSH');
    }
    await pull(overHttp.pool, 'hotline', 'tickets', {}, 'PUSH');
    server = ticketServer(lines).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(async () => {
    server?.close();
    await overHttp?.drop();
  });

  it('counts as its data set says', async () => {
    const { offered, tombstones, dropped, droppedFields, quarantined, quarantinedValues, repaired, deleted, live } = expectedCounts('tickets');
    expect(await comparable(overHttp.pool, 'hotline', 'tickets')).toEqual({ offered, tombstones, dropped, droppedFields, quarantined, quarantinedValues, repaired, deleted, live });
  });

  it('finds nothing new in a back-fill of what was pushed', async () => {
    const env = { HOTLINE_SOURCE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, HOTLINE_TOKEN: 'token' };
    expect(await pull(overHttp.pool, 'hotline', 'tickets', env)).toMatchObject({ touched: 0, counts: { offered: 0 } });
    expect(await pull(overHttp.pool, 'hotline', 'tickets', env, 'FULL')).toMatchObject({ touched: 0, counts: { offered: 0 } });
  });

  it('finds in the back-fill what the push lost, once', async () => {
    const hub = await testDatabase();
    const events = [1, 2, 3].map((n) => ticketEvent(`l${n}`, '1', { ticketNo: `L${n}` }, { subject: `L${n}` }));
    const all = ticketServer(events.map((event) => JSON.stringify(event))).listen(0, '127.0.0.1');
    await once(all, 'listening');
    const env = { HOTLINE_SOURCE_URL: `http://127.0.0.1:${(all.address() as AddressInfo).port}`, HOTLINE_TOKEN: 'token' };
    try {
      await post(hub, batch(events.slice(0, 2)));
      expect(await pull(hub.pool, 'hotline', 'tickets', env)).toMatchObject({ touched: 3, counts: { offered: 3, published: 3 } });
      expect(await pull(hub.pool, 'hotline', 'tickets', env, 'FULL')).toMatchObject({ touched: 0, counts: { offered: 0 } });
      // The event itself arrives after all: it was posted, so it counts, and changes nothing.
      await post(hub, batch(events.slice(2)));
      expect(await pull(hub.pool, 'hotline', 'tickets', env)).toMatchObject({ touched: 0, counts: { offered: 1, superseded: 1 } });
    } finally {
      all.close();
      await hub.drop();
    }
  });

  it('stays stale while the back-fill fails, whatever is pushed meanwhile', async () => {
    const hub = await testDatabase();
    const stale = async () => (await hub.pool.query<{ stale_reason: string | null }>("SELECT stale_reason FROM hub.stream WHERE stream = 'tickets'")).rows[0]?.stale_reason;
    const broken = createServer((_, answer) => answer.writeHead(200, { 'content-type': 'application/json' }).end('{"rows": []}')).listen(0, '127.0.0.1');
    await once(broken, 'listening');
    const env = { HOTLINE_SOURCE_URL: `http://127.0.0.1:${(broken.address() as AddressInfo).port}`, HOTLINE_TOKEN: 'token' };
    try {
      await expect(pull(hub.pool, 'hotline', 'tickets', env)).rejects.toThrow();
      expect(await stale()).toMatch(/^SOURCE_SCHEMA/);
      await post(hub, batch([ticketEvent('s1', '1', {}, { subject: 'S1' })]));
      await pull(hub.pool, 'hotline', 'tickets', {}, 'PUSH');
      expect(await stale()).toMatch(/^SOURCE_SCHEMA/);
    } finally {
      broken.close();
      await hub.drop();
    }
  });

  it('holds no canary of its streams', async () => {
    const text = await everything(overHttp.pool);
    for (const canary of canaries(['tickets'])) expect(text).not.toContain(canary);
  });

  it.runIf(services().rabbitmq)('gives the same tables over AMQP, every message delivered twice', async () => {
    const hub = await testDatabase();
    const queue = `hotline.events.test.${randomBytes(4).toString('hex')}`;
    const connection = await connect(rabbitmqUrl);
    const channel = await connection.createConfirmChannel();
    await channel.assertQueue(queue, { durable: true });
    for (const line of lines) channel.sendToQueue(queue, Buffer.from(line));
    for (const line of lines.slice(0, 100)) channel.sendToQueue(queue, Buffer.from(line));
    await channel.waitForConfirms();
    const consumer = startConsumer({ url: rabbitmqUrl, queue, department: 'hotline', pool: hub.pool });
    try {
      await expect.poll(async () => (await channel.checkQueue(queue)).messageCount, { timeout: 30_000 }).toBe(0);
      const repeated = "SELECT coalesce(sum((content::json #>> '{0,counts,dropped,DUPLICATE_EVENT}')::int), 0)::int AS n FROM hub.waiting_event";
      await expect.poll(async () => (await hub.pool.query<{ n: number }>(repeated)).rows[0]!.n, { timeout: 30_000 }).toBe(124);
      await pull(hub.pool, 'hotline', 'tickets', {}, 'PUSH');
      expect((await comparable(hub.pool, 'hotline', 'tickets'))['dropped']).toEqual({ DUPLICATE_EVENT: 124 });
      expect(await published(hub.pool)).toEqual(await published(overHttp.pool));
    } finally {
      await consumer.stop();
      await channel.deleteQueue(queue);
      await connection.close();
      await hub.drop();
    }
  });
});

describe('an event queue that takes the connection and says nothing', () => {
  it('is left and tried again, and keeps no hub from ending', async () => {
    let taken = 0;
    const silent = createTcpServer(() => void (taken += 1)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const hub = await testDatabase();
    const consumer = startConsumer({ url: `amqp://127.0.0.1:${(silent.address() as AddressInfo).port}`, queue: 'q', department: 'hotline', pool: hub.pool, answerWithinMs: 200 });
    try {
      await expect.poll(() => taken, { timeout: 10_000 }).toBeGreaterThan(1);
      expect(await Promise.race([consumer.stop().then(() => 'ended'), pause(5_000, 'waits')])).toBe('ended');
    } finally {
      silent.close();
      await hub.drop();
    }
  });
});

/** The source's back-fill: the newest event of each ticket. */
function ticketServer(lines: readonly string[]): Server {
  const newest = new Map<string, { sequence: string; type: string; data: Record<string, unknown> }>();
  for (const line of lines) {
    const event = JSON.parse(line) as { id: string; subject: string; sequence: string; type: string; data: Record<string, unknown> };
    const known = newest.get(event.subject);
    if (!known || Number(known.sequence) < Number(event.sequence)) newest.set(event.subject, event);
  }
  const tickets = [...newest.values()].map(({ sequence, type, data }) => ({ ...data, sequence, type }));
  return createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://test');
    const [page, size] = [Number(searchParams.get('page')), Number(searchParams.get('size'))];
    const since = Date.parse(searchParams.get('since') ?? '');
    const due = tickets.filter((ticket) => Date.parse(String((ticket as Record<string, unknown>)['updatedAt'])) >= since);
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ tickets: due.slice((page - 1) * size, page * size), page, last: page * size >= due.length }));
  });
}
