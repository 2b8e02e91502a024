import { createHmac, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { departments, projectRoot } from '../../base/departments.ts';
import type { Row } from '../../connectors/contract.ts';
import { receiveEvents } from '../../connectors/ingest.ts';
import { judge, type Offered } from '../../connectors/judge.ts';
import { applyPage } from '../../connectors/page.ts';
import { connectorOf, streamOf } from '../../connectors/registry.ts';
import { settle } from '../../jobs/settle.ts';
import { comparable, everything, keys, pull } from '../connectors/sample.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';
import { faultServer, type FaultServer } from './fault-server.ts';
import { sourceSecrets, testConfig } from './hub.ts';

const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const good = (n: number) => ({ prelitNo: `P${n}`, receivedAt: '2026-03-02', outcome: 'PENDING', closedHearing: false, minorInvolved: false, updatedAt: '2026-03-02T10:00:00+08:00', deleted: false, summary: `case ${n}` });
/** Stands for the first two bytes of a character of three. */
const stray = 'STRAY';
/** Each as it would stand in an answer: JSON text, not an object that JavaScript has already made harmless. */
const poison: Record<string, { json: string; reason: string }> = {
  'a lone surrogate': { json: JSON.stringify({ ...good(101), summary: '\ud800' }), reason: 'INVALID_BYTES' },
  'a lone surrogate in a nested name': { json: JSON.stringify({ ...good(102), parties: [{ role: 'PLAINTIFF', ['\udc00']: 1 }] }), reason: 'INVALID_BYTES' },
  'a lone surrogate as a column': { json: JSON.stringify({ ...good(103), ['\udfff']: 1 }), reason: 'INVALID_BYTES' },
  '`__proto__`': { json: JSON.stringify(good(104)).replace('{', '{"__proto__":{"deleted":true},'), reason: 'SCHEMA' },
  '`__proto__` inside': { json: JSON.stringify({ ...good(105), parties: [] }).replace('"parties":[]', '"parties":[{"__proto__":{"name":"x"}}]'), reason: 'SCHEMA' },
  'a depth of 100,000': { json: JSON.stringify({ ...good(106), extra: 1 }).replace('"extra":1', `"extra":${nested(100_000)}`), reason: 'SCHEMA' },
  'a byte that is no UTF-8': { json: JSON.stringify({ ...good(110), summary: `before${stray}after` }), reason: 'INVALID_BYTES' },
  'a character that is cut, in a name': { json: JSON.stringify({ ...good(111), [`extra${stray}`]: 1 }), reason: 'INVALID_BYTES' },
  'a cell of 64 KiB + 1': { json: JSON.stringify({ ...good(107), summary: 'x'.repeat(64 * 1024 + 1) }), reason: 'TOO_LARGE' },
  'a record of 1 MiB + 1': { json: sized(108, 1024 * 1024 + 1), reason: 'TOO_LARGE' },
  'an object where a word should be': { json: JSON.stringify({ ...good(109), caseNo: { a: 1 } }), reason: 'SCHEMA' },
};

describe('a poison record among good ones', () => {
  let hub: TestDatabase;
  let source: FaultServer;
  beforeAll(async () => {
    [hub, source] = await Promise.all([testDatabase(), faultServer()]);
    source.handle = ({ path }) => (path === '/oauth/token' ? { json: { access_token: 't', token_type: 'Bearer', expires_in: 300 } } : { body: Buffer.from(`{"data":[${rows.join(',')}],"nextCursor":null,"asOf":"2026-03-03T00:00:00Z"}`.replaceAll(stray, '\u00e6\u009d'), 'latin1') });
  });
  afterAll(() => Promise.all([hub?.drop(), source?.close()]));
  const exact = sized(200, 1024 * 1024);
  const nul = JSON.stringify({ ...good(201), summary: 'before\u0000after\u0007', caseNo: '\u0000' });
  const rows = [good(1), good(2)].map((row) => JSON.stringify(row)).concat(Object.values(poison).map(({ json }) => json), exact, nul, [good(3)].map((row) => JSON.stringify(row)));

  it('is quarantined with its reason and the rest is published, once', async () => {
    const env = { COURT_SOURCE_URL: source.url, ...sourceSecrets };
    for (const expected of [rows.length, 0]) expect((await pull(hub.pool, 'court', 'prelitigation-cases', env, 'FULL')).counts.offered).toBe(expected);
    expect(await comparable(hub.pool, 'court', 'prelitigation-cases')).toMatchObject({ live: 5, quarantined: { INVALID_BYTES: 5, SCHEMA: 4, TOO_LARGE: 2 } });
    const { rows: refused } = await hub.pool.query<{ position: string; reason: string; content: unknown }>('SELECT position, reason, content FROM hub.quarantine ORDER BY id');
    expect(refused.map((one) => one.reason)).toEqual(Object.values(poison).map((one) => one.reason));
    expect(refused.map((one) => one.position)).toEqual(Object.keys(poison).map((_, index) => `page 1 item ${index + 3}`));
  });

  it('has NUL and controls removed and recorded, and leaves no U+FFFD anywhere', async () => {
    const { rows: kept } = await hub.pool.query("SELECT summary, repairs FROM hub.record JOIN court.prelitigation_case USING (rid) WHERE record_key = 'P201'");
    expect(kept).toMatchObject([{ summary: 'beforeafter', repairs: expect.arrayContaining([{ field: 'summary', kind: 'TEXT_CONTROL' }]) }]);
    expect(await everything(hub.pool)).not.toContain('\ufffd');
  });
});

describe('a poison event among good ones', () => {
  it('does not keep the others from being acknowledged, and cannot be sent forever', async () => {
    const hub = await testDatabase();
    const data = { ticketNo: 'T', receivedAt: '2026-03-02', status: 'HANDLING', updatedAt: '2026-03-02', title: 'x' };
    const one = (id: string, title: string) => `{"specversion":"1.0","id":"${id}","source":"/t","type":"cn.gov.12345.ticket.created","subject":"${id}","sequence":"1","data":${JSON.stringify({ ...data, ticketNo: id }).replace('"x"', title)}}`;
    const body = Buffer.from(`[${[one('A', '"good"'), one('B', '"\\ud800"'), one('C', nested(100_000)), one('D', '"nul \\u0000 here"'), one('E', '{"__proto__":1}'), one('F', `"${'x'.repeat(70_000)}"`), one('G', '"good"')].join(',')}]`);
    const signature = `sha256=${createHmac('sha256', 's').update(body).digest('hex')}`;
    try {
      expect(await receiveEvents({ pool: hub.pool, department: 'hotline', body, signature, contentType: undefined, secret: 's' })).toMatchObject({ status: 202, body: { accepted: 7 } });
      await pull(hub.pool, 'hotline', 'tickets', {}, 'PUSH');
      expect(await comparable(hub.pool, 'hotline', 'tickets')).toMatchObject({ offered: 7, live: 3, quarantined: { INVALID_BYTES: 1, SCHEMA: 2, TOO_LARGE: 1 } });
      expect((await hub.pool.query("SELECT title, repairs FROM hub.record JOIN hotline.ticket USING (rid) WHERE record_key = 'D'")).rows).toMatchObject([{ title: 'nul here', repairs: expect.arrayContaining([{ field: 'title', kind: 'TEXT_CONTROL' }]) }]);
    } finally {
      await hub.drop();
    }
  });
});

describe.each(departments)('whatever %s sends', (department) => {
  it('ends as a record, a tombstone, a drop or in quarantine, and the page is committed', async () => {
    const hub = await testDatabase();
    const connector = await connectorOf(department);
    const samples = (JSON.parse(readFileSync(join(projectRoot(), 'connectors', department, 'samples.json'), 'utf8')) as (Offered & { stream: string })[]).filter((sample) => sample.row !== null);
    const nasty = fc.constantFrom<unknown>('\u0000', 'a\u0000b', '\ud800', '\u0007', '\ufffd', '', ' ', null, 0, -1, 1e300, true, [], {}, [null], ['\u0000'], { a: { b: '\udc00' } }, '9'.repeat(400), '2026-02-30', '二〇二六年三月二日', '０１２', '62010219900101\u0000123X', "'; DROP TABLE hub.record; --", '\u2028', '𠮷野');
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.record({ sample: fc.nat(samples.length - 1), field: fc.nat(60), value: fc.oneof(nasty, fc.jsonValue({ maxDepth: 2 }), fc.string({ unit: 'binary' })) }), { minLength: 1, maxLength: 25 }), async (changes) => {
          const { stream: name } = samples[changes[0]!.sample]!;
          const stream = streamOf(connector, name);
          const offered = changes.map(({ sample, field, value }, index): Offered => {
            const base = samples[sample]!.stream === name ? samples[sample]! : samples[changes[0]!.sample]!;
            const columns = [...Object.keys(base.row!), 'drifted\u0000'];
            return { ...base, row: { ...base.row, [columns[field % columns.length]!]: value }, position: `item ${index}` };
          });
          const client = await hub.pool.connect();
          try {
            await client.query('BEGIN');
            await client.query('INSERT INTO hub.stream (department, stream) VALUES ($1, $2) ON CONFLICT DO NOTHING', [department, name]);
            const versions = offered.map((one) => judge(department, stream, one, keys));
            const { counts } = await applyPage(client, { connector, stream, keys, runId: null, epoch: 0, now: new Date(0) }, versions, {});
            expect(counts.offered).toBeLessThanOrEqual(offered.length);
          } finally {
            await client.query('ROLLBACK');
            client.release();
          }
        }),
        { numRuns: 40 },
      );
    } finally {
      await hub.drop();
    }
  });
});

