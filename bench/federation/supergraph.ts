import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';
import { invariant } from '../../base/errors.ts';
import { subgraphSdl } from './graph.ts';

/** The bench's supergraph, its subgraphs at `http://127.0.0.1:PORT/NAME`. */
export function benchSupergraph(port: number): string {
  const { supergraphSdl, errors } = composeServices(Object.entries(subgraphSdl).map(([name, sdl]) => ({ name, typeDefs: parse(sdl), url: `http://127.0.0.1:${port}/${name}` })));
  invariant(supergraphSdl, `the bench's subgraphs compose: ${errors?.map((error) => error.message).join('; ')}`);
  return supergraphSdl;
}
