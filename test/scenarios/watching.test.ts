import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoIssuer } from '../../gateway/demo/issuer.ts';
import { masterSecret } from '../../base/home.ts';
import { startTracing, type Tracing } from '../../base/tracing.ts';
import { scenarioHub, type ScenarioHub } from './hub.ts';
import { operation } from './operations.ts';

// What operators watch the hub by: traces, metrics and the job board, on one hub, through HTTP.
let hub: ScenarioHub;
let collector: Collector;
let tracing: Tracing;
const startTimeoutMs = 280_000;

beforeAll(async () => {
  collector = await openCollector();
  tracing = startTracing(collector.url);
  hub = await scenarioHub({ residents: 100, env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } });
}, startTimeoutMs);
afterAll(async () => {
  await tracing?.stop();
  await hub?.stop();
  await collector?.stop();
});

interface Span {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  attributes: { key: string; value: Record<string, unknown> }[];
}

interface Collector {
  url: string;
  spans: Span[];
  /** Everything received, as it came. */
  bodies: string[];
  stop(): Promise<void>;
}

async function openCollector(): Promise<Collector> {
  const spans: Span[] = [];
  const bodies: string[] = [];
  const server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    bodies.push(text);
    for (const resource of JSON.parse(text).resourceSpans) for (const scope of resource.scopeSpans) spans.push(...scope.spans);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, spans, bodies, stop: async () => void (await new Promise((resolve) => server.close(resolve))) };
}

const attribute = (span: Span, key: string) => Object.values(span.attributes.find((one) => one.key === key)?.value ?? {})[0];
const exportMs = 2_500;
/** Names of the ancestors, the nearest first. */
function above(span: Span): string[] {
  const parent = collector.spans.find((one) => one.spanId === span.parentSpanId && one.traceId === span.traceId);
  return parent ? [parent.name, ...above(parent)] : [];
}
const bearer = async (persona: string) => `Bearer ${await demoIssuer(masterSecret(hub.home)).mintToken(await hub.claims(persona) as never)}`;

