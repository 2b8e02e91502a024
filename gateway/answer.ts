import type { GatewayGraphQLRequestContext } from '@apollo/server-gateway-interface';
import type { ExecutionResult, GraphQLSchema } from 'graphql';
import { sha256Hex } from '../base/canonical.ts';
import { seeWithheld } from './access.ts';
import type { ReadDocument } from './documents.ts';
import type { Exchange } from './exchange.ts';
import type { Engine, EngineResult } from './executor.ts';
import { introspect } from './introspection.ts';
import { prune, type Judge, type Pruned } from './prune.ts';
import { recent } from './recent.ts';
import { shape, type Shaped } from './shape.ts';

/** How a gateway decides: the hub by its policy, the open gateway by the directives of its supergraph. */
export interface Rules {
  judge(exchange: Exchange): { judge: Judge; dependsOnVariables(): boolean };
  /** Names the callers for whom every judge says the same: what was pruned for one serves all of them. */
  callerClass(exchange: Exchange): string;
  /** What introspection shows this caller. */
  introspectable(exchange: Exchange): GraphQLSchema;
  /** The lines of `extensions.access`. */
  access(exchange: Exchange): readonly object[];
}

export type Answers = (exchange: Exchange, document: ReadDocument, apollo: GatewayGraphQLRequestContext) => Promise<ExecutionResult>;

/**
 * Steps 3 to 7 of a request's life: decide, prune, plan and execute, put the nulls back, tell what was withheld. A pruned
 * document is kept per class of callers, unless it was decided over values of variables.
 */
export function openAnswers(engine: Engine, rules: Rules): Answers {
  const kept = recent<Pruned>(prunedKeptMax);

  const prunedFor = (exchange: Exchange, { hash, document, operation, fragments }: ReadDocument): Pruned => {
    const key = `${hash} ${rules.callerClass(exchange)}`;
    const known = kept.get(key);
    if (known) return known;
    const { judge, dependsOnVariables } = rules.judge(exchange);
    const pruned = prune(engine.schema, document, operation, fragments, judge);
    return dependsOnVariables() ? pruned : kept.set(key, pruned);
  };

  return async (exchange, document, apollo) => {
    const pruned = prunedFor(exchange, document);
    exchange.asked = pruned.asked;
    const result = pruned.empty ? {} : await engine.execute({ document: pruned.document, planKey: planKey(document, pruned), variables: exchange.rawVariables, calling: exchange, apollo });
    const { data, withheld } = shaped(engine, rules, exchange, document, pruned, result);
    seeWithheld(exchange.seen, withheld);
    const access = rules.access(exchange);
    return { ...(result.errors?.length ? { errors: result.errors } : {}), data, ...(access.length > 0 ? { extensions: { access } } : {}) };
  };
}

const prunedKeptMax = 2_000;

/** A plan is kept under the text it was made for: pruned otherwise, the same operation is another plan (known trap). */
function planKey(document: ReadDocument, pruned: Pruned): string {
  return pruned.text === null ? document.hash : sha256Hex(pruned.text);
}

function shaped(engine: Engine, rules: Rules, exchange: Exchange, { operation, fragments }: ReadDocument, pruned: Pruned, { data }: EngineResult): Shaped {
  // Nothing was taken out: the engine's answer is in the caller's shape already.
  if (pruned.refused.size === 0 && !pruned.introspects && !pruned.empty) return { data: data ?? null, withheld: [] };
  const introspected = pruned.introspects ? introspect(rules.introspectable(exchange), operation, fragments, exchange.variables) : null;
  return shape({ schema: engine.schema, operation, fragments, variables: exchange.variables, pruned, data, introspected });
}
