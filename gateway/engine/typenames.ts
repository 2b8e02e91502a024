import { Kind, visit, type DocumentNode, type FieldNode, type FragmentDefinitionNode, type SelectionSetNode } from 'graphql';
import { fragmentsOf, type Fragments } from '../limits.ts';

const typename: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };

/**
 * The document with a plain `__typename` wherever one is asked for under an alias: a planner takes the aliased one for
 * what the executor needs to know the type by, and the executor looks for it under its own name.
 */
export function withTypenames(document: DocumentNode): DocumentNode {
  const fragments = fragmentsOf(document);
  const known = new Map<string, boolean>();
  return visit(document, {
    Field: {
      leave(node) {
        if (!node.selectionSet || !asksAliased(node.selectionSet, fragments, known)) return undefined;
        return { ...node, selectionSet: { ...node.selectionSet, selections: [typename, ...node.selectionSet.selections] } };
      },
    },
  });
}

/** Through fragments, but not through fields. */
function asksAliased(set: SelectionSetNode, fragments: Fragments, known: Map<string, boolean>): boolean {
  return set.selections.some((node) => {
    if (node.kind === Kind.FIELD) return node.name.value === '__typename' && node.alias !== undefined;
    if (node.kind === Kind.INLINE_FRAGMENT) return asksAliased(node.selectionSet, fragments, known);
    const fragment = fragments.get(node.name.value);
    return fragment !== undefined && ofFragment(fragment, fragments, known);
  });
}

function ofFragment(fragment: FragmentDefinitionNode, fragments: Fragments, known: Map<string, boolean>): boolean {
  const found = known.get(fragment.name.value);
  if (found !== undefined) return found;
  known.set(fragment.name.value, false); // fragments do not go in circles: the document is valid
  const asks = asksAliased(fragment.selectionSet, fragments, known);
  known.set(fragment.name.value, asks);
  return asks;
}
