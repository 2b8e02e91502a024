import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openDatabases } from './databases.ts';
import type { Heard, Order } from './worker.ts';

// `npm run fuzz:access -- --runs N --seed S [--workers 2]`: see docs/access-proof.md.
const { values } = parseArgs({ options: { runs: { type: 'string', default: '1000' }, seed: { type: 'string', default: '1' }, workers: { type: 'string', default: '1' } } });
const [runs, seed, workers] = [Number(values.runs), Number(values.seed), Number(values.workers)];
/** Each worker draws its worlds from seeds of its own. */
const seedsOfWorker = 1_000_000;
const workersMax = 64;
const tellEveryMs = 60_000;

if (![runs, seed, workers].every(Number.isSafeInteger) || runs < 1 || workers < 1 || workers > workersMax) {
  process.stderr.write('usage: npm run fuzz:access -- [--runs N] [--seed S] [--workers N]\n');
  process.exitCode = 2;
} else process.exitCode = (await inWorkers()) ? 0 : 1;

async function inWorkers(): Promise<boolean> {
  const databases = await openDatabases();
  const done = new Array<number>(workers).fill(0);
  const startedAtMs = performance.now();
  let toldAtMs = startedAtMs;
  const heard = (index: number, message: Heard) => {
    if ('text' in message) return void process.stdout.write(message.text);
    done[index] = message.operations;
    const isTime = process.stderr.isTTY || performance.now() - toldAtMs > tellEveryMs;
    if (!isTime) return;
    toldAtMs = performance.now();
    const all = done.reduce((sum, one) => sum + one, 0);
    process.stderr.write(`${process.stderr.isTTY ? '\r' : ''}${all} of ${runs} operations, ${((all * 1000) / (toldAtMs - startedAtMs)).toFixed(1)} a second${process.stderr.isTTY ? '' : '\n'}`);
  };
  const children: ChildProcess[] = [];
  try {
    const codes = await Promise.all(done.map(async (_, index) => {
      const urls = await databases.pair(`worker_${index}`);
      const child = fork(fileURLToPath(new URL('./worker.ts', import.meta.url)), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
      children.push(child);
      child.on('message', (message: Heard) => heard(index, message));
      child.send({ urls, seed: seed + index * seedsOfWorker, runs: Math.ceil(runs / workers) } satisfies Order);
      return new Promise<number | null>((resolve) => child.on('exit', resolve));
    }));
    return codes.every((code) => code === 0);
  } finally {
    for (const child of children) child.kill();
    await databases.close();
  }
}
