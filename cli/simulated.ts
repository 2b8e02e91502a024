import { join } from 'node:path';
import type { SimulatorThread } from '../simulator/thread.ts';
import { readConfig } from '../base/config.ts';
import { startEmbeddedPostgres } from '../base/embedded.ts';
import { YiwangError } from '../base/errors.ts';
import { writePrivateFile } from '../base/home.ts';
import { demoDataset } from './demo/dataset.ts';
import { stopEmbedded } from './hub.ts';
import { sourceSecrets } from './sources.ts';

export const residentsDefault = 5000;
const simulatorPortOffset = 200;

export interface Simulated {
  /** `POLICE_SOURCE_URL` and the others, with their secrets: what the hub's environment needs. */
  env: Record<string, string>;
  stop(): Promise<void>;
}

/**
 * The simulator as one of the services: serves the data set of `YIWANG_DATASET`, or the demo's county, 200 ports above the
 * gateway. What the hub needs to read it stands in `$YIWANG_HOME/simulator.env`, as after `simulate`. Never in production.
 */
export async function startSimulated(env: NodeJS.ProcessEnv = process.env): Promise<Simulated> {
  if (env['NODE_ENV'] === 'production') throw new YiwangError('CONFIG', { hint: 'the simulator does not run with NODE_ENV=production' });
  const { home, databaseUrl, port } = readConfig({ env, sources: [] });
  const dataset = await demoDataset(home, env['YIWANG_DATASET'] || undefined, residentsDefault);
  const embedded = databaseUrl === undefined ? await startEmbeddedPostgres({ home, keepUp: true }) : undefined;
  try {
    const simulator = await simulatorBeside({ home, port, dataset, policeTarget: embedded?.url ?? databaseUrl });
    const needed = writeSourceEnv(home, simulator.addresses).env;
    return { env: needed, stop: () => simulator.stop().finally(() => (embedded ? stopEmbedded(embedded) : undefined)) };
  } catch (error) {
    if (embedded) await stopEmbedded(embedded);
    throw error;
  }
}

export interface Beside {
  home: string;
  /** The gateway's. */
  port: number;
  dataset: string;
  policeTarget: string | undefined;
  progress?: (done: number, total: number) => void;
}

/** The simulator in a thread, 200 ports above a gateway and pushing to it. */
export async function simulatorBeside({ home, port, progress, ...more }: Beside): Promise<SimulatorThread> {
  const { startSimulatorThread } = await import('../simulator/thread.ts');
  return startSimulatorThread({
    ...more,
    port: simulatorPort(port),
    secrets: sourceSecrets(home),
    ingestUrl: `http://127.0.0.1:${port}/ingest/hotline`,
    dropFolder: join(home, 'civil-drop'),
    ...(progress ? { progress } : {}),
  });
}

/** 200 above the gateway's; any free one where that is. */
export function simulatorPort(port: number): number {
  return port === 0 ? 0 : port + simulatorPortOffset;
}

/** What a hub's environment needs to read the simulator, secrets included, and the file in the home that says so. */
export function writeSourceEnv(home: string, addresses: Record<string, string>): { file: string; env: Record<string, string> } {
  const file = join(home, 'simulator.env');
  const env = { ...addresses, ...sourceSecrets(home) };
  writePrivateFile(file, Object.entries(env).map(([name, value]) => `${name}=${value}\n`).join(''));
  return { file, env };
}
