import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { crossed, type CrossingError } from '../base/thread-error.ts';
import type { JobsOptions, RunningJobs } from './main.ts';

export type ThreadOptions = Pick<JobsOptions, 'config' | 'databaseUrl' | 'concurrency'>;

/** A page of records lives as long as its transaction: with less room it would be copied among the old before it dies. */
const maxYoungGenerationSizeMb = 192;

/**
 * The jobs of `main.ts` in a thread of this process with connections of its own, so that judging a page or linking a county
 * never keeps a caller of the gateway waiting. A mistake in it ends the process, as it would on the main thread.
 */
export async function startJobsThread(options: ThreadOptions): Promise<RunningJobs> {
  const worker = new Worker(new URL('./thread-main.ts', import.meta.url), { workerData: options, resourceLimits: { maxYoungGenerationSizeMb } });
  const [failure] = (await once(worker, 'message')) as [CrossingError | null];
  if (failure) throw crossed(failure);
  worker.on('error', (error) => {
    setImmediate(() => {
      throw error;
    });
  });
  return {
    stop: async () => {
      const ended = once(worker, 'exit');
      worker.postMessage('stop');
      await ended;
    },
  };
}
