import { Kind, visit, type DocumentNode, type FieldNode, type FragmentDefinitionNode, type SelectionSetNode } from 'graphql';
import { fragmentsOf, type Fragments } from '../limits.ts';

const typename: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };

/**
 * The document as planners are given it. With a plain `__typename` wherever one is asked for under an alias: a planner
 * takes the aliased one for what the executor needs to know the type by, and the executor looks for it under its own name.
 * And no field has its own name for an alias: the native planner (0.0.38) writes such a one out twice, once broken.
 */
export function asPlanned(document: DocumentNode): DocumentNode {
  const fragments = fragmentsOf(document);
  const known = new Map<string, boolean>();
  return visit(document, {
    Field: {
      enter: (node) => (node.alias?.value === node.name.value ? { ...node, alias: undefined } : undefined),
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
