import { GraphQLSkipDirective, GraphQLIncludeDirective, Kind, getDirectiveValues, getNamedType, isCompositeType, isLeafType, isListType, isNonNullType, isObjectType, type FieldNode, type GraphQLObjectType, type GraphQLOutputType, type GraphQLSchema, type OperationDefinitionNode, type SelectionNode, type SelectionSetNode } from 'graphql';
import { fieldOf, type Fragments, type Variables } from './limits.ts';
import { isIntrospection, type Pruned, type Refusal } from './prune.ts';

/** The answer as it was asked for, and how many positions of it each refusal left null. */
export interface Shaped {
  data: JsonObject | null;
  withheld: Array<Refusal & { count: number }>;
}

export type JsonObject = { [key: string]: unknown };

export interface ShapeInput {
  schema: GraphQLSchema;
  operation: OperationDefinitionNode;
  fragments: Fragments;
  variables: Variables;
  pruned: Pruned;
  /** What the engine gave for the pruned operation; null or undefined where it gave nothing. */
  data: JsonObject | null | undefined;
  /** Answers of introspection by response key, made by the gateway itself. */
  introspected: JsonObject | null;
}

/**
 * Walks the operation as the caller wrote it over the answer to the pruned one: the caller's keys in the caller's order,
 * null where something was refused, nothing that was not asked for. Nulls climb as the specification says (6.4.4). Every
 * object made here has no prototype, so that no key can reach one (threats.md, 21).
 */
export function shape(input: ShapeInput): Shaped {
  const counts = new Map<Refusal, number>();
  const root = input.schema.getRootType(input.operation.operation);
  const source = input.data ?? (input.pruned.empty ? {} : null);
  const data = root && source ? new Walk(input, counts).object(input.operation.selectionSet, root, source) : undefined;
  return { data: data ?? null, withheld: [...counts].map(([refusal, count]) => ({ ...refusal, count })) };
}

class Walk {
  private readonly input: ShapeInput;
  private readonly counts: Map<Refusal, number>;
  private readonly grouped = new Map<string, Map<string, FieldNode[]>>();
  private readonly setNumbers = new Map<SelectionSetNode, number>();

  constructor(input: ShapeInput, counts: Map<Refusal, number>) {
    this.input = input;
    this.counts = counts;
  }

  /** The object, or undefined when a null that may not be one has to climb past it. */
  object(sets: SelectionSetNode | readonly SelectionSetNode[], type: GraphQLObjectType, source: JsonObject): JsonObject | undefined {
    const answer = Object.create(null) as JsonObject;
    let climbs = false;
    for (const [key, nodes] of this.groups(Array.isArray(sets) ? sets : [sets], type)) {
      const value = this.field(key, nodes, type, source);
      if (value === undefined) climbs = true; // its siblings are still counted
      else answer[key] = value;
    }
    return climbs ? undefined : answer;
  }

  private field(key: string, nodes: readonly FieldNode[], type: GraphQLObjectType, source: JsonObject): unknown {
    const [node] = nodes;
    if (!node) return null;
    if (node.name.value === '__typename') return type.name;
    if (isIntrospection(node)) return this.input.introspected?.[key] ?? null;
    const field = fieldOf(type, node.name.value);
    if (!field) return null;
    const refusal = this.refusalOf(nodes, type);
    if (refusal) {
      this.counts.set(refusal, (this.counts.get(refusal) ?? 0) + 1);
      return isNonNullType(field.type) ? undefined : null;
    }
    return this.value(Object.hasOwn(source, key) ? source[key] : null, field.type, nodes);
  }

  private refusalOf(nodes: readonly FieldNode[], type: GraphQLObjectType): Refusal | undefined {
    for (const node of nodes) {
      const refusal = this.input.pruned.refused.get(node)?.get(type.name);
      if (refusal) return refusal;
    }
    return undefined;
  }

  private value(value: unknown, type: GraphQLOutputType, nodes: readonly FieldNode[]): unknown {
    if (isNonNullType(type)) return this.value(value, type.ofType, nodes) ?? undefined;
    if (value === null || value === undefined) return null;
    if (isListType(type)) return Array.isArray(value) ? this.list(value, type.ofType, nodes) : null;
    if (isLeafType(type)) return value;
    return this.composite(value, type, nodes) ?? null;
  }

  private list(values: readonly unknown[], type: GraphQLOutputType, nodes: readonly FieldNode[]): unknown {
    const items = values.map((value) => this.value(value, type, nodes));
    return items.includes(undefined) ? null : items;
  }

  private composite(value: unknown, declared: GraphQLOutputType, nodes: readonly FieldNode[]): JsonObject | undefined {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const source = value as JsonObject;
    const named = getNamedType(declared);
    const type = isObjectType(named) ? named : this.input.schema.getType(String(source['__typename']));
    if (!isObjectType(type)) return undefined;
    return this.object(nodes.flatMap((node) => (node.selectionSet ? [node.selectionSet] : [])), type, source);
  }

  /** Fields by response key (CollectFields, 6.3.2), once per selection sets and type. */
  private groups(sets: readonly SelectionSetNode[], type: GraphQLObjectType): Map<string, FieldNode[]> {
    const name = `${type.name} ${sets.map((set) => this.numberOf(set)).join(' ')}`;
    const known = this.grouped.get(name);
    if (known) return known;
    const groups = new Map<string, FieldNode[]>();
    for (const set of sets) this.collect(set.selections, type, groups);
    this.grouped.set(name, groups);
    return groups;
  }

  private collect(selections: readonly SelectionNode[], type: GraphQLObjectType, groups: Map<string, FieldNode[]>): void {
    for (const node of selections) {
      if (!this.included(node)) continue;
      if (node.kind === Kind.FIELD) {
        const key = node.alias?.value ?? node.name.value;
        groups.set(key, [...(groups.get(key) ?? []), node]);
        continue;
      }
      const fragment = node.kind === Kind.FRAGMENT_SPREAD ? this.input.fragments.get(node.name.value) : node;
      if (fragment && this.meets(fragment.typeCondition?.name.value, type)) this.collect(fragment.selectionSet.selections, type, groups);
    }
  }

  private meets(condition: string | undefined, type: GraphQLObjectType): boolean {
    if (condition === undefined || condition === type.name) return true;
    const named = this.input.schema.getType(condition);
    return named !== undefined && isCompositeType(named) && !isObjectType(named) && this.input.schema.isSubType(named, type);
  }

  private included(node: SelectionNode): boolean {
    if (!node.directives?.length) return true;
    if (getDirectiveValues(GraphQLSkipDirective, node, this.input.variables)?.['if'] === true) return false;
    return getDirectiveValues(GraphQLIncludeDirective, node, this.input.variables)?.['if'] !== false;
  }

  private numberOf(set: SelectionSetNode): number {
    const known = this.setNumbers.get(set) ?? this.setNumbers.size;
    this.setNumbers.set(set, known);
    return known;
  }
}
