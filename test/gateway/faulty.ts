import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { composeServices } from '@apollo/composition';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { graphql, parse } from 'graphql';
import { expect } from 'vitest';
import { compiledEngine, type CompiledEngineOptions } from '../../gateway/engine/main.ts';
import { normalHashOf } from '../../gateway/documents.ts';
import { anonymous } from '../../gateway/caller.ts';
import type { Engine, EngineResult } from '../../gateway/executor.ts';
import { httpTransport, type TransportLimits } from '../../gateway/transport.ts';
import { openSeen } from '../../policy/seen.ts';

/** A subgraph on a real port that can be told to misbehave. */
export interface FaultySubgraph {
  url: string;
  /** Bodies that reached it. */
  asked: { query: string; variables: Record<string, unknown> }[];
  /** What it does instead of answering; undefined: it answers. */
  fault: ((response: ServerResponse, request: IncomingMessage) => void) | undefined;
  close(): Promise<void>;
}

export async function faultySubgraph(sdl: string, resolvers: Record<string, unknown>): Promise<FaultySubgraph> {
  const schema = buildSubgraphSchema([{ typeDefs: parse(sdl), resolvers: resolvers as never }]);
  const subgraph: Omit<FaultySubgraph, 'url' | 'close'> = { asked: [], fault: undefined };
  const server: Server = createServer((request, response) => void answer(request, response));
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const body = JSON.parse(await text(request)) as FaultySubgraph['asked'][number];
    subgraph.asked.push(body);
    if (subgraph.fault) return subgraph.fault(response, request);
    response.setHeader('content-type', 'application/json').end(JSON.stringify(await graphql({ schema, source: body.query, variableValues: body.variables, contextValue: {} })));
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return Object.assign(subgraph, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close });
}

/** A compiled engine over subgraphs by name. */
export async function engineOver(subgraphs: Record<string, { sdl: string; at: FaultySubgraph }>, { limits, ...options }: Partial<CompiledEngineOptions> & { limits?: Partial<TransportLimits> } = {}) {
  const composed = composeServices(Object.entries(subgraphs).map(([name, { sdl, at }]) => ({ name, url: at.url, typeDefs: parse(sdl) })));
  expect(composed.errors?.map(({ message }) => message)).toBeUndefined();
  const transport = httpTransport(Object.fromEntries(Object.entries(subgraphs).map(([name, { at }]) => [name, at.url])), limits);
  const engine = await compiledEngine({ supergraphSdl: composed.supergraphSdl!, transport, headers: () => ({}), ...options });
  return { engine, ask: (query: string, variables: Record<string, unknown> = {}) => ask(engine, query, variables), close: async () => void (await Promise.all([engine.stop(), transport.close()])) };
}

function ask(engine: Engine, query: string, variables: Record<string, unknown>): Promise<EngineResult> {
  const document = parse(query, { noLocation: true });
  const calling = { viewer: anonymous('none', 'trace'), seen: openSeen() };
  return engine.execute({ document, planKey: normalHashOf(document), variables, calling, apollo: undefined as never });
}

export const federated = (imports: string) => `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [${imports}])`;
