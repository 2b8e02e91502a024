import { Kind, parse } from 'graphql';

/** Whether an object (or interface) of this name is one of that type, in the whole supergraph, inaccessible types included. */
export type IsOfType = (name: unknown, condition: string) => boolean;

export function typeTable(supergraphSdl: string): IsOfType {
  const members = new Map<string, Set<string>>();
  const add = (abstract: string, name: string) => members.set(abstract, (members.get(abstract) ?? new Set()).add(name));
  for (const node of parse(supergraphSdl, { noLocation: true }).definitions) {
    if (node.kind === Kind.OBJECT_TYPE_DEFINITION || node.kind === Kind.INTERFACE_TYPE_DEFINITION) for (const one of node.interfaces ?? []) add(one.name.value, node.name.value);
    if (node.kind === Kind.UNION_TYPE_DEFINITION) for (const one of node.types ?? []) add(node.name.value, one.name.value);
  }
  return (name, condition) => name === condition || (typeof name === 'string' && members.get(condition)?.has(name) === true);
}
