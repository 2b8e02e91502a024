import { YiwangError } from '../../base/errors.ts';
import { log } from '../../base/log.ts';
import { limits } from '../limits.ts';
import type { Step } from './plan.ts';
import type { PlannerName } from './planner.ts';
import { startPlanning, type Outcome } from './process.ts';

/** The planners, in a process of their own. */
export interface Planners {
  /** `LIMIT_EXCEEDED` for a document that takes too long, `INTERNAL` for one that nobody can plan. */
  plan(text: string): Promise<Step | null>;
  stop(): void;
}

/**
 * Plans with the first of `order` that can. The native planner can break in a way that ends its process (seen in 0.0.38),
 * it refuses some documents that can be planned and runs for minutes on others that are small (seed 8400015 of the
 * differential campaign); any planner can be made to run for long. Then its process is ended and another started, and what
 * the one planner cannot do in its time the next one does. Documents are planned one at a time.
 */
export function openPlanners(supergraphSdl: string, order: readonly PlannerName[], msMax: Readonly<Record<PlannerName, number>> = planningLimits): Planners {
  let process = startPlanning(supergraphSdl);
  let stopped = false;
  const ask = (text: string, planner: PlannerName): Promise<Outcome> => {
    if (process.ended() && !stopped) process = startPlanning(supergraphSdl);
    return process.ask(text, planner, msMax[planner]);
  };
  const planned = async (text: string): Promise<Step | null> => {
    let outcome: Outcome | undefined;
    for (const planner of order) {
      outcome = await ask(text, planner);
      if (typeof outcome === 'object' && 'step' in outcome) return outcome.step;
      // Its own words would quote the caller's document.
      if (!stopped) log.warn({ planner, code: typeof outcome === 'object' ? 'REFUSED' : codes[outcome] }, 'a planner could not plan an operation');
    }
    if (outcome === 'late') throw new YiwangError('LIMIT_EXCEEDED', { hint: 'the operation takes too long to plan: it is over the limit `planningMsMax`' });
    throw new YiwangError('INTERNAL', { detail: 'no planner could plan the operation' });
  };
  const inTurn = turns();
  return {
    plan: (text) => inTurn(() => planned(text)),
    stop() {
      stopped = true;
      process.end();
    },
  };
}

const codes = { late: 'LATE', broken: 'ENDED' } as const;
const planningLimits = { hive: limits.planningMsMax, apollo: limits.planningSlowMsMax };
const plansWaitingMax = 200;

/** One after another; refuses when too many wait. */
function turns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return (work) => {
    if (waiting >= plansWaitingMax) return Promise.reject(new YiwangError('LIMIT_EXCEEDED', { hint: 'too many new operations at once; try again' }));
    waiting += 1;
    const result = last.then(work).finally(() => (waiting -= 1));
    last = result.catch(() => undefined);
    return result;
  };
}
