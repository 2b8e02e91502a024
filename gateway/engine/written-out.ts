import { Kind, getNamedType, isCompositeType, isObjectType, type DirectiveNode, type DocumentNode, type GraphQLCompositeType, type GraphQLObjectType, type GraphQLSchema, type InlineFragmentNode, type SelectionNode, type SelectionSetNode } from 'graphql';
import { YiwangError } from '../../base/errors.ts';
import { fieldOf, fragmentsOf, limits, onlyOperation } from '../limits.ts';

/**
 * The same operation without a fragment on an abstract type: each is written out for the object types that it can meet.
 * Planners give up on some fragments that narrow one abstract type to another (met: an interface of an `@interfaceObject`),
 * and plan them in this form. Longer, so it is only tried then. The document is valid. Throws `LIMIT_EXCEEDED`.
 */
export function writtenOut(schema: GraphQLSchema, document: DocumentNode): DocumentNode {
  const fragments = fragmentsOf(document);
  const operation = onlyOperation(document);
  const root = schema.getRootType(operation.operation);
  let written = 0;

  const typesOf = (type: GraphQLCompositeType): readonly GraphQLObjectType[] => (isObjectType(type) ? [type] : schema.getPossibleTypes(type));
  const below = (set: SelectionSetNode, parent: GraphQLCompositeType, types: readonly GraphQLObjectType[]): SelectionNode[] => set.selections.flatMap((node) => selection(node, parent, types));
  const selection = (node: SelectionNode, parent: GraphQLCompositeType, types: readonly GraphQLObjectType[]): SelectionNode[] => {
    written += 1;
    if (written > limits.expandedSelectionsMax) throw new YiwangError('LIMIT_EXCEEDED', { hint: `the operation is over the limit \`expandedSelectionsMax\` of ${limits.expandedSelectionsMax}` });
    if (node.kind === Kind.FIELD) {
      const type = getNamedType(fieldOf(parent, node.name.value)?.type);
      return [node.selectionSet && isCompositeType(type) ? { ...node, selectionSet: { kind: Kind.SELECTION_SET, selections: below(node.selectionSet, type, typesOf(type)) } } : node];
    }
    const fragment = node.kind === Kind.FRAGMENT_SPREAD ? fragments.get(node.name.value) : node;
    const condition = fragment?.typeCondition ? schema.getType(fragment.typeCondition.name.value) : parent;
    if (!fragment || !isCompositeType(condition)) return [];
    const meant = typesOf(condition);
    return types.filter((type) => meant.includes(type)).flatMap((type) => inline(type, node.directives, below(fragment.selectionSet, type, [type])));
  };

  return root ? { kind: Kind.DOCUMENT, definitions: [{ ...operation, selectionSet: { kind: Kind.SELECTION_SET, selections: below(operation.selectionSet, root, [root]) } }] } : document;
}

function inline(type: GraphQLObjectType, directives: readonly DirectiveNode[] | undefined, selections: SelectionNode[]): InlineFragmentNode[] {
  if (selections.length === 0) return [];
  const typeCondition = { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: type.name } } as const;
  return [{ kind: Kind.INLINE_FRAGMENT, typeCondition, directives: directives ?? [], selectionSet: { kind: Kind.SELECTION_SET, selections } }];
}
