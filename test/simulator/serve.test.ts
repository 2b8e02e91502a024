import { createHmac } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'amqplib';
import { XMLParser } from 'fast-xml-parser';
import { createConnection } from 'mysql2/promise';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { generateDataset } from '../../simulator/generate.ts';
import { startSimulator, type Simulator, type SimulatorOptions } from '../../simulator/main.ts';
import { mariadbUrl, rabbitmqUrl, services } from '../services.ts';

const root = mkdtempSync(join(tmpdir(), 'yiwang-serve-'));
const dataset = join(root, 'county');
const secrets = { HOTLINE_SECRET: 'push', HOTLINE_TOKEN: 'pull', COURT_CLIENT_ID: 'hub', COURT_CLIENT_SECRET: 'court', PETITION_USERNAME: 'hub', PETITION_PASSWORD: 'a&b<c' };
const running: Simulator[] = [];
let expected: any;

beforeAll(() => {
  generateDataset({ out: dataset, residents: 150, seed: 'serve' });
  expected = JSON.parse(readFileSync(join(dataset, 'truth/expected.json'), 'utf8'));
});
afterEach(async () => {
  for (const simulator of running.splice(0)) await simulator.stop();
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function start(options: Partial<SimulatorOptions> = {}): Promise<Simulator> {
  const simulator = await startSimulator({ dataset, port: 0, secrets, ...options });
  running.push(simulator);
  return simulator;
}

const versions = (file: string, key: (row: any) => string) => Map.groupBy(readFileSync(join(dataset, file), 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line) as any), key);

describe('police', () => {
  const calls = () => versions('police/jcj_jjd.ndjson', (row) => row.jjdbh);
  const rounds = async (url: string, query: (url: string, sql: string) => Promise<Record<string, any>[]>, simulator: Simulator) => {
    for (let round = 1; round <= simulator.last; round += 1) {
      const rows = new Map((await query(url, 'SELECT jjdbh, jqjj, xzqh, sfjf, scbz FROM jcj_jjd')).map((row) => [row['jjdbh'], row]));
      expect(rows.size).toBe(calls().size);
      for (const [key, lines] of calls()) {
        const line = lines[Math.min(round, lines.length) - 1];
        expect(rows.get(key)).toMatchObject({ jqjj: line.jqjj, xzqh: line.xzqh, scbz: line.scbz });
      }
      expect(await simulator.advance()).toEqual({ round: Math.min(round + 1, simulator.last), last: simulator.last });
    }
    await expect(query(url, "UPDATE jcj_jjd SET scbz = '1'")).rejects.toThrow();
  };

  test('stands in PostgreSQL, round by round, and can only be read', async () => {
    const simulator = await start({ policeTarget: inject('serverUrl'), policeDatabase: `${inject('runName')}_police` });
    expect(simulator.last).toBe(3);
    await rounds(simulator.addresses['POLICE_SOURCE_URL']!, postgresQuery, simulator);
  });

  test('columns have the types of the contract', async () => {
    const simulator = await start({ policeTarget: inject('serverUrl'), policeDatabase: `${inject('runName')}_police` });
    const rows = await postgresQuery(simulator.addresses['POLICE_SOURCE_URL']!, "SELECT column_name, data_type, character_maximum_length, datetime_precision FROM information_schema.columns WHERE table_name = 'jcj_jjd'");
    const types = Object.fromEntries(rows.map((row) => [row['column_name'], `${row['data_type']} ${row['character_maximum_length'] ?? row['datetime_precision'] ?? ''}`.trim()]));
    expect(types).toMatchObject({ jjdbh: 'character varying 30', xzqh: 'character 12', bjsj: 'timestamp without time zone 0', gxsj: 'timestamp without time zone 3', jqjj: 'text', jd: 'numeric' });
  });

  test.runIf(services().mariadb)('stands in MariaDB as well', async () => {
    const simulator = await start({ policeTarget: mariadbUrl, policeDatabase: `${inject('runName')}_police`.slice(-60) });
    await rounds(simulator.addresses['POLICE_SOURCE_URL']!, mysqlQuery, simulator);
  });

  test('a server that does not answer is named', async () => {
    await expect(start({ policeTarget: 'postgres://nobody@127.0.0.1:1/none' })).rejects.toMatchObject({ code: 'CONFIG' });
  });
});

describe('hotline', () => {
  test('pushes every event once, signed, in both modes, and serves the newest version of each ticket', async () => {
    const hub = await ingest();
    const simulator = await start({ ingestUrl: hub.url });
    await simulator.pushed();
    await hub.close();
    const events = readFileSync(join(dataset, 'hotline/events.ndjson'), 'utf8').split('\n').filter(Boolean);
    expect(hub.events).toEqual(events.map((line) => JSON.parse(line)));
    expect(new Set(hub.types)).toEqual(new Set(['application/cloudevents+json', 'application/cloudevents-batch+json']));
    expect(hub.badSignatures).toBe(0);
    const tickets = await allTickets(simulator, '2025-01-01T00:00:00+08:00');
    const newest = new Map<string, number>();
    for (const event of hub.events) if (event.specversion === '1.0' && event.sequence) newest.set(event.subject, Math.max(newest.get(event.subject) ?? 0, Number(event.sequence)));
    expect(Object.fromEntries(tickets.map((ticket) => [ticket.ticketNo, Number(ticket.sequence)]))).toEqual(Object.fromEntries(newest));
    expect(tickets.every((ticket) => String(ticket.type).startsWith('cn.gov.12345.ticket.'))).toBe(true);
    expect((await fetch(`${simulator.addresses['HOTLINE_SOURCE_URL']}/tickets`)).status).toBe(401);
  });

  test('tries again until the hub is there, and gives up where the signature is refused', async () => {
    const hub = await ingest({ refuseFirst: 3 });
    const simulator = await start({ ingestUrl: hub.url });
    await simulator.pushed();
    expect(hub.events).toHaveLength(expected.tickets.offered);
    await hub.close();
    const strict = await ingest({ status: 401 });
    await expect((await start({ ingestUrl: strict.url })).pushed()).rejects.toMatchObject({ code: 'CONFIG' });
    await strict.close();
  });

  test('duplicates, disorder and lost pushes on request; the back-fill has what was lost', async () => {
    const hub = await ingest({ delayFirstMs: 300 });
    const simulator = await start({ ingestUrl: hub.url });
    simulator.misbehave({ department: 'hotline', kind: 'duplicates', times: 3 });
    simulator.misbehave({ department: 'hotline', kind: 'lose', times: 2 });
    simulator.misbehave({ department: 'hotline', kind: 'disorder', times: 2 });
    await simulator.pushed();
    await hub.close();
    const planted = expected.tickets.dropped.DUPLICATE_EVENT as number;
    const ids = hub.events.map((event) => event.id);
    expect(ids.length - new Set(ids).size).toBeGreaterThan(planted - 5);
    expect(new Set(ids).size).toBeLessThan(expected.tickets.offered - planted);
    const seen = new Set(hub.events.map((event) => event.subject));
    expect((await allTickets(simulator, '2025-01-01T00:00:00+08:00')).length).toBeGreaterThanOrEqual(seen.size - expected.tickets.quarantined.NOT_A_CLOUDEVENT - 1);
  });

  test.runIf(services().rabbitmq)('the same events come over AMQP, one message an event', async () => {
    const connection = await connect(rabbitmqUrl);
    const channel = await connection.createChannel();
    await channel.assertQueue('hotline.events', { durable: true });
    await channel.purgeQueue('hotline.events');
    const simulator = await start({ amqpUrl: rabbitmqUrl });
    await simulator.pushed();
    const message = await channel.get('hotline.events', { noAck: true });
    expect(message && JSON.parse(message.content.toString()).type).toBe('cn.gov.12345.ticket.created');
    const { messageCount } = await channel.purgeQueue('hotline.events');
    expect(messageCount).toBe(expected.tickets.offered - 1);
    await connection.close();
  });
});

describe('court', () => {
  test('gives a token and every current case by pages, in order', async () => {
    const simulator = await start();
    const lines = versions('court/prelitigation-cases.ndjson', (row) => row.prelitNo);
    for (let round = 1; round <= simulator.last; round += 1) {
      const cases = await allCases(simulator);
      expect(cases).toHaveLength(lines.size);
      for (const one of cases) expect(one).toEqual(lines.get(one.prelitNo)![Math.min(round, lines.get(one.prelitNo)!.length) - 1]);
      const times = cases.map((one) => Date.parse(one.updatedAt));
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      await simulator.advance();
    }
  });

  test('refuses a wrong client, a wrong token and an unreadable cursor', async () => {
    const base = (await start()).addresses['COURT_SOURCE_URL']!;
    expect((await fetch(`${base}/oauth/token`, { method: 'POST', headers: { authorization: `Basic ${btoa('hub:wrong')}` }, body: 'grant_type=client_credentials' })).status).toBe(401);
    expect((await fetch(`${base}/api/v1/prelitigation-cases`, { headers: { authorization: 'Bearer no' } })).status).toBe(401);
    const { access_token: token, expires_in: seconds } = await courtToken(base);
    expect(seconds).toBeLessThanOrEqual(600);
    expect((await fetch(`${base}/api/v1/prelitigation-cases?cursor=x`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(410);
  });

  test('misbehaves on request, each as often as asked', async () => {
    const simulator = await start();
    const base = simulator.addresses['COURT_SOURCE_URL']!;
    const { access_token: token } = await courtToken(base);
    const ask = () => fetch(`${base}/api/v1/prelitigation-cases`, { headers: { authorization: `Bearer ${token}` } });
    const control = new URL('/misbehave', base);
    const order = (body: unknown) => fetch(control, { method: 'POST', body: JSON.stringify(body) });
    await order({ department: 'court', kind: '429', times: 1, seconds: 7 });
    const limited = await ask();
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '7']);
    await order({ department: 'court', kind: '5xx', times: 2, status: 502 });
    expect([(await ask()).status, (await ask()).status, (await ask()).status]).toEqual([502, 502, 200]);
    await order({ department: 'court', kind: 'cut' });
    await expect(ask().then((answer) => answer.text())).rejects.toThrow();
    await order({ department: 'court', kind: 'garbage' });
    expect((await (await ask()).text()).startsWith('<!DOCTYPE html>')).toBe(true);
    await order({ department: 'court', kind: 'delay', ms: 150 });
    const before = performance.now();
    expect((await ask()).status).toBe(200);
    expect(performance.now() - before).toBeGreaterThan(140);
    await order({ department: 'court', kind: 'hang' });
    await expect(fetch(`${base}/api/v1/prelitigation-cases`, { headers: { authorization: `Bearer ${token}` }, signal: AbortSignal.timeout(200) })).rejects.toThrow();
    await order({ department: 'court', kind: 'expire' });
    expect((await ask()).status).toBe(401);
    expect((await order({ department: 'court', kind: 'explode' })).status).toBe(400);
    expect((await order({ department: 'court', kind: 'duplicates' })).status).toBe(400);
  });
});

describe('petition', () => {
  const parser = new XMLParser({ removeNSPrefix: true, ignoreAttributes: false, isArray: (name) => name === 'petition' || name === 'xfr', processEntities: false, parseTagValue: false });
  const ask = async (base: string, query: string, password = 'a&amp;b&lt;c') =>
    fetch(base, { method: 'POST', headers: { 'content-type': 'text/xml; charset=utf-8' }, body: `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header><w:Security xmlns:w="w"><w:UsernameToken><w:Username>hub</w:Username><w:Password>${password}</w:Password></w:UsernameToken></w:Security></s:Header><s:Body><QueryPetitions xmlns="urn:gov:petition:1">${query}</QueryPetitions></s:Body></s:Envelope>` });

  test('answers by pages and describes itself', async () => {
    const base = (await start()).addresses['PETITION_SOURCE_URL']!;
    expect(await (await fetch(`${base}?wsdl`)).text()).toContain('targetNamespace="urn:gov:petition:1"');
    const keys: string[] = [];
    let total = 1;
    for (let page = 1; keys.length < total; page += 1) {
      const text = await (await ask(base, `<since>2025-01-01T00:00:00+08:00</since><pageNo>${page}</pageNo><pageSize>30</pageSize>`)).text();
      const result = parser.parse(text).Envelope.Body.QueryPetitionsResponse.QueryPetitionsResult;
      total = Number(result['@_total']);
      expect(Number(result['@_pageNo'])).toBe(page);
      keys.push(...result.petition.map((petition: any) => petition.nd + petition.xfjbh));
    }
    expect(new Set(keys).size).toBe(versions('petition/petitions.ndjson', (row) => row.nd + row.xfjbh).size);
  });

  test('faults where the password is wrong, the page too large, or a DTD is sent', async () => {
    const base = (await start()).addresses['PETITION_SOURCE_URL']!;
    expect(await (await ask(base, '<pageNo>1</pageNo><pageSize>10</pageSize>', 'wrong')).text()).toContain('<faultcode>wsse:FailedAuthentication</faultcode>');
    expect(await (await ask(base, '<pageNo>1</pageNo><pageSize>201</pageSize>')).text()).toContain('pageSize is 1 to 200');
    expect(await (await fetch(base, { method: 'POST', body: '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>' })).text()).toContain('a DTD is not allowed');
  });
});

test('civil: deliveries arrive round by round, and all have come by the last', async () => {
  const dropFolder = join(root, 'drop');
  const simulator = await start({ dropFolder });
  const all = readdirSync(join(dataset, 'civil'));
  expect(simulator.addresses['CIVIL_SOURCE_URL']).toBe(`file://${dropFolder}`);
  const counts = [readdirSync(dropFolder).length];
  while (simulator.round < simulator.last) counts.push((await simulator.advance(), readdirSync(dropFolder).length));
  expect(counts).toEqual(counts.toSorted((a, b) => a - b));
  expect(readdirSync(dropFolder).sort()).toEqual(all.sort());
  for (const name of all) expect(readdirSync(join(dropFolder, name)).sort()).toEqual(readdirSync(join(dataset, 'civil', name)).sort());
});

test('POST /advance answers the round, and stops at the last', async () => {
  const simulator = await start();
  const advance = new URL('/advance', simulator.addresses['COURT_SOURCE_URL']);
  const answers = [];
  for (let call = 0; call < 4; call += 1) answers.push(await (await fetch(advance, { method: 'POST' })).json());
  expect(answers).toEqual([{ round: 2, last: 3 }, { round: 3, last: 3 }, { round: 3, last: 3 }, { round: 3, last: 3 }]);
});

const sample = new URL('../../../shared/sample-county', import.meta.url).pathname;
test.runIf(existsSync(sample))('a data set of another generator is served as well', async () => {
  const hub = await ingest();
  const simulator = await start({ dataset: sample, policeTarget: inject('serverUrl'), policeDatabase: `${inject('runName')}_police`, ingestUrl: hub.url });
  await simulator.pushed();
  await hub.close();
  expect(hub.events).toHaveLength(748);
  expect(await postgresQuery(simulator.addresses['POLICE_SOURCE_URL']!, 'SELECT count(*)::int AS calls FROM jcj_jjd')).toEqual([{ calls: 56 }]);
  expect(await allCases(simulator)).toHaveLength(74);
});

async function postgresQuery(url: string, sql: string): Promise<Record<string, any>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

async function mysqlQuery(url: string, sql: string): Promise<Record<string, any>[]> {
  const client = await createConnection({ uri: url, charset: 'utf8mb4' });
  try {
    return (await client.query(sql))[0] as Record<string, any>[];
  } finally {
    await client.end();
  }
}

async function allTickets(simulator: Simulator, since: string): Promise<any[]> {
  const tickets: any[] = [];
  for (let page = 1, last = false; !last; page += 1) {
    const answer = await fetch(`${simulator.addresses['HOTLINE_SOURCE_URL']}/tickets?since=${encodeURIComponent(since)}&page=${page}&size=60`, { headers: { authorization: 'Bearer pull' } });
    const body = (await answer.json()) as any;
    tickets.push(...body.tickets);
    last = body.last;
  }
  return tickets;
}

async function courtToken(base: string): Promise<any> {
  const answer = await fetch(`${base}/oauth/token`, { method: 'POST', headers: { authorization: `Basic ${btoa('hub:court')}`, 'content-type': 'application/x-www-form-urlencoded' }, body: 'grant_type=client_credentials' });
  return answer.json();
}

async function allCases(simulator: Simulator): Promise<any[]> {
  const base = simulator.addresses['COURT_SOURCE_URL']!;
  const { access_token: token } = await courtToken(base);
  const cases: any[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const answer: any = await (await fetch(`${base}/api/v1/prelitigation-cases?updatedSince=2025-01-01T00:00:00%2B08:00&pageSize=25${cursor && `&cursor=${cursor}`}`, { headers: { authorization: `Bearer ${token}` } })).json();
    cases.push(...answer.data);
    cursor = answer.nextCursor;
  }
  return cases;
}

/** A stand-in for the hub's ingest: it only records what arrives. */
async function ingest(options: { status?: number; refuseFirst?: number; delayFirstMs?: number } = {}) {
  const received = { events: [] as any[], types: [] as string[], badSignatures: 0 };
  let requests = 0;
  const server: Server = createServer(async (request, response) => {
    requests += 1;
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    if (requests === 1 && options.delayFirstMs) await new Promise((resolve) => setTimeout(resolve, options.delayFirstMs));
    const body = Buffer.concat(chunks);
    if (requests <= (options.refuseFirst ?? 0)) return void response.writeHead(503).end();
    if (request.headers['x-signature'] !== `sha256=${createHmac('sha256', 'push').update(body).digest('hex')}`) received.badSignatures += 1;
    received.types.push(String(request.headers['content-type']).split(';')[0]!);
    received.events.push(...[JSON.parse(body.toString('utf8'))].flat());
    response.writeHead(options.status ?? 202).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => new Promise((resolve) => server.close(resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/ingest/hotline`, ...received, close, get badSignatures() { return received.badSignatures; } };
}
