import { createHash } from 'node:crypto';
import { composeServices } from '@apollo/composition';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { graphql, parse, validate, type DocumentNode, type GraphQLSchema } from 'graphql';
import { z } from 'zod';
import { invariant } from '../../../base/errors.ts';
import { anonymous } from '../../../gateway/caller.ts';
import type { Engine, EngineOptions } from '../../../gateway/executor.ts';
import type { Transport } from '../../../gateway/transport.ts';
import { openSeen } from '../../../policy/seen.ts';
import { operationOf, type Operation } from './operation.ts';
import { subgraphResolvers, type Ticks } from './resolvers.ts';
import { subgraphSdl } from './sdl.ts';
import type { World } from './world.ts';

/** The subgraphs of a world in this process, and their supergraph. */
export interface Graph {
  supergraphSdl: string;
  subgraphs: ReadonlyMap<string, string>;
  transport: Transport;
  ticks: Ticks;
  /** What was sent since it was last emptied. */
  calls: string[];
}

/** What is compared: `data`, and errors by path and code, each once, whatever their order. */
export interface Outcome {
  data: unknown;
  errors: string[];
}

/** Undefined, or why, where the world does not compose. */
export function graphOf(world: World): Graph | string {
  const names = Array.from({ length: world.subgraphs }, (_, at) => `s${at}`);
  const subgraphs = new Map(names.map((name, at) => [name, subgraphSdl(world, at)]));
  const composed = composeServices([...subgraphs].map(([name, sdl]) => ({ name, url: `http://${name}`, typeDefs: parse(sdl) })));
  if (!composed.supergraphSdl) return composed.errors?.map(({ message }) => message).join('\n') ?? '';
  const ticks: Ticks = { count: 0 };
  const calls: string[] = [];
  const schemas = new Map(names.map((name, at) => [name, buildSubgraphSchema([{ typeDefs: parse(subgraphs.get(name)!), resolvers: subgraphResolvers(world, at, ticks) as never }])]));
  return { supergraphSdl: composed.supergraphSdl, subgraphs, ticks, calls, transport: transportTo(schemas, calls) };
}

export function engineOptions({ supergraphSdl, transport }: Graph): EngineOptions {
  return { supergraphSdl, transport, headers: () => ({}) };
}

/** An operation that is valid, or undefined. */
export function validOperation(schema: GraphQLSchema, choices: readonly number[]): (Operation & { document: DocumentNode }) | undefined {
  const operation = operationOf(schema, choices);
  const document = parse(operation.text, { noLocation: true });
  return validate(schema, document).length === 0 ? { ...operation, document } : undefined;
}

export async function answerOf(engine: Engine, graph: Graph, { document, text, variables }: Operation & { document: DocumentNode }): Promise<Outcome> {
  graph.ticks.count = 0;
  graph.calls.length = 0;
  const calling = { viewer: anonymous('none', 'differential'), seen: openSeen() };
  const planKey = createHash('sha256').update(text).digest('hex');
  const { data, errors } = await engine.execute({ document, planKey, variables, calling, apollo: { metrics: {}, request: {} } as never });
  return outcomeOf(data, errors);
}

export function outcomeOf(data: unknown, errors: readonly { path?: readonly (string | number)[] | undefined; extensions: Record<string, unknown> }[] | undefined): Outcome {
  const lines = (errors ?? []).map(({ path, extensions }) => `${path?.join('.') ?? '-'} ${typeof extensions['code'] === 'string' ? extensions['code'] : 'INTERNAL'}`);
  return { data: JSON.parse(JSON.stringify(data ?? null)), errors: [...new Set(lines)].sort() };
}

const bodyShape = z.object({ query: z.string(), variables: z.record(z.string(), z.unknown()).nullish(), operationName: z.string().nullish() });

/** As over HTTP: everything is text on the way there and back. */
function transportTo(schemas: ReadonlyMap<string, GraphQLSchema>, calls: string[]): Transport {
  return {
    async send(subgraph, body) {
      const schema = schemas.get(subgraph);
      invariant(schema, 'a subgraph of the world is called');
      calls.push(`${subgraph} ${body}`);
      const { query, variables, operationName } = bodyShape.parse(JSON.parse(body));
      return JSON.parse(JSON.stringify(await graphql({ schema, source: query, variableValues: variables, operationName, contextValue: {} })));
    },
    close: async () => undefined,
  };
}
