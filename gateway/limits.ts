import { Kind, getNamedType, isCompositeType, isListType, isNonNullType, isObjectType, isInterfaceType, type DocumentNode, type FieldNode, type GraphQLCompositeType, type GraphQLField, type GraphQLOutputType, type GraphQLSchema, type OperationDefinitionNode, type SelectionSetNode } from 'graphql';
import { YiwangError } from '../base/errors.ts';
import { shapeLimits, type Fragments } from '../policy/operation-shape.ts';

export { checkShape, fragmentsOf, parseBounded, type Fragments } from '../policy/operation-shape.ts';

/**
 * Bounds on what one request may ask for, all checked before validation and planning, because both can be made to cost
 * more than linear time (threats.md, 14 and 15). One document holds one operation; requests are not batched.
 */
export const limits = {
  bodyBytesMax: 256 * 1024,
  ...shapeLimits,
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
/** Lists that are known to be longer: the matrix has a line for each field and each purpose of a kind. */
const longLists: Readonly<Record<string, number>> = { 'Query.policyMatrix': 4_000 };
/** The whole schema is asked for once in an operation, by tools; a few types by people. */
const introspectionCost: Readonly<Record<string, number>> = { __schema: 60_000, __type: 2_000 };
/** Items of a connection whose page size is not given. */
const pageItems = 20;

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
      cost += field ? factor : (introspectionCost[node.name.value] ?? 0);
      refuseOver('costMax', cost);
      if (!field) continue;
      const type = getNamedType(field.type);
      if (!node.selectionSet || !isCompositeType(type)) continue;
      const asked = pageSize(node, field, variables);
      const items = isList(field.type) ? (page ?? asked ?? longLists[`${parent.name}.${field.name}`] ?? listItems) : 1;
      walk(node.selectionSet, type, Math.min(factor * items, limits.costMax + 1), isList(field.type) ? null : asked);
    }
  };
  walk(operation.selectionSet, root, 1, null);
}

export type Variables = Readonly<Record<string, unknown>>;

export function fieldOf(parent: GraphQLCompositeType, name: string): GraphQLField<unknown, unknown> | undefined {
  return isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined;
}

export function isList(type: GraphQLOutputType): boolean {
  return isListType(isNonNullType(type) ? type.ofType : type);
}

/** Throws `LIMIT_EXCEEDED` where a variable's value is nested deeper than is looked into. Its size is bounded by the body's. */
export function checkVariables(variables: Variables): void {
  let level: unknown[] = Object.values(variables);
  for (let depth = 0; level.length > 0; depth += 1) {
    refuseOver('variablesDepthMax', depth);
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? (Object.values(value) as unknown[]) : []));
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

function refuseOver(name: 'costMax' | 'variablesDepthMax', value: number): void {
  if (value > limits[name]) throw new YiwangError('LIMIT_EXCEEDED', { hint: `the operation is over the limit \`${name}\` of ${limits[name]}` });
}
