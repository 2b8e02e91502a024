import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';
import { invariant } from '../../base/errors.ts';
import { sdlOf, subgraphNames, type Subgraphs } from './subgraphs.ts';

/** The audit's supergraph, with the addresses at which its subgraphs are served. */
export function composed({ urls }: Pick<Subgraphs, 'urls'>, naming: { renamed?: boolean } = {}): string {
  const { supergraphSdl, errors } = composeServices(subgraphNames.map((name) => ({ name, url: urls[name], typeDefs: parse(sdlOf(name, naming)) })));
  invariant(supergraphSdl, `the audit's graph composes: ${errors?.map(({ message }) => message).join('; ')}`);
  return supergraphSdl;
}
