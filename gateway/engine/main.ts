import { getVariableValues } from 'graphql';
import { openDeadline } from '../deadline.ts';
import { YiwangError } from '../../base/errors.ts';
import type { Engine, EngineOptions, EngineRequest, EngineResult } from '../executor.ts';
import { fragmentsOf, onlyOperation } from '../limits.ts';
import { openShape, type JsonObject } from '../shape.ts';
import { askSubgraph } from '../subgraph.ts';
import { readSupergraph, type ReadSupergraph } from './apollo.ts';
import { hivePlanner } from './hive.ts';
import type { EngineName } from './names.ts';
import type { Planner } from './planner.ts';
import { openPlans } from './plans.ts';
import type { Run } from './run.ts';
import { typeTable } from './types.ts';

export interface CompiledEngineOptions extends EngineOptions {
  /** Whose plans are compiled: the native planner where this machine has one, unless told. */
  planner?: Planner['name'];
  /** The subgraphs are the hub's: they count positions, and are told how many an entity fills. */
  counts?: boolean;
  operationMsMax?: number;
}

/** The engine of that name, the compiled one unless told. The reference is loaded only where it is wanted. */
export async function openEngine(name: EngineName | undefined, options: CompiledEngineOptions): Promise<Engine> {
  return name === 'apollo' ? (await import('../executor.ts')).apolloEngine(options) : compiledEngine(options);
}

/**
 * The engine of this gateway: plans are compiled into functions, representations are de-duplicated, and what subgraphs
 * answer is merged in place. Its shape is left to one walk at the end (shape.ts). Throws `CONFIG` for a supergraph that
 * cannot be served.
 */
export async function compiledEngine(options: CompiledEngineOptions): Promise<Engine & { planner: Planner['name'] }> {
  const supergraph = readSupergraph(options.supergraphSdl);
  const { schema } = supergraph;
  const planner = await plannerOf(options, supergraph);
  const plans = openPlans(planner, typeTable(options.supergraphSdl));
  const gather = async ({ document, planKey, variables, calling }: EngineRequest): Promise<EngineResult> => {
    const program = await plans.program(planKey, document);
    const deadline = openDeadline(options.operationMsMax ?? operationMsMax);
    const root = Object.create(null) as JsonObject;
    const run: Run = { root, errors: [], variables, deadline, counts: options.counts ?? false, ask: (subgraph, body) => askSubgraph(options, subgraph, body, calling, deadline) };
    await program(run).finally(() => deadline.end());
    return { data: root, ...(run.errors.length > 0 ? { errors: run.errors } : {}) };
  };
  return {
    schema,
    planner: planner.name,
    prepare: async (document, planKey) => void (await plans.program(planKey, document)),
    gather,
    async execute(request) {
      const { data, errors } = await gather(request);
      const operation = onlyOperation(request.document);
      const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], request.variables);
      const { json } = openShape({ schema, operation, fragments: fragmentsOf(request.document), refused: new Map() }).write({ data: data ?? null, variables: coerced ?? {}, introspected: null });
      return { data: JSON.parse(json) as JsonObject | null, ...(errors ? { errors } : {}) };
    },
    stop: async () => planner.stop?.(),
  };
}

/** Below the time after which the listener gives a request up. */
const operationMsMax = 25_000;

async function plannerOf({ planner, supergraphSdl }: CompiledEngineOptions, supergraph: ReadSupergraph): Promise<Planner> {
  const native = planner === 'apollo' ? undefined : await hivePlanner(supergraphSdl);
  if (!native && planner === 'hive') throw new YiwangError('CONFIG', { hint: 'there is no native query planner for this machine' });
  return native ? withReserve(native, () => supergraph.planner()) : supergraph.planner();
}

/** What the native planner cannot plan, or dies of, Apollo's may plan. */
function withReserve(native: Planner, reserve: () => Planner): Planner {
  let made: Planner | undefined;
  return {
    ...native,
    async plan(text, document, signal) {
      try {
        return await native.plan(text, document, signal);
      } catch (error) {
        if (signal.aborted) throw error;
        return (made ??= reserve()).plan(text, document, signal);
      }
    },
  };
}
