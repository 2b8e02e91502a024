import { readFileSync } from 'node:fs';
import { buildSubgraphSchema } from '@apollo/subgraph';
import Fastify, { type FastifyInstance } from 'fastify';
import { parse, type ExecutionResult, type GraphQLError } from 'graphql';
import mercurius from 'mercurius';
import { z } from 'zod';
import { sha256Hex } from '../base/canonical.ts';
import type { Pool } from '../base/db.ts';
import { YiwangError, errorTable, type ErrorCode } from '../base/errors.ts';
import { log, logged, safeError } from '../base/log.ts';
import { span } from '../base/trace.ts';
import type { Policy } from '../policy/decide.ts';
import { enforce } from '../policy/enforce.ts';
import { pseudonyms, type Pseudonyms } from '../policy/pseudonym.ts';
import { openSeen, seenReport, type Positions, type Seen } from '../policy/seen.ts';
import { verifyViewer, viewerHeader, type Viewer } from '../policy/viewer.ts';
import type { CatalogueEntry, LogVerification, SubgraphContext } from './context.ts';
import { cursorsOf } from './cursor.ts';
import { seeFilers } from './record.ts';
import { scalars } from './scalars.ts';
import { openSession, type Session } from './session.ts';
import { withoutSpreads } from './spreads.ts';

export interface SubgraphOptions {
  pool: Pool;
  policy: Policy;
  viewerKey: Uint8Array;
  /** The master secret: ids of persons are derived from it. */
  master: Uint8Array;
  clock?: () => Date;
  /** What `verifyAccessLog` compares with; without it that field answers that it cannot. */
  log?: LogVerification;
  /** What `datasets` prints; without it that field answers that it cannot. */
  catalogue?: readonly CatalogueEntry[];
  /** How often a request of one text is executed before it is compiled; 50 unless told. */
  compileAfter?: number;
  /** Told the text of every statement but those that open and end the transaction; for counting in tests. */
  onStatement?: (sql: string) => void;
}

export interface Answer {
  status: number;
  body: { data?: unknown; errors?: ClosedError[]; extensions?: Record<string, unknown> };
}

export interface Subgraph {
  app: FastifyInstance;
  /** Answers the body of a request, exactly as it was signed, without HTTP. */
  answer(body: string, header: string | undefined, traceparent?: string): Promise<Answer>;
}

/** An error as a subgraph tells it: a code and the text of the closed table, never a message of a library or a driver. */
export interface ClosedError {
  message: string;
  path?: readonly (string | number)[];
  extensions: { code: ErrorCode };
}

/**
 * One subgraph on Mercurius: verify the viewer, open one transaction, execute the enforced schema, report what was seen.
 * Mercurius gets the finished schema and nothing else: its own `loaders` and `resolvers` would replace wrapped resolvers.
 */
export async function buildSubgraph(name: string, sdl: string, resolvers: Resolvers, options: SubgraphOptions): Promise<Subgraph> {
  const schema = enforce(buildSubgraphSchema([{ typeDefs: parse(sdl), resolvers: { ...scalars, ...resolvers } as never }]), options.policy);
  const app = Fastify({ bodyLimit: bodyBytesMax, logger: false });
  await app.register(mercurius, { schema, routes: false, graphiql: false, jit: options.compileAfter ?? compileAfterUsual, cache: plansMax, errorFormatter: asExecuted });
  const shared = { ...options, pseudonyms: pseudonyms(options.master) };
  const answer = (body: string, header: string | undefined, traceparent?: string) => answered(app, name, shared, body, header, traceparent);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  app.post('/graphql', async (request, reply) => {
    const header = request.headers[viewerHeader];
    const { traceparent } = request.headers;
    const { status, body } = await answer(request.body as string, Array.isArray(header) ? undefined : header, Array.isArray(traceparent) ? undefined : traceparent);
    // A type by which a gateway knows the body for ours whatever the status: a refusal keeps its code.
    return reply.status(status).type('application/graphql-response+json; charset=utf-8').send(body);
  });
  app.get('/livez', async () => ({ ok: true }));
  await app.ready();
  return { app, answer };
}

/** Field resolvers by type; interfaces are told apart by `__typename`. */
export type Resolvers = Record<string, unknown>;

/** The full SDL written by `npm run generate`. */
export function readSdl(file: string): string {
  return readFileSync(file, 'utf8');
}

/** Mercurius would turn errors into JSON, library texts included; they are closed here instead. */
function asExecuted({ data, errors }: ExecutionResult) {
  return { statusCode: 200, response: { data: data ?? null, errors } };
}

