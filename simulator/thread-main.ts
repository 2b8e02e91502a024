import { parentPort, workerData } from 'node:worker_threads';
import { invariant } from '../base/errors.ts';
import { crossing } from '../base/thread-error.ts';
import { startSimulator, type SimulatorOptions } from './main.ts';
import type { Asked, Said } from './thread.ts';

/** The thread that `thread.ts` starts: serves the data set and does what it is asked until it is stopped. */
async function main(): Promise<void> {
  invariant(parentPort, 'this file is run as a thread');
  const port = parentPort;
  const say = (said: Said) => port.postMessage(said);
  let toldAt = 0;
  const simulator = await startSimulator({
    ...(workerData as SimulatorOptions),
    progress: (done, total, label) => {
      if (done < total && Date.now() - toldAt < progressEveryMs) return;
      toldAt = Date.now();
      say({ kind: 'progress', done, total, label });
    },
  });
  port.on('message', ({ call, method }: Asked) => {
    void simulator[method]()
      .then(
        () => say({ kind: 'answered', call, round: simulator.round }),
        (error: unknown) => say({ kind: 'answered', call, round: simulator.round, error: crossing(error) }),
      )
      .finally(() => {
        if (method === 'stop') port.close();
      });
  });
  say({ kind: 'started', addresses: simulator.addresses, last: simulator.last });
}

const progressEveryMs = 100;

await main().catch((error: unknown) => {
  parentPort?.postMessage({ kind: 'failed', error: crossing(error) } satisfies Said);
  parentPort?.close();
});
