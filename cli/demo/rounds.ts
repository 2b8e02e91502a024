import { YiwangError } from '../../base/errors.ts';
import type { FinishedRun } from '../../jobs/sync.ts';
import type { SimulatorThread } from '../../simulator/thread.ts';
import type { Hub } from '../hub.ts';
import { progressBar, say } from '../output.ts';
import { untilAborted } from '../stopping.ts';

/**
 * Syncs, lets the sources go on to their next round, and syncs again until none is left. Ends when every record is
 * published, linked and clustered; throws where a stream did not succeed. Later rounds are read whole, as the nightly
 * reconciliation does: sources back-date versions further than any overlap reaches.
 */
export async function syncEveryRound({ pool, config }: Hub, simulator: SimulatorThread, signal: AbortSignal): Promise<void> {
  const { requestSync, waitForSync } = await import('../../jobs/sync.ts');
  const departments = Object.keys(config.sources);
  for (let round = simulator.round; ; round = (await simulator.advance()).round) {
    const bar = progressBar(`sync 同步 ${round}/${simulator.last}`);
    try {
      await untilAborted(simulator.pushed(), signal);
      const ids = await requestSync(pool, { departments, full: round > 1, requestedBy: 'demo' });
      const runs = await waitForSync(pool, ids, { signal, onProgress: ({ runsLeft }) => bar.update(ids.length - runsLeft, ids.length) });
      refuseFailed(runs);
    } finally {
      bar.end();
    }
    say(`round ${round} of ${simulator.last} synced · 第 ${round} 轮同步完成`);
    if (round >= simulator.last) return;
  }
}

function refuseFailed(runs: readonly FinishedRun[]): void {
  const failed = runs.find((run) => run.status !== 'SUCCEEDED');
  if (failed) throw new YiwangError('SOURCE_UNAVAILABLE', { hint: `\`${failed.department}/${failed.stream}\` ended with ${failed.status}: ${failed.message ?? failed.errorCode ?? 'no reason given'}` });
}
