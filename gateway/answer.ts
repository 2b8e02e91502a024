import type { GatewayGraphQLRequestContext } from '@apollo/server-gateway-interface';
import type { ExecutionResult, GraphQLSchema } from 'graphql';
import { sha256Hex } from '../base/canonical.ts';
import { seeWithheld } from './access.ts';
import type { ReadDocument } from './documents.ts';
import type { Exchange } from './exchange.ts';
import type { Engine, EngineResult } from './executor.ts';
import { openFlights } from './flights.ts';
import { introspect } from './introspection.ts';
import { prune, type Judge, type Pruned } from './prune.ts';
import { recent } from './recent.ts';
import { openShape, type Shape } from './shape.ts';

/** How a gateway decides: the hub by its policy, the open gateway by the directives of its supergraph. */
export interface Rules {
  judge(exchange: Exchange): { judge: Judge; dependsOnVariables(): boolean };
  /** Names the callers for whom every judge says the same: what was pruned for one serves all of them. */
  callerClass(exchange: Exchange): string;
  /** What introspection shows this caller. */
  introspectable(exchange: Exchange): GraphQLSchema;
  /** The lines of `extensions.access`. */
  access(exchange: Exchange): readonly object[];
  /** Names the callers to whom the same question has the same answer, rows and ids included; absent where nothing is shared. */
  audience?(exchange: Exchange): string;
}

export type Answers = (exchange: Exchange, document: ReadDocument, apollo: GatewayGraphQLRequestContext) => Promise<ExecutionResult>;

/** An answer's `data` as it is sent. Nothing but the writing of the answer looks into it. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** The bytes of an answer, its `data` taken as it stands: errors first, then data, then extensions, as the specification advises. */
export function answerText({ errors, data, ...rest }: { errors?: unknown; data?: unknown }): string {
  const parts = [
    ...(errors === undefined ? [] : [`"errors":${JSON.stringify(errors)}`]),
    ...(data === undefined ? [] : [`"data":${data instanceof JsonText ? data.text : JSON.stringify(data)}`]),
    ...Object.entries(rest).flatMap(([name, value]) => (value === undefined ? [] : [`${JSON.stringify(name)}:${JSON.stringify(value)}`])),
  ];
  return `{${parts.join(',')}}`;
}

/**
 * Steps 3 to 7 of a request's life: decide, prune, plan and execute, put the nulls back, tell what was withheld. A pruned
 * document is kept per class of callers, unless it was decided over values of variables.
 */
export function openAnswers(engine: Engine, rules: Rules): Answers {
  const kept = recent<Prepared>(preparedKeptMax, { weightMax: charactersKeptMax, weightOf: ({ characters }) => characters });

  const flights = openFlights<Answered>(flightsMax);

  const preparedFor = (exchange: Exchange, document: ReadDocument): Prepared => {
    const key = `${document.hash} ${rules.callerClass(exchange)}`;
    const known = kept.get(key);
    if (known) return known;
    const { judge, dependsOnVariables } = rules.judge(exchange);
    const prepared = prepare(engine, document, judge);
    return dependsOnVariables() ? prepared : kept.set(key, prepared);
  };

  const answered = async (exchange: Exchange, document: ReadDocument, apollo: GatewayGraphQLRequestContext): Promise<Answered> => {
    const { pruned, planKey, shape } = preparedFor(exchange, document);
    const { variables, seen } = exchange;
    const result: EngineResult = pruned.empty ? { data: {} } : await engine.gather({ document: pruned.document, planKey, variables: exchange.rawVariables, calling: exchange, apollo });
    const introspected = pruned.introspects ? introspect(rules.introspectable(exchange), document.operation, document.fragments, variables) : null;
    const { json, withheld } = shape.write({ data: result.data ?? null, variables, introspected });
    seeWithheld(seen, withheld);
    return { errors: result.errors, data: new JsonText(json), seen, asked: pruned.asked };
  };

  return async (exchange, document, apollo) => {
    const start = () => answered(exchange, document, apollo);
    const key = document.operation.operation === 'query' ? rules.audience?.(exchange) : undefined;
    const { errors, data, seen, asked } = await (key === undefined ? start() : flights(`${key} ${document.hash} ${JSON.stringify(exchange.rawVariables)}`, start));
    Object.assign(exchange, { seen, asked });
    const access = rules.access(exchange);
    return { ...(errors?.length ? { errors } : {}), data: data as never, ...(access.length > 0 ? { extensions: { access } } : {}) };
  };
}

/** Those that share an answer each have an entry of their own in the log: what was seen is the same. */
interface Answered extends Pick<Exchange, 'seen' | 'asked'> {
  errors: EngineResult['errors'];
  data: JsonText;
}

const flightsMax = 1_000;

const preparedKeptMax = 2_000;
/** Characters of the operations' texts; what is kept of each grows with its text. */
const charactersKeptMax = 4_000_000;

/** What does not change from one execution to the next. */
interface Prepared {
  pruned: Pruned;
  /** A plan is kept under the text it was made for: pruned otherwise, the same operation is another plan (known trap). */
  planKey: string;
  shape: Shape;
  characters: number;
}

function prepare({ schema }: Engine, { document, operation, fragments, hash, text }: ReadDocument, judge: Judge): Prepared {
  const pruned = prune(schema, document, operation, fragments, judge);
  const planKey = pruned.text === null ? hash : sha256Hex(pruned.text);
  return { pruned, planKey, shape: openShape({ schema, operation, fragments, refused: pruned.refused }), characters: text.length };
}
