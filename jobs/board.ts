import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { boardSessions, type BoardSessions } from './board-session.ts';
import type { Queues } from './queues.ts';

export interface BoardOptions {
  queues: Queues;
  masterSecret: Uint8Array;
  /** Behind TLS: the cookie is then sent there only. */
  isSecure: boolean;
  /** Whether a bearer token is an operator's; throws for one that is not accepted. */
  isOperator(authorization: string): Promise<boolean>;
  now?: () => Date;
}

export const boardPath = '/jobs';

/**
 * `/jobs`: bull-board, read-only, for operators. Whatever is no GET is refused before anything is looked at, and of the
 * library's GETs only those that a reader needs are answered. Jobs hold an id of a run and nothing else; even so their data,
 * options, errors and stack traces are taken out of every answer.
 */
export async function openBoard(app: FastifyInstance, options: BoardOptions): Promise<void> {
  const sessions = boardSessions(options.masterSecret, { path: boardPath, isSecure: options.isSecure, now: options.now ?? (() => new Date()) });
  await app.register(async (scope) => {
    scope.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string', bodyLimit: formBytesMax }, (_request, body, done) => done(null, body));
    scope.addHook('onSend', async (_request, reply, payload) => {
      void reply.header('content-security-policy', contentSecurityPolicy).header('cache-control', 'no-store');
      return payload;
    });
    scope.post(`${boardPath}/session`, { bodyLimit: formBytesMax }, (request, reply) => signIn(request, reply, sessions, options));
    await scope.register((guarded) => board(guarded, sessions, options));
  });
}

const formBytesMax = 16 * 1024;

async function board(app: FastifyInstance, sessions: BoardSessions, { queues }: BoardOptions): Promise<void> {
  app.addHook('onRequest', async (request, reply) => guard(request, reply, sessions));
  app.addHook('onSend', async (request, reply, payload) => withoutContent(request, reply, payload));
  const adapter = new FastifyAdapter();
  createBullBoard({
    queues: queues.handles().map((queue) => new BullMQAdapter(queue as never, { readOnlyMode: true, allowRetries: false, description: 'doorbells only: what is due stands in the database' })),
    serverAdapter: adapter,
    options: { uiConfig: { boardTitle: '一网任务 · yiwang jobs', hideRedisDetails: true, miscLinks: [], pollingInterval: { showSetting: true } } as never },
  });
  adapter.setBasePath(boardPath);
  await app.register(adapter.registerPlugin() as never, { prefix: boardPath });
}

/** Reads of the library that show no content of a job. */
const open = [/^\/(?:queue\/[\w%-]+(?:\/[\w%-]+)?)?\/?$/, /^\/static\/[\w./-]+$/, /^\/api\/(?:queues|queues\/[\w%-]+\/metrics|queues\/[\w%-]+\/[a-z]+-(?:all|[0-9a-f-]{36})[\w-]*)$/];

async function guard(request: FastifyRequest, reply: FastifyReply, sessions: BoardSessions): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return void (await reply.code(405).header('allow', 'GET').send({ error: { message: 'the board changes nothing · 看板只读' } }));
  if (!sessions.isOpen(request.headers.cookie)) return void (await signInPage(request, reply, 401));
  const path = request.url.split('?')[0]!.slice(boardPath.length);
  if (!open.some((pattern) => pattern.test(path))) await reply.code(403).send({ error: { message: 'the board does not show that · 看板不展示此项' } });
}

async function signIn(request: FastifyRequest, reply: FastifyReply, sessions: BoardSessions, { isOperator }: BoardOptions): Promise<FastifyReply> {
  const site = request.headers['sec-fetch-site'];
  const isOwn = site === undefined || site === 'same-origin' || site === 'none';
  const token = typeof request.body === 'string' ? new URLSearchParams(request.body).get('token') : null;
  const authorization = request.headers.authorization ?? (token ? `Bearer ${token.trim()}` : undefined);
  const isAllowed = isOwn && authorization !== undefined && (await isOperator(authorization).catch(() => false));
  return isAllowed ? reply.header('set-cookie', sessions.cookie()).redirect(`${boardPath}/`, 303) : signInPage(request, reply, 403);
}

async function signInPage(request: FastifyRequest, reply: FastifyReply, code: 401 | 403): Promise<FastifyReply> {
  if (request.url.startsWith(`${boardPath}/api/`)) return reply.code(code).send({ error: { message: 'sign in as an operator · 请以运维人员身份登录' } });
  return reply.code(code).type('text/html; charset=utf-8').send(page(code === 403));
}

function page(isRefused: boolean): string {
  return `<!doctype html><html lang="zh"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>一网任务 · yiwang jobs</title>
<style>body{font:15px/1.6 system-ui,"Noto Sans SC",sans-serif;max-width:32em;margin:12vh auto;padding:0 1.5em}input{width:100%;padding:.5em;margin:.4em 0 1em;box-sizing:border-box}button{padding:.5em 1.4em}small{opacity:.7}</style>
<h1>一网任务 <small>yiwang jobs</small></h1>${isRefused ? '<p role="alert">令牌不被接受，或不是运维人员的 · the token is not accepted, or not an operator\'s</p>' : ''}
<form method="post" action="${boardPath}/session"><label>运维人员令牌 · an operator's token<input name="token" type="password" autocomplete="off" required></label><button>登录 · sign in</button></form>
<p><small>看板只读，不展示任务内容；登录十五分钟有效。The board is read-only and shows no content of a job; a sign-in lasts fifteen minutes.</small></p></html>`;
}

/** Content of jobs leaves no answer, and the page asks no other host for its fonts. */
async function withoutContent(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> {
  if (typeof payload !== 'string') return payload;
  if (String(reply.getHeader('content-type')).startsWith('text/html')) return payload.replace(/<link href="https:\/\/[^>]*>/g, '');
  if (!request.url.startsWith(`${boardPath}/api/`)) return payload;
  const { job, queues, ...rest } = JSON.parse(payload) as { job?: object; queues?: { jobs: object[] }[] };
  return JSON.stringify({ ...rest, ...(job ? { job: bare(job) } : {}), ...(queues ? { queues: queues.map((queue) => ({ ...queue, jobs: queue.jobs.map(bare) })) } : {}) });
}

/** Times, counts, name and id of a job; what the page wants beside them is empty. */
function bare(job: object): object {
  return { ...Object.fromEntries(Object.entries(job).filter(([name]) => shown.has(name))), data: {}, opts: {}, stacktrace: [], failedReason: null, returnValue: null, progress: 0 };
}

const shown: ReadonlySet<string> = new Set(['id', 'name', 'timestamp', 'processedOn', 'finishedOn', 'attempts', 'attemptsStarted', 'stalledCounter', 'priority', 'delay', 'isFailed']);

const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";
