import { YiwangError } from '../../base/errors.ts';
import type { PlannerName } from './planner.ts';
import { startPlanning, type Outcome } from './process.ts';

/** A planning process and those who wait for it: one document at a time, the shortest first. */
export interface Lane {
  /** Asks as often as `work` does, in one turn. Rejects with `LIMIT_EXCEEDED` where too many wait, or the turn comes after `until` (ms). */
  inTurn<T>(text: string, until: number, work: (ask: Ask) => Promise<T>): Promise<T>;
  end(): void;
}

/** The process is ended where it takes longer than `msMax`, and another is there for the next. */
export type Ask = (text: string, planner: PlannerName, msMax: number) => Promise<Outcome>;

/** A lane that is `kept` has its process at all times; another starts it when somebody asks. */
export function openLane(supergraphSdl: string, first: PlannerName, { kept, now }: { kept: boolean; now: () => number }): Lane {
  const started = () => startPlanning(supergraphSdl, first);
  let process = kept ? started() : undefined;
  let over = false;
  const ask: Ask = async (text, planner, msMax) => {
    if (!process || (process.ended() && !over)) process = started();
    const outcome = await process.ask(text, planner, msMax);
    if (kept && process.ended() && !over) process = started();
    return outcome;
  };
  const turns = shortestFirst();
  return {
    inTurn: (text, until, work) => turns(text.length, () => (now() < until ? work(ask) : Promise.reject(tooMany()))),
    end() {
      over = true;
      process?.end();
    },
  };
}

const waitingMax = 200;

/** Hard documents are long ones, most of them, and a process that was ended needs a while to start: easy ones go before them. */
function shortestFirst(): <T>(length: number, work: () => Promise<T>) => Promise<T> {
  const waiting: { length: number; start: () => Promise<unknown> }[] = [];
  let busy = false;
  const next = () => {
    if (busy || waiting.length === 0) return;
    const shortest = waiting.reduce((least, one) => (one.length < least.length ? one : least));
    waiting.splice(waiting.indexOf(shortest), 1);
    busy = true;
    void shortest.start().finally(() => {
      busy = false;
      next();
    });
  };
  return (length, work) => {
    if (waiting.length >= waitingMax) return Promise.reject(tooMany());
    return new Promise((resolve, reject) => {
      waiting.push({ length, start: () => work().then(resolve, reject) });
      next();
    });
  };
}

function tooMany(): YiwangError {
  return new YiwangError('LIMIT_EXCEEDED', { hint: 'too many new operations at once; try again' });
}
