import { connect } from 'node:net';
import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { lastEntry } from '../last-entry.ts';
import { analyst, openFixture, operator, type Fixture } from './fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(async () => fixture?.stop());

test('the public audit of GraphQL over HTTP finds no error', async () => {
  const authorization = `Bearer ${await fixture.token(analyst)}`;
  const fetchFn = (url: string, init: RequestInit = {}) => fetch(url, { ...init, headers: { ...(init.headers as Record<string, string>), authorization } });
  const results = [];
  for (const audit of serverAudits({ url: `${fixture.url}/graphql`, fetchFn })) results.push(await audit.fn());
  expect(results.length).toBeGreaterThan(50);
  expect(results.filter(({ status }) => status === 'error').map(({ name }) => name)).toEqual([]);
});

describe('one way in', () => {
  test.each(['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s /graphql is 405', async (method) => {
    const response = await fetch(`${fixture.url}/graphql?query={places{code}}`, { method, headers: { authorization: 'Bearer x.y.z' } });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/graphql'])('a body of %s is refused', async (type) => {
    const { status } = await fixture.ask('{ places { code } }', { headers: { 'content-type': type } });
    expect(status).toBe(415);
  });

  test('a body without a content type is refused', async () => {
    const authorization = `Bearer ${await fixture.token(analyst)}`;
    const response = await fetch(`${fixture.url}/graphql`, { method: 'POST', headers: { authorization }, body: new Blob(['{"query":"{ places { code } }"}']) });
    expect(response.status).toBe(415);
  });

  test('a body that is compressed is refused as such', async () => {
    const { status, errors } = await fixture.ask('{ places { code } }', { headers: { 'content-encoding': 'gzip' } });
    expect({ status, errors }).toMatchObject({ status: 415, errors: [{ message: 'a request is application/json and not compressed' }] });
  });

  test('whoever has no valid token is told which kind is asked for', async () => {
    const { status, headers } = await fixture.ask('{ places { code } }', { as: null, headers: { authorization: 'Bearer x.y.z' } });
    expect([status, headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
  });

  test('another address is answered in the hub’s own form, and deliveries come by POST', async () => {
    const elsewhere = await fetch(`${fixture.url}/graphql/v2`);
    expect([elsewhere.status, await elsewhere.json()]).toEqual([404, { errors: [expect.objectContaining({ extensions: expect.objectContaining({ code: 'NOT_FOUND' }) })] }]);
    const delivery = await fetch(`${fixture.url}/ingest/hotline`);
    expect([delivery.status, delivery.headers.get('allow')]).toEqual([405, 'POST']);
  });

  test.each([['no UTF-8', Buffer.from('{"query":"{ places { code } }","variables":{"a":"\xff"}}', 'latin1'), 400], ['UTF-8 behind a byte-order mark', Buffer.from('\ufeff{"query":"{ places { code } }","variables":{"a":"县"}}'), 200], ['nothing', Buffer.alloc(0), 400], ['a prototype', Buffer.from('{"query":"{ places { code } }","__proto__":{}}'), 400]])('a body of %s', async (_, body, status) => {
    const authorization = `Bearer ${await fixture.token(analyst)}`;
    const response = await fetch(`${fixture.url}/graphql`, { method: 'POST', headers: { authorization, 'content-type': 'application/json' }, body });
    expect(response.status).toBe(status);
    if (status === 400) expect(await response.json()).toMatchObject({ errors: [{ message: 'the body is not JSON', extensions: { code: 'BAD_REQUEST' } }] });
  });

  test.each(['cross-site', 'same-site'])('a request that the browser marks %s is refused', async (site) => {
    expect(await fixture.ask('{ places { code } }', { headers: { 'sec-fetch-site': site } })).toMatchObject({ status: 403, errors: [{ extensions: { code: 'FORBIDDEN' } }] });
  });

  test('no other origin is allowed, no cookie set', async () => {
    const { headers } = await fixture.ask('{ places { code } }', { headers: { origin: 'https://elsewhere.example' } });
    expect([...headers.keys()].filter((name) => name.startsWith('access-control') || name === 'set-cookie')).toEqual([]);
  });

  test('answers are not kept by caches and say how pages may behave', async () => {
    const { headers } = await fixture.ask('{ places { code } }');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('x-trace-id')).toMatch(/^[0-9a-f]{32}$/);
  });
});

const json = 'application/json; charset=utf-8';
const response = 'application/graphql-response+json; charset=utf-8';

describe('what `Accept` asks for holds for answers and refusals alike', () => {
  test.each<[string, string]>([
    ['*/*', json],
    ['application/*;q=0.5', json],
    ['application/json', json],
    ['application/json; charset=utf-8', json],
    ['APPLICATION/JSON', json],
    ['application/graphql-response+json', response],
    ['application/graphql-response+json; charset=utf-8', response],
    ['application/graphql-response+json, application/json;q=0.9', response],
    ['application/json, application/graphql-response+json', json],
    ['application/graphql-response+json;q=0.5, application/json', json],
    ['application/graphql-response+json;q=0, application/json;q=0.1', json],
    ['application/graphql-response+json;q=0, */*', json],
    ['application/json;q=0, */*', response],
    ['text/html, */*;q=0.1', json],
    ['text/html, application/graphql-response+json;q=0.1', response],
  ])('%s', async (accept, type) => {
    const answers = await Promise.all(['{ places { code } }', '{ nope }'].map((query) => fixture.ask(query, { headers: { accept } })));
    expect(answers.map(({ status, headers }) => [status, headers.get('content-type')])).toEqual([[200, type], [400, type]]);
  });

  test.each(['text/html', 'application/graphql-response+json;q=0', 'application/json;q=0, application/graphql-response+json;q=0.0, text/*', 'application/json; charset=gbk', 'application/json;q=high'])('%s is 406', async (accept) => {
    for (const query of ['{ places { code } }', '{ nope }']) {
      const { status, headers, errors } = await fixture.ask(query, { headers: { accept } });
      expect({ status, type: headers.get('content-type'), errors }).toEqual({ status: 406, type: json, errors: [expect.objectContaining({ message: expect.stringContaining('`Accept`'), extensions: expect.objectContaining({ code: 'BAD_REQUEST' }) })] });
    }
  });

  test('and is asked before a change is made', async () => {
    fixture.calls.length = 0;
    const rename = 'mutation { rename(to: "somebody") { name } }';
    const asking = { as: operator, purpose: 'DATA_QUALITY' };
    expect(await fixture.ask(rename, { ...asking, headers: { accept: 'text/html' } })).toMatchObject({ status: 406, data: undefined });
    expect(fixture.calls).toEqual([]);
    expect(await lastEntry(fixture.database.pool)).toMatchObject({ client: 'test', purpose: 'DATA_QUALITY', decision: 'REFUSED', code: 'BAD_REQUEST' });
    expect((await fixture.ask(rename, asking)).data).toEqual({ rename: { name: 'somebody' } });
  });
});

test('a caller who hangs up in the middle of a body is no failure of the hub', async () => {
  const { hostname, port } = new URL(fixture.url);
  const token = await fixture.token(analyst);
  const socket = connect(Number(port), hostname, () => socket.write(`POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"query"`));
  setTimeout(() => socket.destroy(), 500);
  await vi.waitFor(async () => {
    expect(await lastEntry(fixture.database.pool)).toMatchObject({ decision: 'REFUSED', code: 'BAD_REQUEST', operation: null, purpose: null });
  }, { timeout: 10_000 });
});

test('it tells whether it lives, is ready, and what it did', async () => {
  await fixture.ask('{ places { code } }');
  const [live, ready, metrics] = await Promise.all(['/livez', '/readyz', '/metrics'].map(async (path) => (await fetch(`${fixture.url}${path}`)).text()));
  expect(live).toBe('{"live":true}');
  expect(ready).toBe('{"ready":true}');
  expect(metrics).toMatch(/yiwang_operations_total\{kind="CLERK",outcome="ALLOWED"\} \d/);
});

test('metrics count the held runs that somebody can approve', async () => {
  const hub = await openFixture();
  try {
    await hub.database.pool.query("INSERT INTO hub.stream (department, stream) VALUES ('hotline', 'tickets')");
    await hub.database.pool.query("INSERT INTO hub.sync_run (id, department, stream, mode, status, requested_by, requested_at) SELECT gen_random_uuid(), 'hotline', 'tickets', mode, status, 'test', now() FROM (VALUES ('DRY_RUN', 'HELD'), ('INCREMENT', 'HELD'), ('DRY_RUN', 'DUE')) AS run(mode, status)");
    const metrics = await (await fetch(`${hub.url}/metrics`)).text();
    expect(metrics.match(/^yiwang_runs_pending\{.*/gm)?.sort()).toEqual(['DUE', 'HELD'].map((status) => `yiwang_runs_pending{department="hotline",stream="tickets",status="${status}"} 1`));
  } finally {
    await hub.stop();
  }
});

describe('sign-in by persona', () => {
  const post = (headers: Record<string, string> = {}) => fetch(`${fixture.url}/demo/token`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: '{"persona":"county-analyst"}' });

  test('gives a token that the gateway accepts', async () => {
    const { token, caller } = (await (await post()).json()) as { token: string; caller: Record<string, unknown> };
    expect(caller).toMatchObject({ kind: 'ANALYST', tier: 'COUNTY', division: '510107000000' });
    expect(await fixture.ask('{ places { code } }', { as: null, headers: { authorization: `Bearer ${token}` } })).toMatchObject({ status: 200 });
  });

  test('is refused to pages of other sites and under a foreign host name', async () => {
    expect((await post({ 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    const { hostname, port } = new URL(fixture.url);
    const { request } = await import('node:http');
    const status = await new Promise((resolve) => request({ hostname, port, path: '/demo/personas', headers: { host: 'rebound.example' } }, (response) => resolve(response.statusCode)).end());
    expect(status).toBe(403);
  });
});
