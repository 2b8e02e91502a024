import type { FetchNode, FetchRewrite, FlattenNodePathSegment, PlanNode, RequiresSelection } from '@graphql-hive/router-query-planner';
import { Invariant } from '../../base/errors.ts';
import { callable } from './callable.ts';
import { forInterfaceObjects } from './interface-objects.ts';
import { keysKnown } from './known-keys.ts';
import { eachItem, type Entities, type Fetch, type Path, type Required, type Rewrite, type Segment, type Step } from './plan.ts';
import type { Planner } from './planner.ts';

/** The planner of Hive Router (Rust, a native module). Undefined where this machine has no build of it. It can end its process. */
export async function hivePlanner(supergraphSdl: string): Promise<Planner | undefined> {
  const native = await import('@graphql-hive/router-query-planner').catch(() => undefined);
  if (!native) return undefined;
  const planner = new native.QueryPlanner(supergraphSdl);
  const mended = forInterfaceObjects(supergraphSdl);
  const checked = callable(supergraphSdl);
  return {
    plan(text) {
      const { node } = planner.plan(text, null, noLabels, neverOverridden);
      return node ? keysKnown(checked(mended(stepOf(node, [])))) : null;
    },
  };
}

/** Progressive overrides (`@override(label:)`) stay off, as in @apollo/gateway. */
const noLabels = new Set<string>();
const neverOverridden = 100;

function stepOf(node: PlanNode, at: Path): Step {
  switch (node.kind) {
    case 'Sequence':
      return { kind: 'Sequence', steps: node.nodes.map((one) => stepOf(one, at)) };
    case 'Parallel':
      return { kind: 'Parallel', steps: node.nodes.map((one) => stepOf(one, at)) };
    case 'Flatten':
      return stepOf(node.node, [...at, ...pathOf(node.path)]);
    case 'Condition':
      return { kind: 'Condition', variable: node.condition, then: node.ifClause ? stepOf(node.ifClause, at) : null, otherwise: node.elseClause ? stepOf(node.elseClause, at) : null };
    case 'Fetch':
      return fetchOf(node, at, node.requires ? [soleEntities(node, node.requires, at)] : [], rewritesOf(node.outputRewrites));
    case 'BatchFetch':
      return fetchOf(node, [], node.entityBatch.aliases.map((one) => ({ alias: one.alias, variable: one.representationsVariableName, paths: one.paths.map((path) => [...at, ...pathOf(path)]), requires: requiredOf(one.requires), inputRewrites: rewritesOf(one.inputRewrites), outputRewrites: rewritesOf(one.outputRewrites) })), []);
    default:
      throw new Invariant(`a plan holds no step of the kind ${node.kind}`);
  }
}

type Called = Pick<FetchNode, 'serviceName' | 'operation' | 'operationName' | 'operationKind' | 'variableUsages'>;

function fetchOf(node: Called, at: Path, entities: Entities[], outputRewrites: Rewrite[]): Fetch {
  return { kind: 'Fetch', subgraph: node.serviceName, operation: node.operation, operationName: node.operationName, isMutation: node.operationKind === 'mutation', variables: node.variableUsages ?? [], at, entities, outputRewrites: entities.length > 0 ? [] : outputRewrites };
}

function soleEntities(node: FetchNode, requires: RequiresSelection[], at: Path): Entities {
  return { alias: '_entities', variable: 'representations', paths: [at], requires: requiredOf(requires), inputRewrites: rewritesOf(node.inputRewrites), outputRewrites: rewritesOf(node.outputRewrites) };
}

function pathOf(path: readonly FlattenNodePathSegment[]): Segment[] {
  return path.map((segment) => (segment === eachItem ? eachItem : 'Field' in segment ? segment.Field : { types: segment.TypeCondition }));
}

function requiredOf(selections: readonly RequiresSelection[]): Required[] {
  return selections.map((one): Required => {
    if (one.kind === 'InlineFragment') return { kind: 'on', type: one.typeCondition, selections: requiredOf(one.selections) };
    if (one.kind !== 'Field') throw new Invariant('a representation is made of fields and inline fragments');
    const from = one.alias === undefined || one.alias === one.name ? [one.name] : [one.name, one.alias];
    return { kind: 'field', from, to: one.alias ?? one.name, selections: one.selections?.length ? requiredOf(one.selections) : null };
  });
}

function rewritesOf(rewrites: readonly FetchRewrite[] | undefined): Rewrite[] {
  return (rewrites ?? []).map((rewrite): Rewrite => {
    if ('KeyRenamer' in rewrite) return { kind: 'rename', path: rewritePath(rewrite.KeyRenamer.path), to: rewrite.KeyRenamer.renameKeyTo };
    const setter = 'ValueSetter' in rewrite ? rewrite.ValueSetter : rewrite;
    return { kind: 'set', path: rewritePath(setter.path), value: setter.setValueTo };
  });
}

function rewritePath(path: readonly ({ TypenameEquals: string[] } | { Key: string })[]): Segment[] {
  return path.map((segment) => ('Key' in segment ? segment.Key : { types: segment.TypenameEquals }));
}
