import { Kind, getNamedType, isCompositeType, isListType, isNonNullType, isObjectType, isInterfaceType, type DocumentNode, type FieldNode, type FragmentDefinitionNode, type GraphQLCompositeType, type GraphQLField, type GraphQLOutputType, type GraphQLSchema, type OperationDefinitionNode, type SelectionSetNode } from 'graphql';
import { YiwangError } from '../base/errors.ts';

/**
 * Bounds on what one request may ask for, all checked before validation and planning, because both can be made to cost
 * more than linear time (threats.md, 14 and 15). One document holds one operation; requests are not batched.
 */
export const limits = {
  bodyBytesMax: 256 * 1024,
  documentTokensMax: 6_000,
  depthMax: 24,
  aliasesMax: 100,
  directivesMax: 200,
  /** On one place: of the two that there are neither may stand twice. */
  directivesPerPlaceMax: 4,
  /** Fields of one selection set: the validator compares each with each. */
  fieldsPerSetMax: 250,
  /** Fields after every fragment spread is written out. */
  expandedSelectionsMax: 20_000,
  /** Positions the answer may have, by the page sizes asked for. */
  costMax: 200_000,
  /** Fewer than a scanner takes for a sign that each of its mistakes is looked at. */
  validationErrorsMax: 5,
  /** How deep the value of a variable may be nested. */
  variablesDepthMax: 16,
  /** A plan that takes longer is given up. */
  planningMsMax: 2_000,
  /** The same for the planner that is slower, and whose libraries are loaded when it is first needed. */
  planningSlowMsMax: 8_000,
} as const;

/** Bounds of the reference planner: choices between subgraphs multiply (threats.md, 15). */
export const plansEvaluatedMax = 2_000;
export const planningPathsMax = 2_000;

/** Items a list without `first` or `last` is taken to have. */
const listItems = 5;
/** Items of a connection whose page size is not given. */
const pageItems = 20;

/** Throws `LIMIT_EXCEEDED`, naming the limit. Walks the text once and fragments once each, whatever they expand to. */
export function checkShape(document: DocumentNode): void {
  const fragments = fragmentsOf(document);
  const known = new Map<string, Measure>();
  const open = new Set<string>();
  const counts = { aliases: 0, directives: 0 };
  const ofFragment = (name: string): Measure => {
    const measured = known.get(name);
    if (measured) return measured;
    const fragment = fragments.get(name);
    if (!fragment || open.has(name)) return { depth: 0, fields: 0 }; // unknown or circular: the validator's to refuse
    open.add(name);
    countDirectives(fragment, counts);
    const measure = ofSet(fragment.selectionSet, 1);
    open.delete(name);
    known.set(name, measure);
    return measure;
  };
  const ofSet = (set: SelectionSetNode, nesting: number): Measure => {
    refuseOver('depthMax', nesting);
    refuseOver('fieldsPerSetMax', set.selections.length);
    const total = { depth: 0, fields: 0 };
    for (const node of set.selections) {
      countDirectives(node, counts);
      const inner = node.kind === Kind.FRAGMENT_SPREAD ? ofFragment(node.name.value) : node.selectionSet ? ofSet(node.selectionSet, nesting + 1) : noMeasure;
      if (node.kind === Kind.FIELD) countAlias(node, counts);
      total.depth = Math.max(total.depth, inner.depth + (node.kind === Kind.FIELD ? 1 : 0));
      total.fields = Math.min(total.fields + inner.fields + (node.kind === Kind.FIELD ? 1 : 0), limits.expandedSelectionsMax + 1);
    }
    return total;
  };
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) ofFragment(definition.name.value);
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    for (const node of [definition, ...(definition.variableDefinitions ?? [])]) countDirectives(node, counts);
    const measure = ofSet(definition.selectionSet, 1);
    refuseOver('depthMax', measure.depth);
    refuseOver('expandedSelectionsMax', measure.fields);
  }
  refuseOver('aliasesMax', counts.aliases);
  refuseOver('directivesMax', counts.directives);
}

/** The one operation of a document; anything else is `BAD_REQUEST`. */
export function onlyOperation(document: DocumentNode): OperationDefinitionNode {
  const operations = document.definitions.filter((node): node is OperationDefinitionNode => node.kind === Kind.OPERATION_DEFINITION);
  const [operation] = operations;
  if (!operation || operations.length !== 1) throw new YiwangError('BAD_REQUEST', { hint: `a document holds exactly one operation, this one has ${operations.length}` });
  return operation;
}