const bodyBytesMax = 4 * 1024 * 1024;
const plansMax = 1024;
/** graphql-jit saves a tenth of a subgraph's time and takes milliseconds to compile: only what is asked again and again is worth it. */
const compileAfterUsual = 50;

const requestShape = z.object({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().nullish(),
  /** The gateway names each entity once, and how many places of the answer it fills. */
  extensions: z.object({ positions: z.record(z.string(), z.array(z.int().min(0))).optional() }).nullish(),
});

type Shared = SubgraphOptions & { pseudonyms: Pseudonyms };

async function answered(app: FastifyInstance, name: string, options: Shared, body: string, header: string | undefined, traceparent: string | undefined): Promise<Answer> {
  try {
    const now = options.clock?.() ?? new Date();
    const viewer = verifyViewer(header, { audience: name, bodyHash: sha256Hex(body), key: options.viewerKey, now });
    const parent = { header: traceparent, traceId: viewer.traceId };
    return await span('subgraph request', { subgraph: name }, () => logged({ traceId: viewer.traceId }, () => executed(app, name, options, viewer, readRequest(body))), { kind: 'SERVER', parent });
  } catch (error) {
    return failed(error, name);
  }
}

async function executed(app: FastifyInstance, name: string, options: Shared, viewer: Viewer, request: z.infer<typeof requestShape>): Promise<Answer> {
  let session: Session | undefined;
  try {
    session = openSession(options.pool, viewer, options.onStatement);
    const context = contextOf(viewer, session, options, request.extensions?.positions);
    const result = await app.graphql(withoutSpreads(request.query), { ...context }, request.variables ?? {}, request.operationName ?? undefined);
    await seeFilers(context);
    return { status: 200, body: reported(result, name, context.seen) };
  } finally {
    await session?.end();
  }
}

function readRequest(body: string): z.infer<typeof requestShape> {
  try {
    return requestShape.parse(JSON.parse(body));
  } catch (error) {
    throw new YiwangError('BAD_REQUEST', { detail: 'the body of a subgraph request', cause: error });
  }
}

function contextOf(viewer: Viewer, session: Session, options: Shared, positions: Positions | undefined): SubgraphContext {
  const { policy, pseudonyms, viewerKey, clock, master, pool } = options;
  return { viewer, tx: session.tx, change: session.change, loaders: new Map(), seen: openSeen(positions), policy, pseudonyms, cursors: cursorsOf(viewer, viewerKey), clock: clock ?? (() => new Date()), master, pool, log: options.log ?? null, catalogue: options.catalogue ?? null };
}

function reported(result: ExecutionResult, name: string, seen: Seen): Answer['body'] {
  const errors = result.errors?.map((error) => closedError(error, name));
  return { data: result.data, ...(errors?.length ? { errors } : {}), extensions: { seen: seenReport(seen) } };
}

/** What stops a request before it is executed: no viewer, no JSON, an operation that does not validate. */
function failed(error: unknown, name: string): Answer {
  const known = error instanceof YiwangError ? error : isMercuriusValidation(error) ? new YiwangError('BAD_REQUEST', { cause: error }) : undefined;
  if (!known) log.error({ subgraph: name, err: safeError(error) }, 'subgraph request failed');
  const code = known?.code ?? 'INTERNAL';
  return { status: errorTable[code].http, body: { errors: [{ message: errorTable[code].en, extensions: { code } }] } };
}

function closedError(error: GraphQLError, name: string): ClosedError {
  const cause = ownOf(error.originalError);
  const declared = (error.extensions as GraphQLError['extensions'] | undefined)?.['code']; // none where the request was compiled and its resolver threw
  const code: ErrorCode = cause instanceof YiwangError ? cause.code : typeof declared === 'string' && declared in errorTable ? (declared as ErrorCode) : cause ? 'INTERNAL' : 'BAD_REQUEST';
  if (code === 'INTERNAL') log.error({ subgraph: name, path: error.path?.join('.'), err: safeError(cause) }, 'resolver failed');
  const message = cause instanceof YiwangError && cause.hint !== undefined ? cause.hint : errorTable[code].en;
  return { message, ...(error.path ? { path: error.path } : {}), extensions: { code } };
}

/** The query builder wraps what a statement throws. */
function ownOf(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof YiwangError && !(error instanceof YiwangError) ? error.cause : error;
}

function isMercuriusValidation(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && code.startsWith('MER_ERR_');
}
