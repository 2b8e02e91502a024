import type { GraphQLSchema } from 'graphql';
import type { Policy } from '../policy/decide.ts';
import type { Purpose } from '../policy/purposes.ts';
import type { Viewer } from '../policy/viewer.ts';
import { accessLines } from './access.ts';
import type { Rules } from './answer.ts';
import type { Classes } from './classes.ts';
import type { Exchange } from './exchange.ts';
import { visibleSchema } from './introspection.ts';
import { policyJudge, viewerClass } from './judge.ts';
import { recent } from './recent.ts';

/** The hub's rules: the Cedar policy on classified coordinates. With `singleFlight`, one viewer's equal questions under way share an answer. */
export function policyRules(policy: Policy, classes: Classes, schema: GraphQLSchema, { singleFlight = false } = {}): Rules {
  const schemas = recent<GraphQLSchema>(schemasKeptMax);
  return {
    judge: ({ viewer, variables }) => policyJudge(policy, classes, viewer, variables),
    callerClass: ({ viewer }) => viewerClass(viewer),
    introspectable({ viewer, purposes }) {
      const key = `${viewerClass({ ...viewer, purpose: null, matterKey: null })} ${[...purposes].sort().join(' ')}`;
      return schemas.get(key) ?? schemas.set(key, visibleSchema(schema, (coordinate) => couldReveal(policy, classes, viewer, purposes, coordinate)));
    },
    access: ({ seen, asked }) => accessLines(seen, asked),
    // Everything about the viewer: rows go by organisation and territory, ids and cursors by who asks.
    ...(singleFlight ? { audience: ({ viewer }: Exchange) => JSON.stringify({ ...viewer, traceId: null }) } : {}),
  };
}

const schemasKeptMax = 200;

/** Whether some purpose of the caller's token, with a matter named, could ever show the field or use the input. */
function couldReveal(policy: Policy, classes: Classes, viewer: Viewer, purposes: readonly Purpose[], coordinate: string): boolean {
  const classified = classes.get(coordinate);
  const isInput = coordinate.includes('(');
  if (!classified) return isInput || !coordinate.includes('.'); // arguments without a class are page sizes and the like
  const effects = [null, ...purposes].map((purpose) => policy.best({ ...viewer, purpose, matterKey: 'any', matterNo: 'any' }, classified).effect);
  return isInput ? effects.includes('FULL') : effects.some((effect) => effect !== 'WITHHELD');
}
