import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { receiveEvents } from '../../connectors/ingest.ts';
import { listQuarantine, releaseQuarantine, showQuarantine } from '../../jobs/quarantine.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';
import { comparable, keys, pull } from './sample.ts';

const secret = 'a secret of this test';

describe('quarantine', () => {
  let hub: TestDatabase;
  beforeAll(async () => {
    hub = await testDatabase();
    const data = { ticketNo: 'T7', receivedAt: '2026-13-45', status: 'HANDLING', updatedAt: '2026-03-02T10:00:00+08:00', requester: { name: '欧阳测试', phone: '13800138000' }, title: '路灯' };
    const body = Buffer.from(JSON.stringify([{ specversion: '1.0', id: 'q1', source: '/t', type: 'cn.gov.12345.ticket.created', subject: 'T7', sequence: '1', data }]));
    await receiveEvents({ pool: hub.pool, department: 'hotline', body, signature: `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`, contentType: undefined, secret });
    await pull(hub.pool, 'hotline', 'tickets', {}, 'PUSH');
  });
  afterAll(() => hub?.drop());

  it('groups entries by reason and field and shows the form of values only', async () => {
    const groups = await listQuarantine(hub.pool);
    expect(groups).toMatchObject([{ department: 'hotline', stream: 'tickets', reason: 'UNPARSABLE_TIME', field: 'receivedAt', count: 1 }]);
    const entry = await showQuarantine(hub.pool, groups[0]!.firstId);
    expect(entry.sample).toMatchObject({ receivedAt: '9999-99-99', title: '汉汉', requester: '(object)' });
    expect(JSON.stringify(entry)).not.toContain('欧阳');
  });

  it('keeps what is still wrong, and releases what has become readable exactly once', async () => {
    expect(await releaseQuarantine(hub.pool, keys, {}, 'operator', new Date())).toMatchObject({ QUARANTINED: 1, PUBLISHED: 0 });
    // The repair learns to read the spelling: here the stored row stands for it.
    await hub.pool.query("UPDATE hub.quarantine SET content = jsonb_set(content, '{receivedAt}', '\"2026-03-02\"')");
    const [first, second] = await Promise.allSettled([1, 2].map(() => releaseQuarantine(hub.pool, keys, {}, 'operator', new Date())));
    const published = [first, second].filter((one) => one?.status === 'fulfilled').reduce((sum, one) => sum + (one as PromiseFulfilledResult<{ PUBLISHED: number }>).value.PUBLISHED, 0);
    expect(published).toBe(1);
    expect(await comparable(hub.pool, 'hotline', 'tickets')).toMatchObject({ offered: 1, quarantined: {}, live: 1 });
    expect(await listQuarantine(hub.pool)).toEqual([]);
  });

  it('says of a version that a newer one overtook meanwhile that it is superseded', async () => {
    const event = (id: string, sequence: string, receivedAt: string) => ({ specversion: '1.0', id, source: '/t', type: 'cn.gov.12345.ticket.updated', subject: 'T8', sequence, data: { ticketNo: 'T8', receivedAt, status: 'HANDLING', updatedAt: '2026-03-02T10:00:00+08:00' } });
    const body = Buffer.from(JSON.stringify([event('s1', '1', '2026-13-45'), event('s2', '2', '2026-03-02')]));
    await receiveEvents({ pool: hub.pool, department: 'hotline', body, signature: `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`, contentType: undefined, secret });
    await pull(hub.pool, 'hotline', 'tickets', {}, 'PUSH');
    await hub.pool.query("UPDATE hub.quarantine SET content = jsonb_set(content, '{receivedAt}', '\"2026-03-02\"') WHERE released_at IS NULL");
    expect(await releaseQuarantine(hub.pool, keys, {}, 'operator', new Date())).toMatchObject({ SUPERSEDED: 1, PUBLISHED: 0 });
    expect((await hub.pool.query('SELECT outcome FROM hub.quarantine ORDER BY id DESC LIMIT 1')).rows).toEqual([{ outcome: 'SUPERSEDED' }]);
  });
});
