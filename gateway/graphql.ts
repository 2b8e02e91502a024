import { isUtf8 } from 'node:buffer';
import { ApolloServer } from '@apollo/server';
import type { GatewayGraphQLRequestContext, GatewayInterface } from '@apollo/server-gateway-interface';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import type { FastifyBodyParser, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GraphQLError, getVariableValues, type ExecutionResult, type GraphQLSchema } from 'graphql';
import { YiwangError } from '../base/errors.ts';
import { openSeen } from '../policy/seen.ts';
import { JsonText, answerText, type Answers } from './answer.ts';
import { readBody } from './body.ts';
import type { CallerHeaders, Identify } from './caller.ts';
import { requireBooleans } from './conditions.ts';
import { DocumentFault, type Documents, type ReadDocument } from './documents.ts';
import { callersFault, codeOf, publicError, statusOf } from './errors.ts';
import { openExchange, type Exchange } from './exchange.ts';
import type { Engine } from './executor.ts';
import { checkCost, checkVariables, limits } from './limits.ts';
import { mediaTypeFor } from './media-type.ts';
import type { Operations } from './operations.ts';
import { requestFaultStatus } from './request-fault.ts';

export interface GraphqlOptions {
  engine: Engine;
  documents: Documents;
  answers: Answers;
  operations: Operations;
  identify: Identify;
  /** Throws when this caller may not run the operation of this hash at all. */
  admit(exchange: Exchange, hash: string): void;
  /** Callers without a token run registered operations only, and are told nothing else. */
  signInFirst: boolean;
  /** Throws when the right under which an answer was made has ended meanwhile. */
  release?(exchange: Exchange): Promise<void>;
  /** Awaited before the answer leaves. */
  record(exchange: Exchange): Promise<void>;
  finished(exchange: Exchange): void;
  policyVersion(): string;
}

declare module 'fastify' {
  interface FastifyRequest {
    exchange: Exchange | null;
  }
}

/**
 * `/graphql`: POST and JSON only, one operation a request. The steps stand in the hooks in the order of a request's life;
 * whatever one of them throws leaves through `publicError`, and whatever leaves is recorded first.
 */
