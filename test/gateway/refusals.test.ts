import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openPool, type Pool } from '../../base/db.ts';
import { log } from '../../base/log.ts';
import { openBoard } from '../../jobs/board.ts';
import { openQueues, type Queues } from '../../jobs/queues.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';
import { openFixture, type Fixture } from './fixture.ts';

// A hub whose database is away, with the job board and one route that somebody wrote without thinking of errors.
let fixture: Fixture;
let away: Pool;
let queues: Queues;
let queueDatabase: TestDatabase;
beforeAll(async () => {
  away = openPool('postgres://yiwang:planted-password@127.0.0.1:1/planted-name');
  queueDatabase = await testDatabase();
  queues = await openQueues({ redisUrl: undefined, databaseUrl: queueDatabase.url });
  const routes = async (app: Parameters<typeof openBoard>[0], isOperator: (authorization: string) => Promise<boolean>) => {
    await openBoard(app, { queues, masterSecret: Buffer.alloc(32, 7), isSecure: false, isOperator });
    app.get('/planted', async () => Promise.reject(new TypeError('planted text of a driver at 10.0.0.1:5432')));
  };
  fixture = await openFixture({ pool: away, jobs: { depths: () => queues.depths(), routes } });
});
afterAll(async () => {
  await fixture?.stop();
  await queues?.close();
  await queueDatabase?.drop();
  await away?.end();
});

const told = async (path: string, { method = 'GET', type, body }: { method?: string; type?: string; body?: string } = {}) => {
  const response = await fetch(`${fixture.url}${path}`, { method, headers: type === undefined ? {} : { 'content-type': type }, ...(body === undefined ? {} : { body }) });
  const text = await response.text();
  const answer = JSON.parse(text) as { errors?: { message: string; extensions: { code: string; zh: string } }[]; error?: { code: string } };
  expect(Object.keys(answer)).toEqual([answer.errors ? 'errors' : 'error']);
  return { status: response.status, type: response.headers.get('content-type'), policy: response.headers.get('content-security-policy'), code: answer.errors?.[0]?.extensions.code ?? answer.error?.code, text };
};

test.each(['/catalog', '/catalog.jsonld'])('%s says of a database that is away only that it is', async (path) => {
  const answer = await told(path);
  expect(answer).toMatchObject({ status: 503, code: 'DATABASE_UNAVAILABLE', type: 'application/json; charset=utf-8', policy: expect.stringContaining("default-src 'none'") });
  expect(answer.text).not.toMatch(/ECONN|127\.0\.0\.1|planted/);
});

test('an error that nobody thought of is a code of the table and a line of the log, whatever its own text says', async () => {
  const errors = vi.spyOn(log, 'error');
  const answer = await told('/planted');
  expect(answer).toMatchObject({ status: 500, code: 'INTERNAL' });
  expect(answer.text).not.toContain('planted');
  expect(errors).toHaveBeenCalledTimes(1);
  errors.mockRestore();
});

test.each<[string, string, { method?: string; type?: string; body?: string }, number, string]>([
  ['an address that cannot be read', '/%zz', {}, 400, 'BAD_REQUEST'],
  ['an address that is too long', `/ingest/${'a'.repeat(80)}`, { method: 'POST', type: 'application/json', body: '{}' }, 414, 'BAD_REQUEST'],
  ['an address that is none', '/nowhere', { method: 'POST', type: 'text/xml', body: '<a/>' }, 404, 'NOT_FOUND'],
  ['a sign-in of broken JSON', '/demo/token', { method: 'POST', type: 'application/json', body: '{' }, 400, 'BAD_REQUEST'],
  ['a sign-in of another type', '/demo/token', { method: 'POST', type: 'text/xml', body: 'x' }, 415, 'BAD_REQUEST'],
  ['a form that is too large', '/jobs/session', { method: 'POST', type: 'application/x-www-form-urlencoded', body: `token=${'a'.repeat(20_000)}` }, 413, 'LIMIT_EXCEEDED'],
  ['a form of another type', '/jobs/session', { method: 'POST', type: 'text/xml', body: 'x' }, 415, 'BAD_REQUEST'],
])('%s is told in the hub’s own form, and is no failure of the hub', async (_, path, request, status, code) => {
  const errors = vi.spyOn(log, 'error');
  const answer = await told(path, request);
  expect(answer).toMatchObject({ status, code, policy: expect.stringContaining("default-src 'none'") });
  expect(answer.text).not.toMatch(/FST_|statusCode|%zz|aaa/);
  expect(errors).not.toHaveBeenCalled();
  errors.mockRestore();
});

test.each([
  ['headers of 60 KB', `GET /readyz HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer ${'a'.repeat(60_000)}\r\n\r\n`, 431],
  ['what is no HTTP', 'planted words\r\n\r\n', 400],
])('%s are told in the hub’s own form, before there is a request', async (_, sent, status) => {
  const socket = connect(Number(new URL(fixture.url).port), '127.0.0.1');
  socket.on('error', () => undefined); // the hub ends the connection while the rest is still being sent
  socket.write(sent);
  let answer = '';
  socket.on('data', (chunk) => (answer += chunk.toString()));
  await new Promise((resolve) => socket.on('close', resolve));
  const [head, body] = answer.split('\r\n\r\n');
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(JSON.parse(body!).errors).toMatchObject([{ extensions: { code: 'BAD_REQUEST', zh: expect.any(String) } }]);
  expect(body).not.toMatch(/HPE_|planted|aaa/);
});
