import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../../base/departments.ts';
import { YiwangError } from '../../base/errors.ts';
import { machine, machineText, written } from '../measure.ts';
import { benchHeaders, guardedCommand, openDatabase, startSubgraphs } from './main.ts';

const secondsDefault = 3_600;
const heapsMax = 30;
const callers = 8;
const coldOperations = 200;
const mib = 2 ** 20;

/**
 * `yiwang bench memory`: operations that are all different, each asked once, through the guarded gateway for an hour (or
 * `--seconds N`): what is in use after a collection, at intervals; and before that what a first-seen operation costs more
 * than the same asked again.
 */
export async function benchMemory({ durationSeconds = secondsDefault }: { durationSeconds?: number }): Promise<string> {
  const subgraphs = await startSubgraphs();
  const folder = mkdtempSync(join(tmpdir(), 'yiwang-bench-memory-'));
  const database = await openDatabase(folder);
  const server = await startGateway(guardedCommand(subgraphs.port, database.url));
  try {
    const ask = asker(server.port);
    const cold = await coldCost(ask);
    const heaps = await flooded(ask, server.heap, durationSeconds);
    const result = { machine: machine(), durationSeconds, operations: asked, refused, ...cold, heapMiB: heaps };
    written('memory', result);
    return text(result);
  } finally {
    server.stop();
    await database.stop();
    subgraphs.stop();
    rmSync(folder, { recursive: true });
  }
}

interface Result {
  machine: ReturnType<typeof machine>;
  durationSeconds: number;
  operations: number;
  /** Of them, given up because the machine was too slow. */
  refused: number;
  firstMs: number;
  againMs: number;
  heapMiB: number[];
}

/** What a gateway answers whose machine is busy with other things: it took too long to plan, or to write down. */
const busyCodes = new Set(['LIMIT_EXCEEDED', 'AUDIT_UNWRITTEN', 'SUBGRAPH_UNAVAILABLE']);
let refused = 0;

type Ask = (query: string) => Promise<void>;
let asked = 0;

/** Different from every other: another alias, and other fields. */
function operation(number: number): string {
  const fields = ['inStock', 'name', 'price', 'shippingEstimate', 'weight'].filter((_, bit) => (number >> bit) % 2 === 1).join(' ');
  return `query Q${number} { topProducts(first: ${1 + (number % 9)}) { upc ${fields} a${number}: reviews { id author { username name } } } users { id ${number % 2 === 0 ? 'name' : 'reviews { id product { upc name } }'} } }`;
}

const tokenMsMax = 300_000;

function asker(port: number): Ask {
  let [headers, mintedAtMs] = [benchHeaders(), performance.now()];
  return async (query) => {
    if (performance.now() - mintedAtMs > tokenMsMax) [headers, mintedAtMs] = [benchHeaders(), performance.now()];
    const response = await fetch(`http://127.0.0.1:${port}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', ...(await headers) }, body: JSON.stringify({ query }) });
    const { errors } = (await response.json()) as { errors?: { extensions: { code: string; retryable: boolean } }[] };
    const [error] = errors ?? [];
    if (error && !busyCodes.has(error.extensions.code)) throw new YiwangError('INTERNAL', { hint: `the gateway refused an operation of the memory bench with ${error.extensions.code}` });
    if (error) refused += 1;
  };
}

async function coldCost(ask: Ask): Promise<{ firstMs: number; againMs: number }> {
  for (let warm = 0; warm < coldOperations; warm += 1) await ask(operation((asked += 1)));
  const [first, again]: [number[], number[]] = [[], []];
  for (let at = 0; at < coldOperations; at += 1) {
    const query = operation((asked += 1));
    for (const times of [first, again]) {
      const started = performance.now();
      await ask(query);
      times.push(performance.now() - started);
    }
  }
  return { firstMs: median(first), againMs: median(again) };
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** Heap in MiB at equal intervals, the first when the load has run for one. */
async function flooded(ask: Ask, heap: () => Promise<number>, durationSeconds: number): Promise<number[]> {
  const heaps: number[] = [];
  const intervalMs = (durationSeconds * 1000) / heapsMax;
  const untilMs = performance.now() + durationSeconds * 1000;
  const caller = async () => {
    while (performance.now() < untilMs) await ask(operation((asked += 1)));
  };
  const all = Promise.all(Array.from({ length: callers }, caller));
  for (let at = 0; at < heapsMax; at += 1) {
    await Promise.race([all, new Promise((resolve) => setTimeout(resolve, intervalMs))]);
    heaps.push((await heap()) / mib);
  }
  await all;
  return heaps;
}

function startGateway(command: readonly string[]): Promise<{ port: number; heap(): Promise<number>; stop(): void }> {
  const child: ChildProcess = spawn(process.execPath, ['--expose-gc', '--import', './bench/federation/heap.ts', ...command], { cwd: projectRoot(), stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, YIWANG_LOG_LEVEL: 'error' } });
  let heard: (bytes: number) => void = () => undefined;
  const heap = () =>
    new Promise<number>((resolve) => {
      heard = resolve;
      child.kill('SIGUSR2');
    });
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new YiwangError('INTERNAL', { hint: `the gateway of the memory bench ended with ${code}` })));
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const [, name, number] = /^(listening|heap) (\d+)$/.exec(line) ?? [];
      if (name === 'heap') heard(Number(number));
      if (name === 'listening') resolve({ port: Number(number), heap, stop: () => void child.kill('SIGTERM') });
    });
  });
}

function text({ machine: ran, durationSeconds, operations, refused, firstMs, againMs, heapMiB }: Result): string {
  return [
    machineText(ran),
    `${operations} operations, all different, in ${durationSeconds} s (${refused} given up by a busy machine); a first-seen operation takes ${firstMs.toFixed(1)} ms (median of ${coldOperations}), the same again ${againMs.toFixed(1)} ms`,
    `heap after a collection, MiB: ${heapMiB.map((one) => one.toFixed(0)).join(' ')}`,
  ].join('\n');
}
