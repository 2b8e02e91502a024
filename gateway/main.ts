import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { Kind, isInterfaceType } from 'graphql';
import type { AccessLog } from '../audit/log.ts';
import type { Config } from '../base/config.ts';
import type { Pool } from '../base/db.ts';
import { projectRoot } from '../base/departments.ts';
import { YiwangError } from '../base/errors.ts';
import { recordKeys } from '../base/keys.ts';
import { log, safeError } from '../base/log.ts';
import type { Policy } from '../policy/decide.ts';
import { viewerKey } from '../policy/viewer.ts';
import { openAnswers } from './answer.ts';
import { openCallers } from './caller.ts';
import { catalogueRoutes } from './catalogue/routes.ts';
import { readClasses, requireClasses, type Classes } from './classes.ts';
import { demoIssuer } from './demo/issuer.ts';
import { demoRoutes } from './demo/sign-in.ts';
import { openDocuments } from './documents.ts';
import { openEffects, type Effects } from './effects.ts';
import { openEngine, type CompiledEngineOptions } from './engine/main.ts';
import type { EngineName } from './engine/names.ts';
import type { Engine } from './executor.ts';
import type { Exchange } from './exchange.ts';
import { graphqlRoute } from './graphql.ts';
import { healthRoutes } from './health.ts';
import { ingestRoutes } from './ingest.ts';
import { openMetrics } from './metrics.ts';
import { loadOperations, type Operations } from './operations.ts';
import { pages } from './pages.ts';
import { isIntrospection, prune } from './prune.ts';
import { openRecord } from './record.ts';
import { readRequirements, type Requirements } from '../policy/federation/requirements.ts';
import { openRelease } from './release.ts';
import { policyRules } from './rules.ts';
import { openServer } from './server.ts';
import { withoutSecurityMarks } from '../policy/federation/directive-names.ts';
import type { QueueDepths } from './stream-metrics.ts';
import { signedHeaders } from './subgraph.ts';
import { httpTransport, processTransport, tracedTransport, type Transport } from './transport.ts';
import { issuerKeys, type TokenRules } from './viewer.ts';

export interface GatewayOptions {
  config: Config;
  pool: Pool;
  accessLog: AccessLog;
  policy: Policy;
  /** Name → URL of each subgraph; empty where they are reached by `inject`. */
  subgraphEndpoints?: Readonly<Record<string, string>>;
  /** Subgraphs in this process. They check the same signature as over HTTP. */
  inject?: (name: string, body: string, headers: Record<string, string>) => Promise<{ body: unknown }>;
  /** `schema/supergraph.graphql` unless told. */
  supergraphSdl?: string;
  operations?: Operations;
  /** `config.port` unless told; 0: any free one. */
  port?: number;
  now?: () => Date;
  engine?: EngineName;
  /** How long planning an operation and gathering its answer may take, where it is not as `limits` says. */
  patience?: Pick<CompiledEngineOptions, 'planningMsMax' | 'operationMsMax'>;
  /** What the jobs hand to the gateway, which sees nothing of them: depths for the metrics, and routes behind an operator's token. */
  jobs?: { depths: QueueDepths; routes(app: FastifyInstance, isOperator: (authorization: string) => Promise<boolean>): Promise<void> };
  /** Equal queries of one viewer that are under way at once share an answer: viewer, purpose, matter and policy version are of its key. Off unless told. */
  singleFlight?: boolean;
}

export interface Gateway {
  url: string;
  /** Answers what is under way, then closes. */
  stop(): Promise<void>;
}

