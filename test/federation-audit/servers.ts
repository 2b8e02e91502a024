import { spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { composeServices } from '@apollo/composition';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { graphql, parse, type GraphQLSchema } from 'graphql';
import { z } from 'zod';
import { projectRoot } from '../../base/departments.ts';
import { YiwangError } from '../../base/errors.ts';
import type { AuditSuite } from './testkit.ts';

/** Serves every subgraph of every suite at `/SUITE/SUBGRAPH` of one port, with graphql-js. */
export async function serveSubgraphs(suites: readonly AuditSuite[]): Promise<{ port: number; stop(): void }> {
  const schemas = new Map<string, GraphQLSchema>();
  for (const { id, subgraphs } of suites) {
    for (const { name, typeDefs, resolvers } of subgraphs) schemas.set(`/${id}/${name}`, buildSubgraphSchema([{ typeDefs: parse(typeDefs), resolvers: resolvers as never }]));
  }
  const server = createServer((request, response) => {
    answered(schemas.get(request.url ?? ''), request, response).catch(() => response.writeHead(500).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, stop: () => (server.closeAllConnections(), server.close()) };
}

/** The supergraph of a suite, its subgraphs at `/SUITE/SUBGRAPH` of the port. */
export function supergraphOf({ id, subgraphs }: AuditSuite, port: number): string {
  const { supergraphSdl, errors } = composeServices(subgraphs.map(({ name, typeDefs }) => ({ name, typeDefs: parse(typeDefs), url: `http://127.0.0.1:${port}/${id}/${name}` })));
  if (!supergraphSdl) throw new YiwangError('INTERNAL', { hint: `the suite \`${id}\` does not compose: ${errors?.map(({ message }) => message).join('; ')}` });
  return supergraphSdl;
}

/** `yiwang gateway` on a supergraph, as a user starts it. `url` ends in `/graphql`. */
export async function startGateway(supergraphFile: string, more: readonly string[] = []): Promise<{ url: string; stop(): void }> {
  const child = spawn(process.execPath, ['cli/yiwang.mjs', 'gateway', '--supergraph', supergraphFile, '--port', '0', '--unclassified', 'allow', ...more], {
    cwd: projectRoot(),
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_ENV: '', YIWANG_LOG_LEVEL: process.env['YIWANG_LOG_LEVEL'] ?? 'fatal' },
  });
  const stop = () => void child.kill('SIGTERM');
  const url = await new Promise<string>((resolve, reject) => {
    const fail = (hint: string) => (stop(), reject(new YiwangError('INTERNAL', { hint })));
    const timer = setTimeout(() => fail('the gateway did not start in time'), startTimeoutMs);
    child.once('exit', (code) => fail(`the gateway ended with ${code}`));
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (!/^http:\S+\/graphql$/.test(line)) return;
      clearTimeout(timer);
      resolve(line);
    });
  });
  return { url, stop };
}

const startTimeoutMs = 60_000;
const bodyShape = z.object({ query: z.string(), variables: z.record(z.string(), z.unknown()).nullish(), operationName: z.string().nullish() });

async function answered(schema: GraphQLSchema | undefined, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!schema) return void response.writeHead(404).end();
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { query, variables, operationName } = bodyShape.parse(JSON.parse(Buffer.concat(chunks).toString('utf8')));
  const answer = await graphql({ schema, source: query, variableValues: variables, operationName, contextValue: {} });
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
}
