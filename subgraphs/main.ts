import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { projectRoot } from '../base/departments.ts';
import { YiwangError, invariant } from '../base/errors.ts';
import { viewerHeader } from '../policy/viewer.ts';
import { buildSubgraph, type Answer, type Resolvers, type Subgraph, type SubgraphOptions } from './build.ts';
import { recordTypes, subgraphSdl } from './sdl.ts';

export interface StartOptions extends SubgraphOptions {
  /** Names of the subgraphs to start; all folders unless told. */
  only?: readonly string[];
  /** First of the ports on 127.0.0.1, one for each subgraph in the order of their names; 0: any free ones; null: none, they are reached by `inject` only. */
  port?: number | null;
  /** Where `schema/` and `subgraphs/` are; another project root in tests of a further department. */
  root?: string;
}

export interface Subgraphs {
  /** Name → URL; empty where there are no ports. */
  endpoints: Record<string, string>;
  /** Answers a request without HTTP. `body` is the text that was signed. Header names in lower case. */
  inject(name: string, body: string, headers: Record<string, string | undefined>): Promise<Answer>;
  stop(): Promise<void>;
}

export const firstPort = 4100;

/** Starts the subgraphs of all folders under `subgraphs/`, each a server of its own, in this process. */
export async function startSubgraphs(options: StartOptions): Promise<Subgraphs> {
  const root = options.root ?? projectRoot();
  const sdl = subgraphSdl(root);
  const names = [...sdl.keys()];
  const unknown = options.only?.filter((name) => !sdl.has(name)) ?? [];
  if (unknown.length > 0) throw new YiwangError('USAGE', { hint: `there is no subgraph \`${unknown[0]}\`; there are ${names.join(', ')}` });
  const running = new Map<string, Subgraph>();
  const endpoints: Record<string, string> = {};
  for (const [index, name] of names.entries()) {
    if (options.only && !options.only.includes(name)) continue;
    const subgraph = await buildSubgraph(name, sdl.get(name)!, await resolversOf(root, name, sdl.get(name)!), options);
    running.set(name, subgraph);
    const address = await listen(subgraph, options.port === undefined ? firstPort : options.port, index);
    if (address) endpoints[name] = `${address}/graphql`;
  }
  return {
    endpoints,
    inject: async (name, body, headers) => {
      const subgraph = running.get(name);
      if (!subgraph) throw new YiwangError('SUBGRAPH_UNAVAILABLE', { detail: `no subgraph \`${name}\` here` });
      return subgraph.answer(body, headers[viewerHeader], headers['traceparent']);
    },
    stop: async () => void (await Promise.all([...running.values()].map(({ app }) => app.close()))),
  };
}

/** A subgraph with a field on every record is a function of the record types. */
async function resolversOf(root: string, name: string, sdl: string): Promise<Resolvers> {
  const module = (await import(pathToFileURL(join(root, 'subgraphs', name, 'resolvers.ts')).href)) as { resolvers?: Resolvers | ((recordTypes: readonly string[]) => Resolvers) };
  invariant(module.resolvers, `subgraphs/${name}/resolvers.ts exports \`resolvers\``);
  return typeof module.resolvers === 'function' ? module.resolvers(recordTypes(sdl)) : module.resolvers;
}

async function listen({ app }: Subgraph, port: number | null, index: number): Promise<string | null> {
  if (port === null) return null;
  return app.listen({ host: '127.0.0.1', port: port === 0 ? 0 : port + index });
}
