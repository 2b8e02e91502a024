import { getVariableValues } from 'graphql';
import { YiwangError } from '../../base/errors.ts';
import { openDeadline, type Deadline } from '../deadline.ts';
import type { Engine, EngineOptions, EngineRequest, EngineResult } from '../executor.ts';
import { fragmentsOf, onlyOperation } from '../limits.ts';
import { openShape, type JsonObject } from '../shape.ts';
import { askSubgraph } from '../subgraph.ts';
import { readSchema } from './apollo.ts';
import { argumentsKept, takesContext } from './arguments.ts';
import type { EngineName } from './names.ts';
import { inCallersKeys } from './planned.ts';
import type { PlannerName } from './planner.ts';
import { openPlanners, takesTooLong } from './planners.ts';
import { openPlans } from './plans.ts';
import type { Program, Run } from './run.ts';
import { withoutSkipped } from './skipped.ts';
import { typeTable } from './types.ts';

export interface CompiledEngineOptions extends EngineOptions {
  /** Whose plans are compiled; unless told the native planner's, and Apollo's where that one cannot. */
  planner?: PlannerName;
  /** The subgraphs are the hub's: they count positions, and are told how many an entity fills. */
  counts?: boolean;
  operationMsMax?: number;
  /** How long each planner may take for one operation; as `limits` says unless told. */
  planningMsMax?: Readonly<Record<PlannerName, number>>;
}

/** The engine of that name, the compiled one unless told. The reference is loaded only where it is wanted. */
export async function openEngine(name: EngineName | undefined, options: CompiledEngineOptions): Promise<Engine> {
  // It would leave such arguments out, and the subgraph answer without them.
  if (name === 'apollo' && takesContext(options.supergraphSdl)) throw new YiwangError('CONFIG', { hint: 'the supergraph has arguments from a context (`@fromContext`), which the engine `apollo` does not support; the engine `compiled` refuses only the fields that have them' });
  return name === 'apollo' ? (await import('../executor.ts')).apolloEngine(options) : compiledEngine(options);
}

/**
 * The engine of this gateway: plans are compiled into functions, representations are de-duplicated, and what subgraphs
 * answer is merged in place. Its shape is left to one walk at the end (shape.ts). Throws `CONFIG` for a supergraph that
 * cannot be served.
 */
export async function compiledEngine(options: CompiledEngineOptions): Promise<Engine> {
  const { supergraphSdl } = options;
  const schema = readSchema(supergraphSdl);
  const msMax = options.operationMsMax ?? operationMsMax;
  const planners = openPlanners(supergraphSdl, options.planner ? [options.planner] : plannerOrder, options.planningMsMax, { operationMsMax: msMax });
  const isOfType = typeTable(supergraphSdl);
  const plans = openPlans({ schema, planners, isOfType, isKept: argumentsKept(supergraphSdl, isOfType) });
  const gather = async ({ document, planKey, variables, calling }: EngineRequest): Promise<EngineResult> => {
    const deadline = openDeadline(msMax);
    const program = await inTime(plans.program(planKey, document, variables), deadline);
    const root = Object.create(null) as JsonObject;
    const run: Run = { root, errors: [], variables, deadline, counts: options.counts ?? false, ask: (subgraph, body) => askSubgraph(options, subgraph, body, calling, deadline) };
    await program(run).finally(() => deadline.end());
    const errors = run.errors.length > 0 ? withoutSkipped(inCallersKeys(run.errors)!, schema, document, variables, { data: root, isOfType }) : [];
    return { data: root, ...(errors.length > 0 ? { errors } : {}) };
  };
  return {
    schema,
    prepare: async (document, planKey) => void (await plans.program(planKey, document, {})),
    gather,
    async execute(request) {
      const { data, errors } = await gather(request);
      const operation = onlyOperation(request.document);
      const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], request.variables);
      const { json } = openShape({ schema, operation, fragments: fragmentsOf(request.document), refused: new Map() }).write({ data: data ?? null, variables: coerced ?? {}, introspected: null });
      return { data: JSON.parse(json) as JsonObject | null, ...(errors ? { errors } : {}) };
    },
    stop: async () => planners.stop(),
  };
}

/** A plan that this operation does not wait for any longer may still be one for the next. */
async function inTime(program: Promise<Program>, deadline: Deadline): Promise<Program> {
  const late = Promise.withResolvers<never>();
  const stopWaiting = deadline.onPassed(() => late.reject(takesTooLong()));
  try {
    return await Promise.race([program, late.promise]);
  } catch (error) {
    deadline.end();
    throw error;
  } finally {
    stopWaiting();
  }
}

/** Waiting for a plan included; below the time after which the listener gives a request up. */
const operationMsMax = 25_000;
/** By measurement (docs/decisions): the native planner is the faster and makes fewer calls; Apollo's plans what it cannot. */
const plannerOrder = ['hive', 'apollo'] as const;
