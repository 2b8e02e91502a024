import { GraphQLObjectType, Kind, getNamedType, isAbstractType, isCompositeType, isObjectType, print, type DirectiveNode, type DocumentNode, type FieldNode, type GraphQLCompositeType, type GraphQLSchema, type OperationDefinitionNode, type SelectionNode, type SelectionSetNode } from 'graphql';
import { YiwangError } from '../base/errors.ts';
import { fieldOf, limits, type Fragments } from './limits.ts';

/** Why a field of a concrete type is not given to anybody of the caller's class. */
export interface Refusal {
  /** What was refused: the field itself, or the argument or input field over which it was asked. */
  coordinate: string;
  policy: string;
  reason: string;
}

/** Decides about one use of a field on one concrete type; undefined lets it pass. Same question, same answer. */
export type Judge = (type: GraphQLObjectType, node: FieldNode) => Refusal | undefined;

/** An operation without what the caller may never see. */
export interface Pruned {
  /** One operation, no fragment definitions; the operation as it was where nothing was refused. */
  document: DocumentNode;
  /** Nothing is left to fetch. */
  empty: boolean;
  /** The plan cache's key: the text that is planned, so that no plan fetches what was taken out (known trap). */
  text: string | null;
  /** What was refused, per field node and concrete type. Empty: nothing to put back. */
  refused: ReadonlyMap<FieldNode, ReadonlyMap<string, Refusal>>;
  /** It asks for `__schema` or `__type`, which the gateway answers itself. */
  introspects: boolean;
  /** Coordinates of every field the operation names, on the object types it can meet, and of the inputs it was refused for. */
  asked: ReadonlySet<string>;
}

/**
 * Takes out of an operation every field that the judge refuses, deciding on the object types that can stand at each place
 * after fragments, aliases and interfaces are written out (threats.md, 1 to 3). A field asked on an interface and refused
 * on some of its types only is asked on the others by name. Introspection at the root is taken out too: the gateway
 * answers it itself.
 */
export function prune(schema: GraphQLSchema, source: DocumentNode, operation: OperationDefinitionNode, fragments: Fragments, judge: Judge): Pruned {
  const cut = new Cutter(schema, fragments, judge);
  const root = schema.getRootType(operation.operation);
  const selections = root ? cut.selections(operation.selectionSet, root, [root]) : [];
  const { refused, asked, introspects } = cut;
  if (refused.size === 0 && !introspects) return { document: source, empty: !selections.some(fetches), text: null, refused, introspects, asked };
  const empty = !selections.some(fetches);
  const document: DocumentNode = {
    kind: Kind.DOCUMENT,
    definitions: [{ ...operation, selectionSet: { kind: Kind.SELECTION_SET, selections: empty ? [typename] : selections } }],
  };
  return { document, empty, text: print(document), refused, introspects, asked };
}

/** `__schema` and `__type`; `__typename` is a field like any other. */
export function isIntrospection(node: FieldNode): boolean {
  return node.name.value === '__schema' || node.name.value === '__type';
}

const typename: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };

// What is left after pruning may be `__typename` alone, which needs no subgraph at the root.
function fetches(node: SelectionNode): boolean {
  if (node.kind === Kind.FIELD) return node.name.value !== '__typename';
  return node.kind === Kind.INLINE_FRAGMENT && node.selectionSet.selections.some(fetches);
}

class Cutter {
  introspects = false;
  private written = 0;
  private readonly schema: GraphQLSchema;
  private readonly fragments: Fragments;
  private readonly judge: Judge;
  readonly refused = new Map<FieldNode, Map<string, Refusal>>();
  readonly asked = new Set<string>();

  constructor(schema: GraphQLSchema, fragments: Fragments, judge: Judge) {
    this.schema = schema;
    this.fragments = fragments;
    this.judge = judge;
  }

  /** What is left of a selection set whose objects are of one of `types`; `parent` is the type it is written on. */
  selections(set: SelectionSetNode, parent: GraphQLCompositeType, types: readonly GraphQLObjectType[]): SelectionNode[] {
    const left: SelectionNode[] = [];
    for (const node of set.selections) {
      if (node.kind === Kind.FIELD) left.push(...this.field(node, parent, types));
      else left.push(...this.fragment(node, parent, types));
    }
    return left;
  }

  private fragment(node: Exclude<SelectionNode, FieldNode>, parent: GraphQLCompositeType, types: readonly GraphQLObjectType[]): SelectionNode[] {
    const fragment = node.kind === Kind.FRAGMENT_SPREAD ? this.fragments.get(node.name.value) : node;
    const condition = fragment?.typeCondition ? this.schema.getType(fragment.typeCondition.name.value) : parent;
    if (!fragment || !isCompositeType(condition)) return [];
    const possible = new Set(this.typesOf(condition));
    const met = types.filter((type) => possible.has(type));
    const selections = met.length > 0 ? this.selections(fragment.selectionSet, condition, met) : [];
    return selections.length > 0 ? [inline(condition, node.directives, selections)] : [];
  }

  private field(node: FieldNode, parent: GraphQLCompositeType, types: readonly GraphQLObjectType[]): SelectionNode[] {
    if (isIntrospection(node)) {
      this.introspects = true;
      return [];
    }
    if (node.name.value === '__typename') return [node];
    const allowed = types.filter((type) => !this.refuses(type, node));
    if (allowed.length === 0) return [];
    if (allowed.length === types.length && fieldOf(parent, node.name.value)) return [this.below(node, parent)];
    return allowed.map((type) => inline(type, undefined, [this.below(node, type)]));
  }

  private refuses(type: GraphQLObjectType, node: FieldNode): boolean {
    this.asked.add(`${type.name}.${node.name.value}`);
    const refusal = this.judge(type, node);
    if (!refusal) return false;
    this.asked.add(refusal.coordinate);
    const perType = this.refused.get(node) ?? new Map<string, Refusal>();
    perType.set(type.name, refusal);
    this.refused.set(node, perType);
    return true;
  }

  /** The field with what is left below it. `__typename` stays where a type must be told, or nothing else is left. */
  private below(node: FieldNode, parent: GraphQLCompositeType): FieldNode {
    // Writing a field out per type multiplies what stands below it.
    this.written += 1;
    if (this.written > limits.expandedSelectionsMax) throw new YiwangError('LIMIT_EXCEEDED', { hint: `the operation is over the limit \`expandedSelectionsMax\` of ${limits.expandedSelectionsMax}` });
    const field = fieldOf(parent, node.name.value);
    const type = field && getNamedType(field.type);
    if (!node.selectionSet || !isCompositeType(type)) return node;
    const selections = this.selections(node.selectionSet, type, this.typesOf(type));
    const told = isAbstractType(type) || selections.length === 0 ? [typename, ...selections] : selections;
    return { ...node, selectionSet: { kind: Kind.SELECTION_SET, selections: told } };
  }

  private typesOf(type: GraphQLCompositeType): readonly GraphQLObjectType[] {
    return isObjectType(type) ? [type] : this.schema.getPossibleTypes(type);
  }
}

function inline(type: GraphQLCompositeType, directives: readonly DirectiveNode[] | undefined, selections: SelectionNode[]): SelectionNode {
  const condition = { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: type.name } } as const;
  return { kind: Kind.INLINE_FRAGMENT, typeCondition: condition, directives: directives ?? [], selectionSet: { kind: Kind.SELECTION_SET, selections } };
}