/** Throws `LIMIT_EXCEEDED` when the answer could have more positions than `costMax`. The document is valid. */
export function checkCost(schema: GraphQLSchema, operation: OperationDefinitionNode, fragments: Fragments, variables: Variables): void {
  const root = schema.getRootType(operation.operation);
  if (!root) return;
  let cost = 0;
  const walk = (set: SelectionSetNode, parent: GraphQLCompositeType, factor: number, page: number | null): void => {
    for (const node of set.selections) {
      if (node.kind !== Kind.FIELD) {
        const fragment = node.kind === Kind.FRAGMENT_SPREAD ? fragments.get(node.name.value) : node;
        const condition = fragment?.typeCondition ? schema.getType(fragment.typeCondition.name.value) : parent;
        if (fragment && isCompositeType(condition)) walk(fragment.selectionSet, condition, factor, page);
        continue;
      }
      const field = fieldOf(parent, node.name.value);
      if (!field) continue; // `__typename` and introspection: bounded by depth
      cost += factor;
      refuseOver('costMax', cost);
      const type = getNamedType(field.type);
      if (!node.selectionSet || !isCompositeType(type)) continue;
      const asked = pageSize(node, field, variables);
      const items = isList(field.type) ? (page ?? asked ?? listItems) : 1;
      walk(node.selectionSet, type, Math.min(factor * items, limits.costMax + 1), isList(field.type) ? null : asked);
    }
  };
  walk(operation.selectionSet, root, 1, null);
}

export type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;
export type Variables = Readonly<Record<string, unknown>>;

export function fragmentsOf(document: DocumentNode): Fragments {
  const fragments = document.definitions.filter((node): node is FragmentDefinitionNode => node.kind === Kind.FRAGMENT_DEFINITION);
  return new Map(fragments.map((fragment) => [fragment.name.value, fragment]));
}

export function fieldOf(parent: GraphQLCompositeType, name: string): GraphQLField<unknown, unknown> | undefined {
  return isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined;
}

export function isList(type: GraphQLOutputType): boolean {
  return isListType(isNonNullType(type) ? type.ofType : type);
}

function countDirectives({ directives }: { directives?: readonly unknown[] | undefined }, counts: { directives: number }): void {
  const here = directives?.length ?? 0;
  refuseOver('directivesPerPlaceMax', here);
  counts.directives += here;
}

/** Throws `LIMIT_EXCEEDED` where a variable's value is nested deeper than is looked into. Its size is bounded by the body's. */
export function checkVariables(variables: Variables): void {
  let level: unknown[] = Object.values(variables);
  for (let depth = 0; level.length > 0; depth += 1) {
    refuseOver('variablesDepthMax', depth);
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? (Object.values(value) as unknown[]) : []));
  }
}

interface Measure {
  depth: number;
  fields: number;
}

const noMeasure: Measure = { depth: 0, fields: 0 };

// Names that begin with `__` belong to GraphQL; as an alias one could stand for a prototype or forge a `__typename`.
function countAlias(node: FieldNode, counts: { aliases: number }): void {
  if (!node.alias) return;
  counts.aliases += 1;
  if (node.alias.value.startsWith('__') && node.alias.value !== node.name.value) {
    throw new YiwangError('BAD_REQUEST', { hint: 'an alias does not begin with two underscores' });
  }
}

/** What a connection's field was asked for; the edges and nodes below it are that many. Null where it takes no page size. */
function pageSize(node: FieldNode, field: GraphQLField<unknown, unknown>, variables: Variables): number | null {
  if (!field.args.some((arg) => arg.name === 'first' || arg.name === 'last')) return null;
  for (const argument of node.arguments ?? []) {
    if (argument.name.value !== 'first' && argument.name.value !== 'last') continue;
    const value = argument.value.kind === Kind.INT ? Number(argument.value.value) : argument.value.kind === Kind.VARIABLE ? variables[argument.value.name.value] : undefined;
    if (typeof value === 'number' && value >= 0) return Math.ceil(value);
  }
  return pageItems;
}

function refuseOver(name: Exclude<keyof typeof limits, 'bodyBytesMax' | 'documentTokensMax' | 'validationErrorsMax' | 'planningMsMax' | 'planningSlowMsMax'>, value: number): void {
  if (value > limits[name]) throw new YiwangError('LIMIT_EXCEEDED', { hint: `the operation is over the limit \`${name}\` of ${limits[name]}` });
}