describe('traces', () => {
  it('lead from the job over its page to the statement', async () => {
    await expect.poll(() => collector.spans.some((span) => span.name === 'sql' && above(span).join() === 'page,run'), { timeout: 10_000 }).toBe(true);
    const runs = collector.spans.filter((span) => span.name === 'run');
    expect(new Set(runs.map((span) => `${attribute(span, 'department')}/${attribute(span, 'stream')}`))).toContain('police/jcj_jjd');
    const { rows } = await hub.pool.query<{ id: string }>('SELECT id FROM hub.sync_run');
    expect(rows.map((row) => row.id)).toEqual(expect.arrayContaining(runs.map((span) => attribute(span, 'run.id'))));
    expect(collector.spans.some((span) => span.name === 'source request' && above(span).includes('run'))).toBe(true);
    expect(collector.spans.some((span) => span.name === 'sql' && above(span).join() === 'link,settle')).toBe(true);
  });

  it('lead from an operation over its subgraph to the statement, under the trace id of the answer and of the access log', async () => {
    const claimed = 'a'.repeat(32);
    const response = await fetch(`${hub.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: await bearer('operator'), 'x-purpose': 'DATA_QUALITY', traceparent: `00-${claimed}-${'b'.repeat(16)}-01` },
      body: JSON.stringify({ query: operation('ConnectorHealth') }),
    });
    const traceId = response.headers.get('x-trace-id')!;
    await pause(exportMs);
    const { rows } = await hub.pool.query<{ bytes: Buffer }>('SELECT bytes FROM audit.entry ORDER BY index DESC LIMIT 5');
    expect(rows.some((row) => row.bytes.toString('utf8').includes(traceId))).toBe(true);
    const spans = collector.spans.filter((span) => span.traceId === traceId);
    expect(spans.find((span) => span.name === 'operation')?.parentSpanId ?? '').toBe('');
    expect(spans.filter((span) => span.name === 'sql').map((span) => above(span).join())).toContain('subgraph request,subgraph,operation');
    // What a client claims of a trace is nobody's authority.
    expect(collector.spans.filter((span) => span.traceId === claimed)).toEqual([]);
  });

  it('hold no value of any record, of any caller, and no literal of a statement', async () => {
    const texts = collector.bodies.join('\n');
    expect(collector.spans.length).toBeGreaterThan(100);
    const { rows } = await hub.pool.query<{ value: string }>(`
      SELECT DISTINCT value FROM hub.mention, unnest(ARRAY[name, id_number, id_hmac, address, mention_id] || phones) AS value WHERE length(value) > 2
      UNION SELECT record_key FROM hub.record UNION SELECT rid FROM hub.record UNION SELECT place_text FROM hub.record WHERE length(place_text) > 3`);
    expect(rows.length).toBeGreaterThan(200);
    expect(rows.map((row) => row.value).filter((value) => texts.includes(value))).toEqual([]);
    const canaries = JSON.parse(readFileSync(join(hub.dataset, 'truth', 'canaries.json'), 'utf8')) as { value: string }[];
    expect(canaries.length).toBeGreaterThan(20);
    expect(canaries.map((canary) => canary.value).filter((value) => texts.includes(value))).toEqual([]);
    const claims = await hub.claims('operator');
    expect(texts).not.toContain(String(claims['org']));
    const statements = collector.spans.filter((span) => span.name === 'sql').map((span) => String(attribute(span, 'db.query.text')));
    expect(statements.some((text) => text.includes('set_config(?, ?, true)'))).toBe(true);
    expect(statements.filter((text) => /'[^']+'/.test(text))).toEqual([]);
  });
});

describe('metrics', () => {
  const scrape = async (headers: Record<string, string> = {}) => fetch(`${hub.url}/metrics`, { headers });

  it('parse as Prometheus text: each has help and a type, and no label tells of a person', async () => {
    const response = await scrape();
    expect(response.headers.get('content-type')).toContain('text/plain');
    const metrics = parsedMetrics(await response.text());
    for (const { name, help, type } of metrics.values()) {
      expect(help, name).toMatch(/^[\x20-\x7e]{10,}$/);
      expect(['counter', 'gauge', 'histogram']).toContain(type);
      if (type === 'counter') expect(name).toMatch(/_total$/);
    }
    const labels = new Set([...metrics.values()].flatMap(({ samples }) => samples.flatMap((sample) => Object.keys(sample.labels))));
    expect([...labels].sort()).toEqual(['department', 'kind', 'le', 'mode', 'outcome', 'queue', 'reason', 'state', 'status', 'stream']);
  });

  it('tell what the database holds: rows by outcome, freshness, quarantine, runs, queues, the log', async () => {
    await pause(5_100); // what was read for the last scrape is told again for five seconds
    const metrics = parsedMetrics(await (await scrape()).text());
    const value = (name: string, labels: Record<string, string> = {}) => metrics.get(name)?.samples.find((sample) => Object.entries(labels).every(([key, text]) => sample.labels[key] === text))?.value;
    const { rows } = await hub.pool.query<{ department: string; stream: string; totals: any; age: number | null }>('SELECT department, stream, totals, extract(epoch FROM now() - fresh_through)::float8 AS age FROM hub.stream');
    expect(rows.length).toBeGreaterThanOrEqual(5);
    for (const { department, stream, totals, age } of rows) {
      expect(value('yiwang_rows_offered_total', { department, stream })).toBe(totals.offered ?? 0);
      expect(value('yiwang_rows_total', { department, stream, outcome: 'published' })).toBe(totals.published ?? 0);
      if (age !== null) expect(Math.abs(value('yiwang_stream_freshness_seconds', { department, stream })! - age)).toBeLessThan(60);
    }
    const held = await hub.pool.query<{ n: number }>('SELECT count(*) AS n FROM hub.quarantine WHERE released_at IS NULL');
    expect(metrics.get('yiwang_quarantine_records')!.samples.reduce((sum, sample) => sum + sample.value, 0)).toBe(held.rows[0]!.n);
    const runs = await hub.pool.query<{ n: number }>(`SELECT count(*) AS n FROM hub.sync_run WHERE finished_at IS NOT NULL`);
    expect(metrics.get('yiwang_runs_total')!.samples.reduce((sum, sample) => sum + sample.value, 0)).toBe(runs.rows[0]!.n);
    expect(value('yiwang_queue_jobs', { queue: 'sync', state: 'waiting' })).toBeGreaterThanOrEqual(0);
    expect(value('yiwang_access_log_entries')).toBeGreaterThan(0);
    expect(value('yiwang_database_up')).toBe(1);
  });

  it('are for a collector on this machine, not for what a proxy passes on', async () => {
    expect((await scrape({ 'x-forwarded-for': '203.0.113.9' })).status).toBe(404);
  });
});

describe('the job board', () => {
  let cookie: string;
  const get = (path: string, headers: Record<string, string> = { cookie }) => fetch(`${hub.url}${path}`, { headers, redirect: 'manual' });
  const signIn = (headers: Record<string, string>, body?: string) => fetch(`${hub.url}/jobs/session`, { method: 'POST', headers, redirect: 'manual', ...(body === undefined ? {} : { body }) });

  beforeAll(async () => {
    const token = (await bearer('operator')).slice('Bearer '.length);
    const answer = await signIn({ 'content-type': 'application/x-www-form-urlencoded' }, `token=${encodeURIComponent(token)}`);
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/jobs/']);
    const set = answer.headers.get('set-cookie')!;
    expect(set).toMatch(/; Path=\/jobs; HttpOnly; SameSite=Strict; Max-Age=900/);
    cookie = set.split(';')[0]!;
  });

  it('is closed to whoever is no operator, and says where to sign in', async () => {
    for (const headers of [{}, { cookie: 'yiwang_jobs=9999999999999.' + '0'.repeat(64) }, { cookie: cookie.replace(/=\d/, '=9') }]) expect((await get('/jobs/', headers as Record<string, string>)).status).toBe(401);
    expect((await get('/jobs/api/queues', {})).status).toBe(401);
    expect((await get('/jobs/static/js/none.js', {})).status).toBe(401);
    for (const persona of ['city-app', 'auditor', 'township-clerk', 'resident']) expect((await signIn({ authorization: await bearer(persona) })).status).toBe(403);
    expect((await signIn({ authorization: await bearer('operator'), 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await signIn({ authorization: 'Bearer nonsense' })).status).toBe(403);
  });

  it('shows both queues and their jobs, without data, options, errors or stacks', async () => {
    const answer = await get('/jobs/api/queues?activeQueue=sync&page=1&jobsPerPage=10');
    expect(answer.status).toBe(200);
    const { queues } = (await answer.json()) as any;
    expect(queues.map((one: any) => one.name).sort()).toEqual(['settle', 'sync']);
    for (const one of queues) expect(one).toMatchObject({ readOnlyMode: true, allowRetries: false });
    for (const job of queues.flatMap((one: any) => one.jobs)) expect(job).toMatchObject({ data: {}, opts: {}, stacktrace: [], failedReason: null });
  });

  it('loads nothing from elsewhere', async () => {
    const answer = await get('/jobs/');
    const text = await answer.text();
    expect(answer.status).toBe(200);
    expect(text).not.toMatch(/(?:src|href)="https?:/);
    expect(answer.headers.get('content-security-policy')).toMatch(/default-src 'none'.*script-src 'self'/);
    const script = /src="(static\/js\/main[^"]+)"/.exec(text)![1];
    expect((await get(`/jobs/${script}`)).status).toBe(200);
  });

  it('changes nothing: every method but GET is refused, with a sign-in too, and so are reads that show content', async () => {
    const paths = ['api/queues/sync/retry/failed', 'api/queues/sync/clean/completed', 'api/queues/sync/pause', 'api/queues/sync/resume', 'api/queues/sync/empty', 'api/queues/sync/add', 'api/queues/sync/obliterate', 'api/queues/sync/1/retry', 'api/queues/sync/1/promote', 'api/queues/sync/1/clean', 'api/queues/pause', 'api/queues/resume', 'api/queues/sync/1/update-data', ''];
    for (const path of paths) {
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
        const { status } = await fetch(`${hub.url}/jobs/${path}`, { method, headers: { cookie, 'content-type': 'application/json' }, body: '{}' });
        expect([404, 405], `${method} ${path}`).toContain(status);
      }
    }
    for (const path of ['api/redis/stats', 'api/queues/sync/1/logs', 'api/queues/sync/1/flow', 'api/queues/sync/workers', 'api/queues/sync/default-job-options']) expect((await get(`/jobs/${path}`)).status, path).toBeGreaterThanOrEqual(403);
    const { rows } = await hub.pool.query(`SELECT paused FROM hub.stream WHERE paused`);
    expect(rows).toEqual([]);
  });
});

interface Metric {
  name: string;
  help: string;
  type: string;
  samples: { labels: Record<string, string>; value: number }[];
}

/** Prometheus' text format 0.0.4; a line it does not know fails. */
function parsedMetrics(text: string): Map<string, Metric> {
  const metrics = new Map<string, Metric>();
  let current: Metric | undefined;
  for (const line of text.split('\n')) {
    const help = /^# HELP ([a-z_]+) (.+)$/.exec(line);
    const type = /^# TYPE ([a-z_]+) (counter|gauge|histogram)$/.exec(line);
    const sample = /^([a-z_]+)(?:\{(.*)\})? (-?[0-9.e+-]+|\+Inf|NaN)$/.exec(line);
    if (help) metrics.set(help[1]!, (current = { name: help[1]!, help: help[2]!, type: '', samples: [] }));
    else if (type) expect((current!.type = type[2]!, current!.name)).toBe(type[1]);
    else if (sample) {
      expect([current!.name, `${current!.name}_bucket`, `${current!.name}_sum`, `${current!.name}_count`]).toContain(sample[1]);
      const labels = Object.fromEntries([...(sample[2] ?? '').matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)].map((match) => [match[1]!, match[2]!]));
      current!.samples.push({ labels, value: Number(sample[3]) });
    } else expect(line).toBe('');
  }
  return metrics;
}
