import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Pool } from '../../base/db.ts';
import { invariant } from '../../base/errors.ts';
import { setCounty } from '../../cli/demo/county.ts';
import { requestRound } from '../../cli/demo/rounds.ts';
import { withHub } from '../../cli/hub.ts';
import { startServices } from '../../cli/services.ts';
import { sourceNeeds, sourceSecrets } from '../../cli/sources.ts';
import { waitForSync } from '../../jobs/sync.ts';
import { loadReference } from '../../jobs/reference.ts';
import { startSimulatorThread, type SimulatorThread } from '../../simulator/thread.ts';

export interface Served {
  pool: Pool;
  /** Events pushed and every stream synced: seconds until all is published, and until all is linked and clustered. */
  sync(): Promise<{ publishedSeconds: number; settledSeconds: number }>;
  advance(): Promise<void>;
  /** Lets the server write out what the sync left dirty, so that the next measurement does not pay for it. */
  settleDown(): Promise<void>;
  stop(): Promise<void>;
}

/** The hub with gateway, subgraphs and jobs, and the five sources beside it, as `demo` starts them; nothing is synced yet. */
export async function servedSources(home: string, databaseUrl: string): Promise<Served> {
  const port = await freePort();
  const dataset = join(home, 'dataset');
  const simulator = await startSimulatorThread({ dataset, port: 0, secrets: sourceSecrets(home), policeTarget: databaseUrl, ingestUrl: `http://127.0.0.1:${port}/ingest/hotline`, dropFolder: join(home, 'civil-drop') });
  const opened = Promise.withResolvers<Served>();
  const closing = Promise.withResolvers<void>();
  const ended = withHub(
    async (hub) => {
      await prepared(hub.pool, dataset);
      const services = await startServices(hub, new Set(['gateway', 'subgraphs', 'jobs']));
      const departments = Object.keys(hub.config.sources);
      opened.resolve({
        pool: hub.pool,
        sync: () => synced(hub.pool, departments, simulator),
        advance: async () => void (await simulator.advance()),
        settleDown: async () => void (await hub.pool.query('CHECKPOINT')),
        stop: async () => {
          closing.resolve();
          await ended;
        },
      });
      await closing.promise;
      await services.stop();
    },
    { env: { ...process.env, ...simulator.addresses, ...sourceSecrets(home), PORT: String(port) }, sources: await sourceNeeds() },
  ).finally(() => simulator.stop());
  ended.catch(opened.reject);
  return opened.promise;
}

async function synced(pool: Pool, departments: readonly string[], simulator: SimulatorThread): Promise<{ publishedSeconds: number; settledSeconds: number }> {
  const start = performance.now();
  const ids = await requestRound(pool, simulator.pushed(), { departments, requestedBy: 'bench' });
  let publishedSeconds = 0;
  const runs = await waitForSync(pool, ids, {
    timeoutMs: syncTimeoutMs,
    onProgress: ({ runsLeft }) => {
      if (runsLeft === 0 && publishedSeconds === 0) publishedSeconds = (performance.now() - start) / 1000;
    },
  });
  invariant(runs.every((run) => run.status === 'SUCCEEDED'), 'every run of the bench succeeded');
  return { publishedSeconds, settledSeconds: (performance.now() - start) / 1000 };
}

const syncTimeoutMs = 3_600_000;

async function prepared(pool: Pool, dataset: string): Promise<void> {
  await loadReference(pool);
  await setCounty(pool, dataset);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
