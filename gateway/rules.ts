import type { GraphQLSchema } from 'graphql';
import type { Policy } from '../policy/decide.ts';
import type { Purpose } from '../policy/purposes.ts';
import type { Viewer } from '../policy/viewer.ts';
import { accessLines } from './access.ts';
import type { Rules } from './answer.ts';
import type { Classes } from './classes.ts';
import type { Exchange } from './exchange.ts';
import { coded, federationJudge, grantsClass } from './federation/judge.ts';
import { noGrants, type Grants } from '../policy/federation/requirement.ts';
import { visibleSchema } from './introspection.ts';
import { policyJudge, viewerClass } from './judge.ts';
import type { Judge } from './prune.ts';
import { recent } from './recent.ts';
import type { Requirements } from '../policy/federation/requirements.ts';

/**
 * The hub's rules: the Cedar policy on classified coordinates, and beside it the federation's own directives, which other
 * teams' subgraphs bring; what either refuses is refused. With `singleFlight`, one viewer's equal questions under way share an
 * answer.
 */
export function policyRules(policy: Policy, classes: Classes, requirements: Requirements, schema: GraphQLSchema, { singleFlight = false } = {}): Rules {
  const schemas = recent<GraphQLSchema>(schemasKeptMax);
  return {
    judge: ({ viewer, variables, grants }) => both(policyJudge(policy, classes, viewer, variables), federationJudge(requirements, grants, variables)),
    callerClass: ({ viewer, grants }) => viewerClass(viewer) + grantsClass(requirements, grants),
    introspectable({ viewer, purposes, grants }) {
      const key = `${viewerClass({ ...viewer, purpose: null, matterKey: null })} ${[...purposes].sort().join(' ')} ${grantsClass(requirements, grants)}`;
      const isShown = (coordinate: string) => couldReveal(policy, classes, viewer, purposes, coordinate) && isGranted(requirements, coordinate, grants);
      return schemas.get(key) ?? schemas.set(key, visibleSchema(schema, isShown));
    },
    access: ({ seen, asked }) => coded(accessLines(seen, asked)),
    // Everything about the viewer: rows go by organisation and territory, ids and cursors by who asks.
    ...(singleFlight ? { audience: ({ viewer, grants }: Exchange) => JSON.stringify({ ...viewer, traceId: null }) + grantsClass(requirements, grants) } : {}),
  };
}

interface OneJudge {
  judge: Judge;
  dependsOnVariables(): boolean;
}

function both(one: OneJudge, other: OneJudge): OneJudge {
  return { judge: (type, node) => one.judge(type, node) ?? other.judge(type, node), dependsOnVariables: () => one.dependsOnVariables() || other.dependsOnVariables() };
}

const schemasKeptMax = 200;

function isGranted(requirements: Requirements, coordinate: string, grants: Grants | null): boolean {
  const [type = '', field = ''] = coordinate.split('.');
  return coordinate.includes('(') || requirements.allows(type, field, grants ?? noGrants);
}

/** Whether some purpose of the caller's token, with a matter named, could ever show the field or use the input. */
function couldReveal(policy: Policy, classes: Classes, viewer: Viewer, purposes: readonly Purpose[], coordinate: string): boolean {
  const classified = classes.get(coordinate);
  const isInput = coordinate.includes('(');
  if (!classified) return isInput || !coordinate.includes('.'); // arguments without a class are page sizes and the like
  const effects = [null, ...purposes].map((purpose) => policy.best({ ...viewer, purpose, matterKey: 'any', matterNo: 'any' }, classified).effect);
  return isInput ? effects.includes('FULL') : effects.some((effect) => effect !== 'WITHHELD');
}
