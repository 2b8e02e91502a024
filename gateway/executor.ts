import { ApolloGateway } from '@apollo/gateway';
import type { GatewayGraphQLRequestContext } from '@apollo/server-gateway-interface';
import type { DocumentNode, ExecutionResult, GraphQLSchema } from 'graphql';
import { YiwangError, invariant } from '../base/errors.ts';
import { log } from '../base/log.ts';
import { asPlanned, inCallersKeys } from './engine/planned.ts';
import { plansEvaluatedMax, planningPathsMax } from './limits.ts';
import type { JsonObject } from './shape.ts';
import { subgraphSource, type CallOptions, type Calling } from './subgraph.ts';

/** Plans and executes operations over the subgraphs. What a caller may not see was taken out before (prune.ts). */
export interface Engine {
  /** The schema that callers see, without what is `@inaccessible`. */
  schema: GraphQLSchema;
  /** Plans an operation before it is asked for the first time. */
  prepare(document: DocumentNode, planKey: string): Promise<void>;
  /** What the subgraphs gave, under `plannedKey`s, whose shape is still to be made: it may hold more than was asked for, and less. */
  gather(request: EngineRequest): Promise<EngineResult>;
  /** The same in the operation's own shape. */
  execute(request: EngineRequest): Promise<EngineResult>;
  stop(): Promise<void>;
}

export interface EngineRequest {
  document: DocumentNode;
  /** The plan is kept under this key: a hash of the text that is planned, not of the text that was sent. */
  planKey: string;
  variables: Record<string, unknown>;
  calling: Calling;
  /** What ApolloServer hands its gateway; only the reference engine reads it. */
  apollo: GatewayGraphQLRequestContext;
}

export interface EngineResult {
  data?: JsonObject | null;
  errors?: ExecutionResult['errors'];
}

export interface EngineOptions extends CallOptions {
  supergraphSdl: string;
}

/** The reference engine: @apollo/gateway's planner and executor, with data sources of our own. */
export async function apolloEngine(options: EngineOptions): Promise<Engine> {
  // Apollo's libraries report usage to their maker unless told; this hub talks to nobody it was not told to.
  process.env['APOLLO_TELEMETRY_DISABLED'] = 'true';
  const gateway = new ApolloGateway({
    supergraphSdl: options.supergraphSdl,
    buildService: ({ name }) => subgraphSource(name, options),
    __exposeQueryPlanExperimental: false,
    queryPlannerConfig: { debug: { maxEvaluatedPlans: plansEvaluatedMax, pathsLimit: planningPathsMax } },
    logger: log,
  });
  let schema: GraphQLSchema | undefined;
  gateway.onSchemaLoadOrUpdate(({ apiSchema }) => (schema = apiSchema));
  const { executor } = await gateway.load({}).catch((error: unknown) => {
    throw new YiwangError('CONFIG', { hint: 'the supergraph cannot be served: it is broken, or needs something this gateway does not know', cause: error });
  });
  invariant(schema, 'the gateway loaded a schema');
  const gather = async (request: EngineRequest): Promise<EngineResult> => {
    const { data, errors } = await execute(executor, { ...request, document: asPlanned(request.document) });
    return { ...(data === undefined ? {} : { data }), ...(errors ? { errors: inCallersKeys(errors)! } : {}) };
  };
  return { schema, prepare: async () => undefined, gather, execute: (request) => execute(executor, request), stop: () => gateway.stop() };
}

async function execute(executor: ApolloGateway['executor'], { document, planKey, variables, calling, apollo }: EngineRequest): Promise<EngineResult> {
  const { data, errors } = await executor({
    ...apollo,
    request: { variables },
    document,
    queryHash: planKey,
    context: calling as unknown as Record<string, unknown>,
  });
  // Its `extensions` tell of values that did not fit the schema, in words of the library.
  return { ...(data === undefined ? {} : { data: data as JsonObject | null }), ...(errors ? { errors } : {}) };
}
