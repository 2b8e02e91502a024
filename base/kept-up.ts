import type { ChildProcess } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { log, safeError } from './log.ts';

const restartAttemptsMax = 60;
const restartPauseMs = 1000; // what is left of a killed server holds its shared memory for a moment

/**
 * A server that ends although nobody stopped it (killed for memory, most often) is started again. `again` gives nothing
 * while another process holds its port or its data: another command of the same home may serve them for its own time. What
 * is returned ends the one that runs by then, for good.
 */
export function keptUp(first: ChildProcess, again: () => Promise<ChildProcess | undefined>, end: (server: ChildProcess) => Promise<void>): () => Promise<void> {
  let server = first;
  let stopping = false;
  let restarting = Promise.resolve();
  const watch = () => {
    server.once('exit', () => {
      if (!stopping) restarting = restart();
    });
  };
  const restart = async () => {
    log.error('the embedded PostgreSQL ended although nobody stopped it; it is started again');
    for (let attempt = 0; attempt < restartAttemptsMax && !stopping; attempt += 1) {
      await pause(restartPauseMs);
      const next = await again().catch(failedOnce);
      if (!next) continue;
      server = next;
      watch();
      return;
    }
    if (!stopping) log.error('the embedded PostgreSQL does not start again; end this and start it anew (`demo --keep` goes on with its data)');
  };
  watch();
  return async () => {
    stopping = true;
    await restarting;
    await end(server);
  };
}

/** Another server that took the port meanwhile refuses our password, a disk is full for a moment: the next attempt may do. */
function failedOnce(error: unknown): undefined {
  log.warn({ err: safeError(error) }, 'the embedded PostgreSQL could not be started again');
}
