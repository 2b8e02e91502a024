import { GraphQLError, Kind, visit, type DocumentNode, type FieldNode, type FragmentDefinitionNode, type SelectionSetNode } from 'graphql';
import { fragmentsOf, type Fragments } from '../limits.ts';

const typename: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };

/**
 * The document as planners are given it. Every alias is put out of the way of the schema's names: under an alias called as
 * a key, @apollo/gateway answers with the key itself, hidden or not, and the native planner joins whatever entity the
 * aliased field names (both met; threats.md, 1). And a plain `__typename` stands wherever one is asked for under an alias:
 * a planner takes the aliased one for what the executor needs to know the type by. And where there is nothing but fragments,
 * none of which may ever be met: planners leave such a field out, and it is not null.
 */
export function asPlanned(document: DocumentNode): DocumentNode {
  const fragments = fragmentsOf(document);
  const known = new Map<string, boolean>();
  return visit(document, {
    Field: {
      enter: (node) => (node.alias ? { ...node, alias: isRenamed(node) ? { ...node.alias, value: plannedKey(node) } : undefined } : undefined),
      leave(node) {
        if (!node.selectionSet || !(asksAliased(node.selectionSet, fragments, known) || isFragmentsOnly(node.selectionSet))) return undefined;
        return { ...node, selectionSet: { ...node.selectionSet, selections: [typename, ...node.selectionSet.selections] } };
      },
    },
  });
}

/** A document whose variables are out of the way of those that a plan adds: `representations`, and `__batch_reps_0` and so on. */
export function withVariablesApart(document: DocumentNode): DocumentNode {
  const isTaken = (name: string) => name === 'representations' || name.startsWith('__');
  return visit(document, { Variable: (node) => (isTaken(node.name.value) ? { ...node, name: { ...node.name, value: `${variablePrefix}${node.name.value}` } } : undefined) });
}

/** How the caller calls a variable of a planned document. */
export function callersVariable(name: string): string {
  return name.startsWith(variablePrefix) ? name.slice(variablePrefix.length) : name;
}

const variablePrefix = '__var_';

/** Under which key a planned document's answer has a field of the caller's document. */
export function plannedKey(node: FieldNode): string {
  return isRenamed(node) ? `${aliasPrefix}${node.alias!.value}` : node.name.value;
}

/** Errors of a planned document's answer with the caller's own keys in their paths. */
export function inCallersKeys(errors: readonly GraphQLError[] | undefined): GraphQLError[] | undefined {
  return errors?.map((error) => (error.path ? new GraphQLError(error.message, { path: error.path.map(callersKey), extensions: error.extensions, originalError: error.originalError ?? null }) : error));
}

/** Two underscores: no field of a schema and no alias that is let in begins with them (limits.ts). */
const aliasPrefix = '__as_';

function isRenamed({ alias, name }: FieldNode): boolean {
  return alias !== undefined && alias.value !== name.value;
}

function callersKey(segment: string | number): string | number {
  return typeof segment === 'string' && segment.startsWith(aliasPrefix) ? segment.slice(aliasPrefix.length) : segment;
}

function isFragmentsOnly({ selections }: SelectionSetNode): boolean {
  return selections.every(({ kind }) => kind !== Kind.FIELD);
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