export async function graphqlRoute(app: FastifyInstance, options: GraphqlOptions): Promise<void> {
  const apollo = await apolloServer(options);
  const handler = fastifyApolloHandler(apollo, { context: async (request) => ({ exchange: request.exchange ?? openExchange(options.policyVersion()) }) });
  app.removeContentTypeParser(['text/plain', 'application/json']);
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, jsonParser(app));
  app.decorateRequest('exchange', null);
  app.setErrorHandler((error, request, reply) => refuse(error, request, reply));
  app.addHook('onRequest', async (request, reply) => {
    if (request.method !== 'POST') return;
    request.exchange = openExchange(options.policyVersion());
    void reply.header('x-trace-id', request.exchange.traceId).header('cache-control', 'no-store');
    refuseCrossSite(request);
    const { exchange } = request;
    const headers = callerHeaders(request);
    exchange.identify = () => options.identify(headers, exchange.traceId);
    // Known before the rest is: a purpose or a matter that is refused is refused to somebody, and their entry says to whom.
    await exchange.run(() => options.identify(headers, exchange.traceId, (caller) => Object.assign(exchange, caller))).then((caller) => Object.assign(exchange, caller));
    // Before anything runs: Apollo Server asks only once the answer is there, and a change would have been made (threats.md, 24).
    const type = mediaTypeOf(request);
    if (type === null) throw new YiwangError('BAD_REQUEST', { hint: notAcceptable });
    request.headers.accept = type;
  });
  app.addHook('preHandler', async (request) => {
    if (!request.exchange) return;
    try {
      readRequest(request, request.exchange, options);
    } catch (error) {
      // Whoever has not signed in learns nothing of the schema, not even that a document does not fit it.
      throw request.exchange.viewer.kind === 'ANONYMOUS' && options.signInFirst ? new YiwangError('UNAUTHENTICATED', { cause: error }) : error;
    }
  });
  app.addHook('onSend', async (request, reply, payload) => recorded(request, reply, payload, options));
  app.addHook('onResponse', async ({ exchange }) => {
    if (!exchange) return;
    options.finished(exchange);
    endSpan(exchange);
  });
  app.addHook('onClose', async () => apollo.stop());
  app.post('/graphql', { bodyLimit: limits.bodyBytesMax, handler: handler as never });
  app.route({ method: ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'], url: '/graphql', onRequest: onlyPost, handler: onlyPost });
}

/** Fastify's own parser, which reads bytes that are no UTF-8 as U+FFFD: what is asked for is kept as it was sent, or not at all (RFC 8259, 8.1). */
function jsonParser(app: FastifyInstance): FastifyBodyParser<Buffer> {
  const parse = app.getDefaultJsonParser('error', 'error') as FastifyBodyParser<string>;
  const refused = (statusCode: number) => Object.assign(new SyntaxError('the body cannot be read'), { statusCode });
  return (request, body, done) => {
    if ((request.headers['content-encoding'] ?? 'identity') !== 'identity') return done(refused(415));
    return isUtf8(body) ? parse(request, body.toString('utf8'), done) : done(refused(400));
  };
}

/** @apollo/server in front, with everything off that this gateway does itself or not at all. */
async function apolloServer({ engine, documents, answers, release }: GraphqlOptions): Promise<ApolloServer<Context>> {
  const gateway: GatewayInterface = {
    onSchemaLoadOrUpdate(told) {
      told({ apiSchema: engine.schema, coreSupergraphSdl: '' });
      return () => undefined;
    },
    load: async () => ({ executor: (context) => answered(answers, release, context) }),
    stop: () => engine.stop(),
  };
  const server = new ApolloServer<Context>({
    gateway,
    documentStore: {
      // The document was read, bounded and validated before the handler; Apollo neither parses nor validates it again.
      get: async (key: string) => documents.known(key.slice(-hashDigits))?.document,
      set: async () => undefined,
      delete: async () => true,
    },
    persistedQueries: false,
    allowBatchedHttpRequests: false,
    csrfPrevention: false, // our own rules stand in `refuseCrossSite`
    introspection: true,
    includeStacktraceInErrorResponses: false,
    stringifyResult: answerText,
    hideSchemaDetailsFromClientErrors: true,
    stopOnTerminationSignals: false,
    formatError: (_formatted, error) => publicError(error),
    nodeEnv: 'production', // what that changes is set above; a landing page is never served
  });
  await server.start();
  return server;
}

const hashDigits = 64;

/** Apollo copies the context that it is given: the exchange stands in it, so that what the steps find is found by the record. */
interface Context {
  exchange: Exchange;
}

/** The operation by its hash: its name is the caller's text. */
function endSpan({ span, viewer, operation, refusal }: Exchange): void {
  span.set({ 'viewer.kind': viewer.kind, ...(operation ? { 'operation.hash': operation.hash } : {}), outcome: refusal ?? 'ALLOWED' });
  span.end();
}

async function answered(answers: Answers, release: GraphqlOptions['release'], context: GatewayGraphQLRequestContext): Promise<ExecutionResult> {
  const { exchange } = context.context as unknown as Context;
  try {
    if (!exchange.document) throw new YiwangError('BAD_REQUEST');
    const { document } = exchange;
    const result = await exchange.run(() => answers(exchange, document, context));
    await released(exchange, release);
    const [first] = result.errors ?? [];
    if (first && isNothing(result.data)) exchange.refusal = codeOf(first);
    return result;
  } catch (error) {
    exchange.refusal = codeOf(error);
    const http = { status: statusOf(error) };
    throw new GraphQLError('refused', { originalError: error as Error, extensions: { http } });
  }
}

/** What is not released was seen by nobody. */
async function released(exchange: Exchange, release: GraphqlOptions['release']): Promise<void> {
  try {
    await release?.(exchange);
  } catch (error) {
    exchange.seen = openSeen();
    throw error;
  }
}

function isNothing(data: unknown): boolean {
  return data instanceof JsonText ? data.text === 'null' : data === null || data === undefined;
}

/** No cookie is ever read and no other origin is ever allowed; a browser that says so of a foreign page is believed (threats.md, 26). */
function refuseCrossSite(request: FastifyRequest): void {
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') throw new YiwangError('FORBIDDEN', { hint: 'requests from pages of other sites are refused' });
}

function callerHeaders({ headers }: FastifyRequest): CallerHeaders {
  const one = (name: string) => {
    const value = headers[name];
    return Array.isArray(value) ? value.join(',') : value;
  };
  return { authorization: headers.authorization, purpose: one('x-purpose'), matter: one('x-matter') };
}

/** Step 2: what the body asks for, whether this caller may run it, and its limits. */
function readRequest(request: FastifyRequest, exchange: Exchange, options: GraphqlOptions): void {
  const body = readBody(request.body);
  const text = body.documentId === undefined ? body.query : options.operations.text(body.documentId);
  if (text === undefined) throw body.documentId === undefined ? new YiwangError('BAD_REQUEST', { hint: 'the body has no `query`' }) : notRegistered(exchange);
  const document = options.documents.read(text, (operation) => {
    exchange.operation = operation;
    options.admit(exchange, operation.hash);
  });
  if (body.operationName !== undefined && body.operationName !== document.operation.name?.value) throw new YiwangError('BAD_REQUEST', { hint: 'the document has no operation of the name in `operationName`' });
  const variables = coercedVariables(options.engine.schema, document, body.variables);
  Object.assign(exchange, { document, rawVariables: body.variables, variables });
  request.body = { query: text, variables: body.variables };
}

/** What the table says of it is for service accounts; whoever may write operations may also send one. */
function notRegistered({ viewer }: Exchange): YiwangError {
  return new YiwangError('OPERATION_NOT_REGISTERED', viewer.kind === 'APP' ? {} : { hint: 'no operation is registered under this id; send the text, or register it · 没有以此标识登记的操作，请发送操作文本或先行登记' });
}

/** The variables as the schema reads them, with which the answer is not too large. Without variables that is asked once. */
function coercedVariables(schema: GraphQLSchema, document: ReadDocument, sent: Record<string, unknown>): Record<string, unknown> {
  checkVariables(sent);
  const definitions = document.operation.variableDefinitions ?? [];
  if (definitions.length === 0 && affordable.has(document)) return noVariables;
  const { coerced, errors } = getVariableValues(schema, definitions, sent, { maxErrors: limits.validationErrorsMax });
  if (errors) throw new DocumentFault(errors);
  requireBooleans(document.conditions, coerced);
  checkCost(schema, document.operation, document.fragments, coerced);
  affordable.add(document);
  return coerced;
}

const noVariables = {};
const affordable = new WeakSet<ReadDocument>();

async function onlyPost(_request: FastifyRequest, reply: FastifyReply): Promise<void> {
  await reply.code(405).header('allow', 'POST').type(jsonType).send(JSON.stringify({ errors: [publicError(new YiwangError('BAD_REQUEST', { hint: 'operations are sent by POST' }))] }));
}

const notAcceptable = 'answers are application/json or application/graphql-response+json, and the `Accept` header takes neither';

/** Every refusal that comes before Apollo Server; in a type that is not taken only that one, whatever the log holds. */
function refuse(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const known = asOwn(error);
  if (request.exchange) request.exchange.refusal = known instanceof DocumentFault ? 'BAD_REQUEST' : codeOf(known);
  const traceId = request.exchange?.traceId ?? null;
  const type = mediaTypeOf(request);
  if (type === null) return reply.code(notAcceptableStatus).type(jsonType).send(JSON.stringify({ errors: [publicError(new YiwangError('BAD_REQUEST', { hint: notAcceptable }))] }));
  const errors = known instanceof DocumentFault ? known.errors.map(callersFault) : [publicError(known, traceId)];
  const status = known instanceof DocumentFault ? 400 : requestFaultStatus(error) ?? statusOf(known);
  if (status === 401) void reply.header('www-authenticate', 'Bearer'); // RFC 9110, 11.6.1
  return reply.code(status).type(type).send(JSON.stringify({ errors }));
}

/** Fastify's own errors (body too large, another content type, JSON that does not parse) in the terms of the closed table. */
function asOwn(error: unknown): unknown {
  const status = requestFaultStatus(error);
  if (status === 413) return new YiwangError('LIMIT_EXCEEDED', { hint: `the body is over the limit \`bodyBytesMax\` of ${limits.bodyBytesMax}` });
  if (status === 415) return new YiwangError('BAD_REQUEST', { hint: 'a request is application/json and not compressed' });
  return status === undefined ? error : new YiwangError('BAD_REQUEST', { hint: 'the body is not JSON' });
}

/** Of an answer and of a refusal alike. */
function mediaTypeOf({ headers: { accept } }: FastifyRequest): string | null {
  return mediaTypeFor(accept);
}

const notAcceptableStatus = 406;
const jsonType = 'application/json; charset=utf-8';

/** Step 8: the entry first, then the answer; without an entry there is no answer. */
async function recorded(request: FastifyRequest, reply: FastifyReply, payload: unknown, { record }: GraphqlOptions): Promise<unknown> {
  const exchange = request.exchange;
  if (!exchange || request.method !== 'POST') return payload;
  try {
    await exchange.run(() => record(exchange));
    return payload;
  } catch (error) {
    const withheld = error instanceof YiwangError && error.code === 'LOG_TAMPERED' ? new YiwangError('AUDIT_UNWRITTEN', { cause: error }) : error;
    exchange.refusal = codeOf(withheld);
    void reply.code(statusOf(withheld)).type(mediaTypeOf(request) ?? jsonType).removeHeader('content-length');
    return JSON.stringify({ errors: [publicError(withheld, exchange.traceId)] });
  }
}
