import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { Row } from '../../connectors/contract.ts';
import { limits } from '../../connectors/limits.ts';
import { connectorOf } from '../../connectors/registry.ts';
import { openEventsSource } from '../../connectors/sources/events.ts';
import { requireFields } from '../../connectors/sources/fields.ts';
import { keys } from './sample.ts';

const ticket = (n: number, updatedAt: string, more: Row = {}) => ({ ticketNo: `T${String(n).padStart(5, '0')}`, sequence: '1', type: 'cn.gov.12345.ticket.created', receivedAt: updatedAt, status: 'ACCEPTED', updatedAt, ...more });
const second = (n: number) => new Date(Date.UTC(2026, 2, 1, 0, 0, n)).toISOString();

/** What a first back-fill reads of a source. Nothing waits in the hub. */
async function backfilled(listener: RequestListener): Promise<{ tickets: string[]; watermark: unknown }> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const connector = await connectorOf('hotline');
  const pool = { query: async (sql: string) => ({ rows: sql.includes('business_now') ? [{ ms: Date.now(), demo_ms: null }] : [] }) } as never;
  const source = await openEventsSource({ connector, env: { HOTLINE_SOURCE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }, pool, keys, limits });
  const read = { tickets: [] as string[], watermark: undefined as unknown };
  try {
    for await (const page of source.pages(connector.streams[0]!, { watermark: null, full: false, comparing: false } as never)) {
      read.tickets.push(...page.offered.map((one) => String(one.row!['ticketNo'])));
      read.watermark = page.watermark;
    }
  } finally {
    server.closeAllConnections();
    server.close();
  }
  return read;
}

/** Pages of the tickets that are due, as the list stands when it is asked. */
function listOf(tickets: () => Row[], afterPage: (asked: number) => void = () => undefined): RequestListener {
  let asked = 0;
  return (request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://test');
    const [page, size, since] = [Number(searchParams.get('page')), Number(searchParams.get('size')), Date.parse(searchParams.get('since')!)];
    const due = tickets().filter((one) => Date.parse(String(one['updatedAt'])) >= since);
    response.end(JSON.stringify({ tickets: due.slice((page - 1) * size, page * size), page, last: page * size >= due.length }));
    afterPage((asked += 1));
  };
}

describe('the back-fill of the hotline', () => {
  test('a time without a zone is Shanghai’s, wherever the hub runs', async () => {
    const zone = process.env['TZ'];
    process.env['TZ'] = 'America/New_York';
    try {
      for (const updatedAt of ['2026-03-02 09:30:00', '2026/3/2 9:30', '2026-03-02T09:30:00+08:00']) {
        const { watermark } = await backfilled((_, response) => response.end(JSON.stringify({ tickets: [ticket(1, updatedAt)], page: 1, last: true })));
        expect(watermark).toEqual({ since: '2026-03-02T01:30:00.000Z' });
      }
    } finally {
      if (zone === undefined) delete process.env['TZ'];
      else process.env['TZ'] = zone;
    }
  });

  test('a list that shifts between two pages hides no ticket', async () => {
    const tickets = Array.from({ length: 1200 }, (_, n) => ticket(n, second(n)));
    const byTime = () => tickets.toSorted((a, b) => (a.updatedAt < b.updatedAt ? -1 : 1));
    const read = await backfilled(listOf(byTime, (asked) => {
      if (asked === 1) for (const one of tickets.slice(0, 3)) Object.assign(one, { updatedAt: second(7200), sequence: '2' });
    }));
    expect(new Set(read.tickets).size).toBe(1200);
  });

  test('a list in another order than that of time is read whole', async () => {
    const tickets = Array.from({ length: 1200 }, (_, n) => ticket(n, second(n)));
    const shuffled = [...tickets.slice(600), ...tickets.slice(0, 600)];
    for (const list of [shuffled, tickets.toReversed(), tickets.map((one) => ({ ...one, updatedAt: second(0) }))]) expect(new Set((await backfilled(listOf(() => list))).tickets).size).toBe(1200);
  });

  test('a source that drops or renames a required field stops the stream', async () => {
    const renamed = Array.from({ length: 25 }, (_, n) => ({ ...ticket(n, second(n)), updatedAt: undefined, updateTime: second(n) }));
    await expect(backfilled((_, response) => response.end(JSON.stringify({ tickets: renamed, page: 1, last: true })))).rejects.toMatchObject({ code: 'SOURCE_SCHEMA', hint: '`tickets` lacks the required column `updatedAt`' });
  });
});

describe('a required field that no record of a page has', async () => {
  const stream = (await connectorOf('court')).streams[0]!;
  const filing = { prelitNo: 'P1', receivedAt: '2026-05-19', closedHearing: false, minorInvolved: false, deleted: false };
  test.each<[string, Row[], boolean]>([
    ['three records, a strange field with times in each', [1, 2, 3].map(() => ({ ...filing, updateTime: '2026-05-27 14:23:23' })), true],
    ['two', [1, 2].map(() => ({ ...filing, updateTime: '2026-05-27 14:23:23' })), true],
    ['one: it may have been written wrong by itself', [{ ...filing, updateTime: '2026-05-27 14:23:23' }], false],
    ['no strange field', [filing, filing], false],
    ['a strange field that is no time', [1, 2].map(() => ({ ...filing, judge: '王某' })), false],
    ['a strange field in one of two', [{ ...filing, updateTime: '2026-05-27' }, filing], false],
    ['twenty records, whatever else they have', Array.from({ length: 20 }, () => filing), true],
  ])('%s', (_, rows, stops) => {
    if (stops) expect(() => requireFields(stream, rows)).toThrow(expect.objectContaining({ code: 'SOURCE_SCHEMA', hint: '`prelitigation-cases` lacks the required column `updatedAt`' }));
    else expect(() => requireFields(stream, rows)).not.toThrow();
  });
});
