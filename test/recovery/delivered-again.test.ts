import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { receiveEvents } from '../../connectors/ingest.ts';
import { pullStream } from '../../connectors/pull.ts';
import { connectorOf, streamOf } from '../../connectors/registry.ts';
import { releaseStream } from '../../connectors/release.ts';
import { releaseQuarantine } from '../../jobs/quarantine.ts';
import { comparable, keys, pull } from '../connectors/sample.ts';
import { emptyDatabase, testDatabase, type TestDatabase } from '../postgres.ts';
import { faultServer } from './fault-server.ts';
import { fastLimits, publishedTables, sourceSecrets } from './hub.ts';

/** Dozens of syncs each, on a machine that may do other things as well. */
const propertyMs = 240_000;

type Version = { ticket: number; sequence: number; withdrawn: boolean };
const secret = sourceSecrets.HOTLINE_SECRET;

async function post(hub: TestDatabase, events: readonly unknown[]): Promise<void> {
  const body = Buffer.from(JSON.stringify(events));
  await receiveEvents({ pool: hub.pool, department: 'hotline', body, signature: `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`, contentType: undefined, secret });
}

const eventOf = ({ ticket, sequence, withdrawn }: Version, receivedAt = '2026-03-02') => ({
  specversion: '1.0', id: `T${ticket}-${sequence}`, source: '/t', type: `cn.gov.12345.ticket.${withdrawn ? 'withdrawn' : 'updated'}`, subject: `T${ticket}`, sequence: String(sequence),
  data: { ticketNo: `T${ticket}`, receivedAt, status: 'HANDLING', updatedAt: '2026-03-02T10:00:00+08:00', title: `version ${sequence}` },
});

describe('events', () => {
  let hub: TestDatabase;
  beforeEach(async () => void (hub = await testDatabase()));
  afterEach(() => hub.drop());

  it('three times each, in any order and in any batches, end in the highest version of each ticket', async () => {
    const version = fc.record({ ticket: fc.nat(4), sequence: fc.integer({ min: 1, max: 12 }), withdrawn: fc.boolean() });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(version, { minLength: 2, maxLength: 14, selector: (one) => `${one.ticket}/${one.sequence}` }), fc.infiniteStream(fc.nat(1_000)), fc.integer({ min: 1, max: 9 }), async (versions, chance, batch) => {
        run += 1;
        const own = versions.map((one) => ({ ...one, ticket: run * 100 + one.ticket }));
        const delivered = [...own, ...own, ...own].map((one) => ({ one, rank: chance.next().value as number })).sort((a, b) => a.rank - b.rank).map(({ one }) => eventOf(one));
        for (let start = 0; start < delivered.length; start += batch) {
          await post(hub, delivered.slice(start, start + batch));
          if (start % 2 === 0) await pull(hub.pool, 'hotline', 'tickets', {}, 'PUSH');
        }
        await pull(hub.pool, 'hotline', 'tickets', {}, 'PUSH');
        const newest = Map.groupBy(own, (one) => one.ticket);
        const expected = [...newest].map(([ticket, all]) => all.reduce((a, b) => (a.sequence > b.sequence ? a : b), { ticket, sequence: 0, withdrawn: false })).map((one) => ({ key: `T${one.ticket}`, title: `version ${one.sequence}`, withdrawn: one.withdrawn }));
        const { rows } = await hub.pool.query('SELECT record_key AS key, title, withdrawn FROM hub.record JOIN hotline.ticket USING (rid) WHERE record_key = ANY($1)', [expected.map((one) => one.key)]);
        expect(rows.sort((a, b) => (a.key < b.key ? -1 : 1))).toEqual(expected.sort((a, b) => (a.key < b.key ? -1 : 1)));
      }),
      { numRuns: 12 },
    );
    expect(await comparable(hub.pool, 'hotline', 'tickets')).not.toHaveProperty('ended');
  }, propertyMs);

  it('released from quarantine count once and in their order, whoever releases them and however often they fail half way', async () => {
    await post(hub, [1, 2, 3].map((sequence) => eventOf({ ticket: 1, sequence, withdrawn: false }, 'not a time')));
    await post(hub, [eventOf({ ticket: 2, sequence: 1, withdrawn: false })]);
    await pull(hub.pool, 'hotline', 'tickets', {}, 'PUSH');
    expect(await comparable(hub.pool, 'hotline', 'tickets')).toMatchObject({ offered: 4, live: 1, quarantined: { UNPARSABLE_TIME: 3 } });
    // The repair has learnt to read the spelling: the stored rows stand for it.
    await hub.pool.query(`UPDATE hub.quarantine SET content = jsonb_set(content, '{receivedAt}', '"2026-03-02"')`);
    const ids = (await hub.pool.query<{ id: number }>('SELECT id FROM hub.quarantine ORDER BY id')).rows.map((row) => row.id);
    const before = await publishedTables(hub.pool);
    // Half way: the connection is gone after the record was written and before the entry is closed.
    await hub.pool.query("CREATE FUNCTION public.fails() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$; CREATE TRIGGER fails BEFORE UPDATE ON hub.quarantine FOR EACH ROW EXECUTE FUNCTION public.fails()");
    const release = (chosen?: number[]) => releaseStream(hub.pool, keys, { department: 'hotline', stream: 'tickets', ...(chosen ? { ids: chosen } : {}) }, 'operator', new Date(0));
    await expect(release([ids[2]!])).rejects.toThrow();
    await hub.pool.query('DROP TRIGGER fails ON hub.quarantine');
    expect(await publishedTables(hub.pool)).toEqual(before);
    // Version 3 first, then whatever is open, four at once: they wait for nobody, and each entry goes once.
    expect(await release([ids[2]!])).toMatchObject({ PUBLISHED: 1 });
    const outcomes = await Promise.allSettled(Array.from({ length: 4 }, () => release()));
    // The older two are told as what they are.
    expect(outcomes.reduce((sum, one) => sum + (one.status === 'fulfilled' ? one.value.SUPERSEDED : 0), 0)).toBe(2);
    for (const one of outcomes) if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'STREAM_BUSY' });
    const { rows } = await hub.pool.query("SELECT title FROM hub.record JOIN hotline.ticket USING (rid) WHERE record_key = 'T1'");
    expect(rows).toEqual([{ title: 'version 3' }]);
    expect(await comparable(hub.pool, 'hotline', 'tickets')).toMatchObject({ offered: 4, live: 2, quarantined: {} });
  });

  it('released of which nothing was kept are read again, whatever ends the release half way', async () => {
    await post(hub, [1, 2].map((ticket) => eventOf({ ticket, sequence: 1, withdrawn: false }, 'not a time')));
    await pull(hub.pool, 'hotline', 'tickets', {}, 'PUSH');
    await hub.pool.query('UPDATE hub.quarantine SET content = NULL, sample = NULL');
    await hub.pool.query("CREATE FUNCTION public.refuses() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'gone'; END $$; CREATE TRIGGER refuses BEFORE INSERT ON hub.sync_run FOR EACH ROW EXECUTE FUNCTION public.refuses()");
    await expect(releaseQuarantine(hub.pool, keys, {}, 'operator', new Date(0))).rejects.toThrow();
    await hub.pool.query('DROP TRIGGER refuses ON hub.sync_run');
    expect(await releaseQuarantine(hub.pool, keys, {}, 'operator', new Date(0))).toMatchObject({ REREAD: 2 });
    expect((await hub.pool.query("SELECT mode, status, parameters FROM hub.sync_run")).rows).toEqual([{ mode: 'FULL', status: 'DUE', parameters: { full: true } }]);
    expect(await comparable(hub.pool, 'hotline', 'tickets')).toMatchObject({ offered: 0, quarantined: {} });
  });
});

