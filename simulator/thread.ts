import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { crossed, type CrossingError } from '../base/thread-error.ts';
import type { Simulator, SimulatorOptions } from './main.ts';

export type SimulatorThread = Pick<Simulator, 'addresses' | 'round' | 'last' | 'advance' | 'pushed' | 'stop'>;

/** What the thread says: that it serves, how far the pushes are, and the answer to a call. */
export type Said =
  | { kind: 'started'; addresses: Record<string, string>; last: number }
  | { kind: 'failed'; error: CrossingError }
  | { kind: 'progress'; done: number; total: number; label: string }
  | { kind: 'answered'; call: number; round: number; error?: CrossingError };

export interface Asked {
  call: number;
  method: 'advance' | 'pushed' | 'stop';
}

/** The sources are foreign systems: in a thread of their own they do not take the hub's time. Errors are those of `startSimulator`. */
export async function startSimulatorThread({ progress, ...options }: SimulatorOptions): Promise<SimulatorThread> {
  const worker = new Worker(new URL('./thread-main.ts', import.meta.url), { workerData: options });
  const waiting = new Map<number, PromiseWithResolvers<void>>();
  const starting = Promise.withResolvers<Extract<Said, { kind: 'started' }>>();
  let round = 1;
  worker.on('message', (said: Said) => {
    if (said.kind === 'started') starting.resolve(said);
    else if (said.kind === 'failed') starting.reject(crossed(said.error));
    else if (said.kind === 'progress') progress?.(said.done, said.total, said.label);
    else {
      round = said.round;
      const call = waiting.get(said.call);
      waiting.delete(said.call);
      if (said.error === undefined) call?.resolve();
      else call?.reject(crossed(said.error));
    }
  });
  worker.on('error', (error) => {
    starting.reject(error);
    for (const call of waiting.values()) call.reject(error);
  });
  let calls = 0;
  const ask = (method: Asked['method']) => {
    const call = Promise.withResolvers<void>();
    calls += 1;
    waiting.set(calls, call);
    worker.postMessage({ call: calls, method } satisfies Asked);
    return call.promise;
  };
  const started = await starting.promise;
  return {
    addresses: started.addresses,
    last: started.last,
    get round() {
      return round;
    },
    advance: async () => {
      await ask('advance');
      return { round, last: started.last };
    },
    pushed: () => ask('pushed'),
    stop: async () => {
      const ended = once(worker, 'exit');
      await ask('stop');
      await ended;
    },
  };
}
