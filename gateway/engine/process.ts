import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { PlanOpening, PlanReply, PlanRequest, PlannerName } from './planner.ts';

/** A running planning process. It is asked one thing at a time. */
export interface Planning {
  ask(text: string, planner: PlannerName, msMax: number): Promise<Outcome>;
  ended(): boolean;
  end(): void;
}

/** `late`: it took longer than it may, and the process was ended; `broken`: the process ended by itself. */
export type Outcome = PlanReply | 'late' | 'broken';

const startMsMax = 20_000;

/** Starts planning.ts, with one planner ready. It lives no longer than this process, and does not keep it alive. */
export function startPlanning(supergraphSdl: string, first: PlannerName): Planning {
  const child = fork(fileURLToPath(new URL('./planning.ts', import.meta.url)), { execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  const ready = Promise.withResolvers<void>();
  let over = false;
  let asked = 0;
  let heard: (outcome: Outcome) => void = () => undefined;
  const ended = () => {
    over = true;
    ready.resolve();
    heard('broken');
  };
  const end = () => {
    child.kill('SIGKILL');
    ended();
  };
  const tell = (message: PlanOpening | PlanRequest) => void child.send(message, (error) => error && end()); // it is gone, though its end was not heard of yet: nobody asks it again
  child.on('message', (message: 'loaded' | 'ready' | PlanReply) => {
    if (message === 'loaded') tell({ supergraphSdl, first });
    else if (message === 'ready') ready.resolve();
    else heard(message);
  });
  child.on('error', ended).on('exit', ended);
  child.unref();
  child.channel?.unref();

  const ask = async (text: string, planner: PlannerName, msMax: number): Promise<Outcome> => {
    const starting = setTimeout(end, startMsMax);
    await ready.promise;
    clearTimeout(starting);
    return new Promise((resolve) => {
      if (over) return resolve('broken');
      const id = (asked += 1);
      const settle = (outcome: Outcome) => {
        clearTimeout(timer);
        heard = () => undefined;
        resolve(outcome);
      };
      const timer = setTimeout(() => {
        settle('late');
        end();
      }, msMax);
      heard = (outcome) => (typeof outcome === 'string' || outcome.id === id) && settle(outcome);
      tell({ id, text, planner });
    });
  };
  return { ask, ended: () => over, end };
}