/** The gateway of architecture.md, "The life of a request". Listens on `config.host`. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, accessLog } = options;
  const now = options.now ?? (() => new Date());
  const supergraphSdl = options.supergraphSdl ?? readFileSync(join(projectRoot(), 'schema', 'supergraph.graphql'), 'utf8');
  const classes = readClasses(supergraphSdl);
  const requirements = readRequirements(supergraphSdl);
  const transport = transportOf(options);
  const engine = await openEngine(options.engine, { supergraphSdl: withoutSecurityMarks(supergraphSdl), transport, headers: signedHeaders(viewerKey(config.masterSecret), now), counts: true, ...options.patience });
  requireClasses(engine.schema, classes);
  const metrics = openMetrics({ logSize: () => accessLog.size(), pool: options.pool, queueDepths: options.jobs?.depths, now });
  const effects = openEffects(options.pool, accessLog);
  const graphql = graphqlOptions(options, engine, { classes, requirements }, now, metrics.finished, effects);
  await planRegistered(graphql);
  const app = openServer({ routerOptions: { maxParamLength: paramCharactersMax }, requestTimeout: requestTimeoutMs });
  await app.register((route) => graphqlRoute(route, graphql));
  await app.register((route) => ingestRoutes(route, options));
  if (options.jobs) await options.jobs.routes(app, operatorOf(graphql));
  await app.register((route) => catalogueRoutes(route, options));
  await app.register((route) => healthRoutes(route, { pool: options.pool, metrics }));
  if (!config.production && !config.oidc) await app.register((route) => demoRoutes(route, { pool: options.pool, issuer: demoIssuer(config.masterSecret, { now }), recordTypes: recordTypes(engine) }));
  await app.register((route) => pages(route));
  const url = await app.listen({ host: config.host, port: options.port ?? config.port });
  return { url, stop: () => stopped(app, transport, effects) };
}

const paramCharactersMax = 64;
const requestTimeoutMs = 30_000;

function transportOf({ inject, subgraphEndpoints }: GatewayOptions): Transport {
  return tracedTransport(inject ? processTransport(inject) : httpTransport(subgraphEndpoints ?? {}));
}

function graphqlOptions(options: GatewayOptions, engine: Engine, { classes, requirements }: { classes: Classes; requirements: Requirements }, now: () => Date, finished: (exchange: Exchange) => void, effects: Effects): Parameters<typeof graphqlRoute>[1] {
  const { config, pool, policy, accessLog } = options;
  const documents = openDocuments(engine.schema);
  const operations = options.operations ?? loadOperations();
  requirePublic(engine, classes, operations);
  return {
    engine,
    documents,
    operations,
    answers: openAnswers(engine, policyRules(policy, classes, requirements, engine.schema, { singleFlight: options.singleFlight ?? false })),
    identify: openCallers({ rules: tokenRules(config, now), pool, keys: recordKeys(config.masterSecret), policy }),
    admit: ({ viewer }, hash) => admit(viewer.kind, operations.byHash(hash)),
    signInFirst: true,
    release: openRelease({ pool, policyVersion: () => policy.version }),
    record: openRecord(accessLog, config.masterSecret, now, effects),
    finished,
    policyVersion: () => policy.version,
  };
}

/** How tokens are checked here: by the issuer of the configuration, or by the demo's. */
export function tokenRules(config: Config, now: () => Date): TokenRules {
  return config.oidc ? { ...config.oidc, keys: issuerKeys(config.oidc.issuer), now } : demoIssuer(config.masterSecret, { now }).rules;
}

/** Whether a token is an operator's, by the same rules as an operation's. */
function operatorOf({ identify }: Parameters<typeof graphqlRoute>[1]): (authorization: string) => Promise<boolean> {
  return async (authorization) => (await identify({ authorization, purpose: undefined, matter: undefined }, '')).viewer.kind === 'OPERATOR';
}

/** Callers without a token run what is open to them, service accounts what is registered; people write their own. */
function admit(kind: Exchange['viewer']['kind'], registered: { anonymous: boolean } | undefined): void {
  if (kind === 'ANONYMOUS' && !registered?.anonymous) throw new YiwangError('UNAUTHENTICATED');
  if (kind === 'APP' && !registered) throw new YiwangError('OPERATION_NOT_REGISTERED');
}

/** What is open to everybody holds PUBLIC fields only, or the gateway does not start. */
function requirePublic(engine: Engine, classes: Classes, operations: Operations): void {
  const documents = openDocuments(engine.schema);
  for (const { name, text, anonymous } of operations.all) {
    if (!anonymous) continue;
    const { document, operation, fragments } = documents.read(text, () => undefined);
    const { refused } = prune(engine.schema, document, operation, fragments, (type, node) => {
      const coordinate = `${type.name}.${node.name.value}`;
      return classes.get(coordinate)?.class === 'PUBLIC' ? undefined : { coordinate, policy: 'anonymous', reason: 'CLASS' };
    });
    if (refused.size > 0) throw new YiwangError('CONFIG', { hint: `the registered operation \`${name}\` is open to everybody and holds a field that is not PUBLIC` });
  }
}

/** Registered operations are planned before anybody asks for them: the first caller waits no longer than the next. */
async function planRegistered({ engine, documents, operations }: Pick<Parameters<typeof graphqlRoute>[1], 'engine' | 'documents' | 'operations'>): Promise<void> {
  for (const { name, text } of operations.all) {
    try {
      const { document, hash, operation } = documents.read(text, () => undefined);
      if (operation.selectionSet.selections.every((node) => node.kind === Kind.FIELD && isIntrospection(node))) continue; // answered here, without a plan
      await engine.prepare(document, hash);
    } catch (error) {
      log.warn({ err: safeError(error), operation: name }, 'a registered operation cannot be planned');
    }
  }
}

function recordTypes({ schema }: Engine): string[] {
  const type = schema.getType('Record');
  return isInterfaceType(type) ? schema.getPossibleTypes(type).map(({ name }) => name) : [];
}

async function stopped(app: FastifyInstance, transport: Transport, effects: Effects): Promise<void> {
  await app.close();
  await effects.stop();
  await transport.close();
}
