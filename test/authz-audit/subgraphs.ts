import { readFileSync } from 'node:fs';
import { buildSubgraphSchema } from '@apollo/subgraph';
import Fastify, { type FastifyInstance } from 'fastify';
import { graphql, parse } from 'graphql';
import { resolvers } from './data.ts';

export const subgraphNames = ['people', 'library', 'reviews', 'office', 'desk'] as const;
export type SubgraphName = (typeof subgraphNames)[number];

/** The audit's own subgraphs, and what they were asked since `asked` was emptied last. */
export interface Subgraphs {
  urls: Record<SubgraphName, string>;
  asked: string[];
  /** How often a mutation of each name ran. */
  changes: string[];
  stop(): Promise<void>;
}

const renamedTo = { authenticated: 'signedIn', requiresScopes: 'scoped', policy: 'allowed' };

/** A subgraph's SDL; `renamed`: with the three directives imported under other names. */
export function sdlOf(name: SubgraphName, { renamed = false } = {}): string {
  const sdl = readFileSync(new URL(`graph/${name}.graphql`, import.meta.url), 'utf8');
  if (!renamed) return sdl;
  return Object.entries(renamedTo).reduce((text, [from, to]) => text.replaceAll(`"@${from}"`, `{ name: "@${from}", as: "@${to}" }`).replace(new RegExp(`@${from}(?!")\\b`, 'g'), `@${to}`), sdl);
}

/** Serves each subgraph on 127.0.0.1, on `firstPort` and those after it; on any free ones where that is 0. */
export async function serveSubgraphs(firstPort: number, naming: { renamed?: boolean } = {}): Promise<Subgraphs> {
  const asked: string[] = [];
  const changes: string[] = [];
  const servers: FastifyInstance[] = [];
  const urls = {} as Record<SubgraphName, string>;
  for (const [at, name] of subgraphNames.entries()) {
    const schema = buildSubgraphSchema([{ typeDefs: parse(sdlOf(name, naming)), resolvers: resolvers(changes)[name] as never }]);
    const server = Fastify();
    servers.push(server);
    server.post('/graphql', async (request) => {
      const { query, variables, operationName } = request.body as { query: string; variables?: Record<string, unknown>; operationName?: string };
      asked.push(query);
      return graphql({ schema, source: query, variableValues: variables ?? null, operationName: operationName ?? null, contextValue: {} });
    });
    urls[name] = `${await server.listen({ host: '127.0.0.1', port: firstPort === 0 ? 0 : firstPort + at })}/graphql`;
  }
  return { urls, asked, changes, stop: async () => void (await Promise.all(servers.map((server) => server.close()))) };
}
