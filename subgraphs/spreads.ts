import { Kind, parse, print, type FragmentDefinitionNode, type SelectionNode, type SelectionSetNode } from 'graphql';
import { invariant } from '../base/errors.ts';

/**
 * The same document with each fragment written out where it is spread. graphql-jit keeps on a fragment's own nodes under which
 * conditions they are wanted: a field of a fragment that one place spreads under `@skip` was left out in every other place.
 * Documents without conditions or without spreads stay as they are, and so do those that are not valid or grow too large.
 */
export function withoutSpreads(text: string): string {
  if (!/@(?:skip|include)\b/.test(text) || !/\.\.\.\s*(?!on\b)[_A-Za-z]/.test(text)) return text;
  const known = written.get(text);
  if (known !== undefined) return known;
  const found = writtenOut(text);
  if (written.size >= textsMax) written.clear();
  written.set(text, found);
  return found;
}

const written = new Map<string, string>();
const textsMax = 1024;
const nodesMax = 10_000;

function writtenOut(text: string): string {
  try {
    const { definitions } = parse(text, { noLocation: true });
    const fragments = new Map(definitions.filter((node): node is FragmentDefinitionNode => node.kind === Kind.FRAGMENT_DEFINITION).map((node) => [node.name.value, node]));
    let nodes = 0;
    const setOf = (set: SelectionSetNode, within: readonly string[]): SelectionSetNode => ({ ...set, selections: set.selections.map((node) => selectionOf(node, within)) });
    const selectionOf = (node: SelectionNode, within: readonly string[]): SelectionNode => {
      nodes += 1;
      invariant(nodes <= nodesMax, 'the document does not grow too large');
      if (node.kind !== Kind.FRAGMENT_SPREAD) return node.selectionSet ? { ...node, selectionSet: setOf(node.selectionSet, within) } : node;
      const fragment = fragments.get(node.name.value);
      invariant(fragment && !within.includes(node.name.value), 'a fragment is known and does not spread itself');
      return { kind: Kind.INLINE_FRAGMENT, typeCondition: fragment.typeCondition, directives: [...(node.directives ?? []), ...(fragment.directives ?? [])], selectionSet: setOf(fragment.selectionSet, [...within, node.name.value]) };
    };
    return print({ kind: Kind.DOCUMENT, definitions: definitions.flatMap((node) => (node.kind === Kind.OPERATION_DEFINITION ? [{ ...node, selectionSet: setOf(node.selectionSet, []) }] : [])) });
  } catch {
    return text; // whoever executes it says what is wrong with it
  }
}
