import { once } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import { openPool } from '../base/db.ts';
import { invariant } from '../base/errors.ts';
import { crossing } from '../base/thread-error.ts';
import { startJobs } from './main.ts';
import type { ThreadOptions } from './thread.ts';

/** The thread that `thread.ts` starts: it runs until it is told to stop, and leaves no connection behind. */
async function main(): Promise<void> {
  invariant(parentPort, 'this file is run as a thread');
  const { config, ...options } = workerData as ThreadOptions;
  const tracing = config.traceEndpoint === undefined ? undefined : (await import('../base/tracing.ts')).startTracing(config.traceEndpoint);
  const pool = openPool(options.databaseUrl, { applicationName: 'yiwang-jobs' });
  // A Buffer that crosses to another thread arrives as plain bytes.
  try {
    const jobs = await startJobs({ ...options, config: { ...config, masterSecret: Buffer.from(config.masterSecret) }, pool });
    parentPort.postMessage(null);
    await once(parentPort, 'message');
    await jobs.stop();
  } catch (error) {
    parentPort.postMessage(crossing(error));
  } finally {
    await pool.end();
    await tracing?.stop();
    parentPort.close();
  }
}

await main();
