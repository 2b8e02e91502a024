import { Supergraph, operationFromDocument } from '@apollo/federation-internals';
import { QueryPlanner, type FetchDataRewrite, type FetchNode, type PlanNode, type QueryPlanSelectionNode } from '@apollo/query-planner';
import { Kind, type DocumentNode, type GraphQLSchema, type SelectionSetNode } from 'graphql';
import { Invariant, YiwangError } from '../../base/errors.ts';
import { fragmentsOf, onlyOperation, plansEvaluatedMax, planningPathsMax, type Fragments } from '../limits.ts';
import type { Path, Required, Rewrite, Segment, Step } from './plan.ts';
import type { Planner } from './planner.ts';

/** The schema that callers see: without what is `@inaccessible`. Throws `CONFIG` for a supergraph that is broken or needs what this gateway does not know. */
export function readSchema(supergraphSdl: string): GraphQLSchema {
  try {
    return Supergraph.build(supergraphSdl).apiSchema().toGraphQLJSSchema();
  } catch (error) {
    throw new YiwangError('CONFIG', { hint: 'the supergraph cannot be served: it is broken, or needs something this gateway does not know', cause: error });
  }
}

/** Apollo's planner: the reference, and what plans where the native one is missing or gives up. */
export function apolloPlanner(supergraphSdl: string): Planner {
  const supergraph = Supergraph.build(supergraphSdl);
  const schema = supergraph.apiSchema();
  const planner = new QueryPlanner(supergraph, { debug: { maxEvaluatedPlans: plansEvaluatedMax, pathsLimit: planningPathsMax } });
  return {
    plan(_text, document) {
      const { node } = planner.buildQueryPlan(operationFromDocument(schema, document, { validate: false }));
      if (node?.kind === 'Subscription') throw new YiwangError('BAD_REQUEST', { hint: 'there are no subscriptions in this graph' });
      // It has no plan, and says so by an empty one, for fields that nobody can resolve.
      if (!node && asksFields(document)) throw new Invariant('the planner found nobody to ask about the fields of an operation');
      return node ? stepOf(node, []) : null;
    },
  };
}

/** Whether the document asks for a root field, whatever its variables are. */
function asksFields(document: DocumentNode): boolean {
  return fieldsAsked(onlyOperation(document).selectionSet, fragmentsOf(document));
}

function fieldsAsked({ selections }: SelectionSetNode, fragments: Fragments): boolean {
  return selections.some((node) => {
    if (node.directives?.length) return false; // it may be skipped
    if (node.kind === Kind.FIELD) return !node.name.value.startsWith('__');
    const fragment = node.kind === Kind.FRAGMENT_SPREAD ? fragments.get(node.name.value) : node;
    return fragment !== undefined && fieldsAsked(fragment.selectionSet, fragments);
  });
}

function stepOf(node: PlanNode, at: Path): Step {
  switch (node.kind) {
    case 'Sequence':
      return { kind: 'Sequence', steps: node.nodes.map((one) => stepOf(one, at)) };
    case 'Parallel':
      return { kind: 'Parallel', steps: node.nodes.map((one) => stepOf(one, at)) };
    case 'Flatten':
      return stepOf(node.node, [...at, ...node.path.map(String)]);
    case 'Condition':
      return { kind: 'Condition', variable: node.condition, then: node.ifClause ? stepOf(node.ifClause, at) : null, otherwise: node.elseClause ? stepOf(node.elseClause, at) : null };
    case 'Fetch':
      return fetchOf(node, at);
    default:
      throw new Invariant(`a plan holds no step of the kind ${node.kind}`);
  }
}

function fetchOf(node: FetchNode, at: Path): Step {
  const [inputRewrites, outputRewrites] = [rewritesOf(node.inputRewrites), rewritesOf(node.outputRewrites)];
  const entities = node.requires ? [{ alias: '_entities', variable: 'representations', paths: [at], requires: requiredOf(node.requires), inputRewrites, outputRewrites }] : [];
  return { kind: 'Fetch', subgraph: node.serviceName, operation: node.operation, operationName: node.operationName, isMutation: node.operationKind === 'mutation', variables: node.variableUsages ?? [], at, entities, outputRewrites: node.requires ? [] : outputRewrites };
}

function requiredOf(selections: readonly QueryPlanSelectionNode[]): Required[] {
  return selections.flatMap((one): Required[] => {
    if (one.kind === 'Field') return [{ kind: 'field', from: [one.alias ?? one.name], to: one.alias ?? one.name, selections: one.selections?.length ? requiredOf(one.selections) : null }];
    return one.typeCondition === undefined ? [] : [{ kind: 'on', type: one.typeCondition, selections: requiredOf(one.selections) }];
  });
}

function rewritesOf(rewrites: readonly FetchDataRewrite[] | undefined): Rewrite[] {
  return (rewrites ?? []).map((one) => (one.kind === 'KeyRenamer' ? { kind: 'rename', path: rewritePath(one.path), to: one.renameKeyTo } : { kind: 'set', path: rewritePath(one.path), value: one.setValueTo }));
}

const onType = '... on ';

function rewritePath(path: readonly string[]): Segment[] {
  return path.map((segment) => (segment.startsWith(onType) ? { types: [segment.slice(onType.length)] } : segment));
}