type Row = { key: number; minute: number; text: number; gone: boolean };

describe.each(['a table', 'a REST service', 'a SOAP service'])('%s whose rows have equal times across pages and are committed late within the overlap', (kind) => {
  let hub: TestDatabase;
  beforeEach(async () => void (hub = await testDatabase()));
  afterEach(() => hub.drop());

  it('has all of them read, each in its newest version, in however many runs', async () => {
    const source = kind === 'a table' ? await tableSource() : await serviceSource(kind === 'a REST service');
    let run = 0;
    const row = fc.record({ key: fc.nat(15), minute: fc.nat(9), text: fc.nat(99), gone: fc.boolean() });
    try {
      await fc.assert(
        // Steps of commits; the times of a step are up to ten minutes old when it is committed.
        fc.asyncProperty(fc.array(fc.array(row, { maxLength: 16 }), { minLength: 2, maxLength: 4 }), async (steps) => {
          run += 1;
          // Each run has records and hours of its own, so that one hub serves them all.
          const state = new Map<number, Row & { at: number }>();
          await source.reset();
          for (const [step, rows] of steps.entries()) {
            for (const one of rows) {
              const key = run * 100 + one.key;
              const at = run * 60 + step * 5 + one.minute;
              const known = state.get(key);
              if (known && known.at >= at) continue; // a source does not write back in time
              state.set(key, { ...one, key, at });
            }
            await source.write([...state.values()]);
            await source.sync(hub);
          }
          await source.sync(hub);
          const live = [...state.values()].filter((one) => !one.gone).map((one) => ({ key: source.keyOf(one.key), text: `text ${one.text}` })).sort((a, b) => (a.key < b.key ? -1 : 1));
          const { rows } = await hub.pool.query<{ key: string; text: string }>('SELECT record_key AS key, text_for_matching AS text FROM hub.record WHERE record_key = ANY($1) ORDER BY record_key COLLATE "C"', [[...state.keys()].map((key) => source.keyOf(key))]);
          expect(rows).toEqual(live);
        }),
        { numRuns: 8 },
      );
    } finally {
      await source.stop();
    }
  }, propertyMs);
});

