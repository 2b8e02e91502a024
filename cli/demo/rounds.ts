import type { Pool } from '../../base/db.ts';
import { connectors } from '../../connectors/registry.ts';
import type { SyncRequest } from '../../jobs/sync.ts';
import type { SimulatorThread } from '../../simulator/thread.ts';
import { refuseFailed } from '../failed-runs.ts';
import type { Hub } from '../hub.ts';
import { progressBar, say } from '../output.ts';
import { untilAborted } from '../stopping.ts';

/**
 * Syncs, lets the sources go on to their next round, and syncs again until none is left. Ends when every record is
 * published, linked and clustered; throws where a stream did not succeed. Later rounds are read whole, as the nightly
 * reconciliation does: sources back-date versions further than any overlap reaches.
 */
export async function syncEveryRound({ pool, config }: Hub, simulator: SimulatorThread, signal: AbortSignal): Promise<void> {
  const { waitForSync } = await import('../../jobs/sync.ts');
  const departments = Object.keys(config.sources);
  for (let round = simulator.round; ; round = (await simulator.advance()).round) {
    const bar = progressBar(`sync 同步 ${round}/${simulator.last}`);
    try {
      const ids = await requestRound(pool, untilAborted(simulator.pushed(), signal), { departments, full: round > 1, requestedBy: 'demo' });
      const runs = await waitForSync(pool, ids, { signal, onProgress: ({ runsLeft }) => bar.update(ids.length - runsLeft, ids.length) });
      refuseFailed(runs);
    } finally {
      bar.end();
    }
    say(`round ${round} of ${simulator.last} synced · 第 ${round} 轮同步完成`);
    if (round >= simulator.last) return;
  }
}

/** Asks for one run per stream while a source still pushes; for its own, which ask for what the push lost, once it has. */
export async function requestRound(pool: Pool, pushed: Promise<void>, { departments, ...request }: SyncRequest & { departments: readonly string[] }): Promise<string[]> {
  const { requestSync } = await import('../../jobs/sync.ts');
  pushed.catch(() => undefined); // it may fail before it is waited for
  const known = await connectors();
  const [pushing = [], pulled = []] = [true, false].map((pushes) => departments.filter((department) => (known.get(department)?.source.kind === 'events') === pushes));
  const ids = pulled.length > 0 ? await requestSync(pool, { ...request, departments: pulled }) : [];
  await pushed;
  return pushing.length > 0 ? [...ids, ...(await requestSync(pool, { ...request, departments: pushing }))] : ids;
}
