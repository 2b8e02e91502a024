import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';
import { federated } from './faulty.ts';

/** A graph in which everything can be had from everywhere, and a valid document that keeps a planner busy: at depth 7 for a second on a fast machine; at 9 Hive's for minutes, and Apollo's breaks. */
export function hardToPlan(depth = 7): { supergraphSdl: string; query: string } {
  const subgraph = (index: number) => `${federated('"@key", "@shareable"')}
    type Query { a: T @shareable } type T @key(fields: "id") @shareable { id: ID! ${[0, 1, 2, 3, 4, 5].map((at) => `f${at}: T`).join(' ')} own${index}: String }`;
  const composed = composeServices([0, 1, 2, 3, 4, 5, 6].map((index) => ({ name: `s${index}`, url: 'http://nowhere', typeDefs: parse(subgraph(index)) })));
  const nest = (depth: number): string => (depth === 0 ? 'own0' : [0, 1, 2].map((at) => `f${at} { own${(at + depth) % 7} ${nest(depth - 1)} }`).join(' '));
  return { supergraphSdl: composed.supergraphSdl!, query: `{ a { ${nest(depth)} } }` };
}
