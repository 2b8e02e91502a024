import { sha256Hex } from '../../base/canonical.ts';
import { YiwangError } from '../../base/errors.ts';
import { log } from '../../base/log.ts';
import { limits } from '../limits.ts';
import { recent } from '../recent.ts';
import { openLane, type Ask } from './lane.ts';
import type { Step } from './plan.ts';
import type { PlannerName } from './planner.ts';
import type { Outcome } from './process.ts';

/** The planners, in processes of their own. */
export interface Planners {
  /** `LIMIT_EXCEEDED` for a document that takes too long, `INTERNAL` for one that nobody can plan. `among`: those that may be asked, all unless told. */
  plan(text: string, among?: readonly PlannerName[]): Promise<Step | null>;
  stop(): void;
}

export interface Patience {
  /** For a document from its first asking, its waiting included. */
  operationMsMax?: number;
  /** Milliseconds; any clock that does not go back. */
  now?: () => number;
}

/**
 * Plans with the first of `order` that can. The native planner can break in a way that ends its process (seen in 0.0.38),
 * it refuses some documents that can be planned and runs for minutes on others that are small (seed 8400015 of the
 * differential campaign); any planner can be made to run for long. Then its process is ended and another started, and what
 * the one planner cannot do in its time the next one does.
 *
 * Every document has a short time in one lane; what is not planned in it goes on in another, with its own process, so that
 * an easy document waits behind a hard one for no longer than that, and for the process that takes the place of an ended one. What could not be planned in its full time is refused
 * at once for ten minutes, under whatever name of the operation.
 */
export function openPlanners(supergraphSdl: string, order: readonly PlannerName[], msMax: Readonly<Record<PlannerName, number>> = planningLimits, { operationMsMax = documentMsMax, now = () => performance.now() }: Patience = {}): Planners {
  const first = order[0]!;
  const quickMs = Math.min(quickMsMax[first], msMax[first]);
  const quick = openLane(supergraphSdl, first, { kept: true, now });
  const thorough = openLane(supergraphSdl, first, { kept: false, now });
  const refusedUntil = recent<number>(refusedMax);
  let stopped = false;

  const attempt = async (ask: Ask, text: string, planner: PlannerName, ms: number): Promise<Outcome> => {
    const outcome = await ask(text, planner, ms);
    // Its own words would quote the caller's document.
    if (!isPlanned(outcome) && !stopped) log.warn({ planner, code: typeof outcome === 'object' ? 'REFUSED' : codes[outcome] }, 'a planner could not plan an operation');
    return outcome;
  };
  const thoroughly = async (ask: Ask, text: string, remaining: readonly PlannerName[], until: number): Promise<Outcome | undefined> => {
    let outcome: Outcome | undefined;
    for (const planner of remaining) {
      const left = until - now();
      if (left <= 0) return undefined;
      outcome = await attempt(ask, text, planner, Math.min(msMax[planner], left));
      if (isPlanned(outcome)) return outcome;
      if (outcome === 'late' && left < msMax[planner]) return undefined;
    }
    return outcome;
  };
  return {
    async plan(text, among = order) {
      const key = sha256Hex(text.replace(operationName, '$1 ').trimStart());
      if ((refusedUntil.get(key) ?? 0) > now()) throw takesTooLong();
      const until = now() + operationMsMax;
      let outcome = among.includes(first) ? await quick.inTurn<Outcome | undefined>(text, until, (ask) => attempt(ask, text, first, quickMs)) : undefined;
      const remaining = outcome === 'late' && quickMs < msMax[first] ? among : among.filter((one) => one !== first);
      if (!(outcome && isPlanned(outcome)) && remaining.length > 0) outcome = await thorough.inTurn(text, until, (ask) => thoroughly(ask, text, remaining, until));
      if (outcome && isPlanned(outcome)) return outcome.step;
      if (outcome === 'late') refusedUntil.set(key, now() + refusedMs);
      if (outcome === 'late' || outcome === undefined) throw takesTooLong();
      throw new YiwangError('INTERNAL', { detail: 'no planner could plan the operation' });
    },
    stop() {
      stopped = true;
      quick.end();
      thorough.end();
    },
  };
}

export function takesTooLong(): YiwangError {
  return new YiwangError('LIMIT_EXCEEDED', { hint: 'the operation takes too long to plan: it is over the limit `planningMsMax`' });
}

const codes = { late: 'LATE', broken: 'ENDED' } as const;
const planningLimits = { hive: limits.planningMsMax, apollo: limits.planningSlowMsMax };
/** Many times what an ordinary document takes, on a busy machine. */
const quickMsMax = { hive: 250, apollo: 1_000 } as const;
const documentMsMax = 25_000;
const refusedMs = 600_000;
const refusedMax = 10_000;
const operationName = /^(?:query|(mutation))\s*\w*\s*/;

function isPlanned(outcome: Outcome): outcome is Extract<Outcome, { step: unknown }> {
  return typeof outcome === 'object' && 'step' in outcome;
}