interface VersionedSource {
  keyOf(key: number): string;
  reset(): Promise<void>;
  write(rows: readonly (Row & { at: number })[]): Promise<void>;
  sync(hub: TestDatabase): Promise<unknown>;
  stop(): Promise<unknown>;
}

const clock = (at: number) => `${String(10 + Math.floor(at / 60)).padStart(2, '0')}:${String(at % 60).padStart(2, '0')}:00`;

async function syncOf(hub: TestDatabase, department: string, name: string, env: Record<string, string>): Promise<unknown> {
  const connector = await connectorOf(department);
  return pullStream({ pool: hub.pool, keys, connector, stream: streamOf(connector, name), runId: null, mode: 'INCREMENT', env, now: () => new Date(0), limits: { ...fastLimits, attemptDeadlineMs: 5_000, pageDeadlineMs: 10_000, pageRowsMax: 3 } });
}

async function tableSource(): Promise<VersionedSource> {
  const database = await emptyDatabase();
  await database.pool.query('CREATE TABLE jcj_jjd (jjdbh varchar(30) PRIMARY KEY, bjsj timestamp, sfjf char(1), jqjj text, gxsj timestamp(3), scbz char(1))');
  return {
    keyOf: (key) => `C${key}`,
    reset: async () => void (await database.pool.query('TRUNCATE jcj_jjd')),
    write: async (rows) => void (await database.pool.query(
      `INSERT INTO jcj_jjd SELECT x.k, '2026-03-02', '1', x.t, ('2026-03-02 ' || x.at)::timestamp, x.g FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS x(k, t, at, g)
       ON CONFLICT (jjdbh) DO UPDATE SET jqjj = excluded.jqjj, gxsj = excluded.gxsj, scbz = excluded.scbz`,
      [rows.map((one) => `C${one.key}`), rows.map((one) => `text ${one.text}`), rows.map((one) => clock(one.at)), rows.map((one) => (one.gone ? '1' : '0'))],
    )),
    sync: (hub) => syncOf(hub, 'police', 'jcj_jjd', { POLICE_SOURCE_URL: database.url }),
    stop: () => database.drop(),
  };
}

/** Pages of three, whatever is asked for; the SOAP one shifts its pages as its records change. */
async function serviceSource(isRest: boolean): Promise<VersionedSource> {
  const server = await faultServer();
  let records: (Row & { at: number })[] = [];
  const ordered = () => [...records].sort((a, b) => a.at - b.at || a.key - b.key);
  const timeOf = (one: { at: number }) => Date.parse(`2026-03-02T${clock(one.at)}+08:00`);
  const rest = (query: URLSearchParams) => {
    const due = ordered().filter((one) => timeOf(one) >= Date.parse(query.get('updatedSince')!));
    const start = Number(query.get('cursor') ?? 0);
    const data = due.slice(start, start + 3).map((one) => ({ prelitNo: `C${one.key}`, receivedAt: '2026-03-02', outcome: 'PENDING', closedHearing: false, minorInvolved: false, deleted: one.gone, updatedAt: `2026-03-02T${clock(one.at)}+08:00`, summary: `text ${one.text}` }));
    return { json: { data, nextCursor: start + 3 < due.length ? String(start + 3) : null, asOf: '2026-03-03T00:00:00Z' } };
  };
  const soap = (body: string) => {
    const asked = (name: string) => new RegExp(`<${name}>([^<]*)`).exec(body)![1]!;
    const due = ordered().filter((one) => `2026-03-02 ${clock(one.at)}` >= asked('since'));
    const page = Number(asked('pageNo'));
    const shown = due.slice((page - 1) * 3, page * 3).map((one) => `<petition><xfjbh>C${one.key}</xfjbh><nd>2026</nd><djsj>2026-03-02</djsj><xfmd>3</xfmd><gy>text ${one.text}</gy><gxsj>2026-03-02 ${clock(one.at)}</gxsj><zf>${one.gone ? 1 : 0}</zf></petition>`);
    return { body: `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><QueryPetitionsResponse><QueryPetitionsResult total="${due.length}" pageNo="${page}">${shown.join('')}</QueryPetitionsResult></QueryPetitionsResponse></s:Body></s:Envelope>` };
  };
  server.handle = ({ path, query, body }) => (path === '/oauth/token' ? { json: { access_token: 't', token_type: 'Bearer', expires_in: 300 } } : isRest ? rest(query) : soap(body));
  const [department, stream, url] = isRest ? ['court', 'prelitigation-cases', 'COURT_SOURCE_URL'] : ['petition', 'petitions', 'PETITION_SOURCE_URL'];
  return {
    keyOf: (key) => (isRest ? `C${key}` : `2026C${key}`),
    reset: async () => void (records = []),
    write: async (rows) => void (records = [...rows]),
    sync: (hub) => syncOf(hub, department!, stream!, { [url!]: server.url, ...sourceSecrets }),
    stop: () => server.close(),
  };
}