/** Random, so that no compression makes it short enough for an index. */
const long = randomBytes(4_500).toString('base64url');

describe.each(departments)('a value of 6,000 characters in any field that %s sends', (department) => {
  it('holds up nothing: the page is committed, its records are linked and are of a matter', async () => {
    const hub = await testDatabase();
    const connector = await connectorOf(department);
    const samples = (JSON.parse(readFileSync(join(projectRoot(), 'connectors', department, 'samples.json'), 'utf8')) as (Offered & { stream: string; ends: string })[]).filter((sample) => sample.ends === 'LIVE');
    try {
      for (const name of new Set(samples.map((sample) => sample.stream))) {
        const stream = streamOf(connector, name);
        const rows = samples.filter((sample) => sample.stream === name).flatMap((sample) => stretched(sample.row!).map((row) => ({ ...sample, row })));
        const offered = rows.map((one, index): Offered => ({ ...one, ...(one.event ? { event: { ...one.event, subject: `K${index}` } } : {}), row: { ...one.row, [stream.key.reads.at(-1)!]: `K${index}` }, position: `item ${index}` }));
        const client = await hub.pool.connect();
        try {
          await client.query('INSERT INTO hub.stream (department, stream) VALUES ($1, $2)', [department, name]);
          await client.query('BEGIN');
          const { counts } = await applyPage(client, { connector, stream, keys, runId: null, epoch: 0, now: new Date(0) }, offered.map((one) => judge(department, stream, one, keys)), {});
          expect(counts.published).toBeGreaterThan(rows.length * 0.8); // the others are required, or a closed list
          await client.query('COMMIT');
        } finally {
          client.release();
        }
      }
      await settle({ config: await testConfig({}), pool: hub.pool });
      expect((await hub.pool.query('SELECT rid FROM hub.touched UNION ALL SELECT rid FROM hub.matter_touched')).rowCount).toBe(0);
    } finally {
      await hub.drop();
    }
  });
});

/** The row as often as it holds texts, each time with another one of them long. */
function stretched(row: unknown): Row[] {
  if (typeof row !== 'object' || row === null) return [];
  return Object.entries(row).flatMap(([name, value]): Row[] => {
    if (typeof value === 'string' || value === null) return [{ ...row, [name]: long }];
    return stretched(value).map((part) => ({ ...row, [name]: Array.isArray(value) ? Object.values(part) : part }));
  });
}

/** A case whose JSON has exactly so many bytes, in cells that are each within their limit. */
function sized(n: number, bytes: number): string {
  const cells = Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`extra${index}`, 'x'.repeat(60_000)]));
  const fill = (last: number) => JSON.stringify({ ...good(n), ...cells, last: 'y'.repeat(last) });
  return fill(bytes - fill(0).length);
}
