import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { createInterface } from 'node:readline';
import autocannon from 'autocannon';
import { projectRoot } from '../base/departments.ts';
import { invariant, YiwangError } from '../base/errors.ts';
import { barChart } from './chart.ts';

/** A server under test in a process of its own, so that its CPU time can be told from the load's. */
export interface Contender {
  name: string;
  /** Script and arguments; it prints `listening PORT` on stdout when it is ready. */
  command: readonly string[];
  /** Where it takes operations; `/` unless told. */
  path?: string;
  /** Options of Node itself. */
  node?: readonly string[];
  /** Peers run as in production; ours refuses a demo issuer or an unclassified graph there. */
  production?: boolean;
}

export interface Load {
  path: string;
  headers: Record<string, string>;
  body: string;
  connections: number;
  durationSeconds: number;
  /** Throws where the answer is not the expected one: a fast wrong answer is no figure. */
  check(answer: unknown): void;
}

export interface Figure {
  name: string;
  requestsPerSecond: number;
  cpuMsPerRequest: number;
  p50Ms: number;
  p99Ms: number;
}

const startTimeoutMs = 60_000;
const warmUpSeconds = 3;
/** A slow answer is warm after as many as a quick one: each connection to PostgreSQL plans its statements first, and Node compiles. */
const warmUpRequests = 200;
/** The server has one core and the load the other, where there are two; `taskset` is part of every Linux. */
const serverCore = '0';

/** Starts the contender pinned to one core, checks its answer, warms it up, loads it, and stops it. */
export async function measure(contender: Contender, load: Load): Promise<Figure> {
  const server = pinned(contender);
  try {
    const port = await listening(server, contender.name);
    const url = `http://127.0.0.1:${port}${load.path}`;
    const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...load.headers }, body: load.body });
    load.check(await answer.json());
    await warmUp(url, load);
    const before = cpuMs(server.pid!);
    const result = await cannon(url, load, { duration: load.durationSeconds });
    invariant(result.non2xx === 0 && result.errors === 0, `\`${contender.name}\` answered every request`);
    const requests = result.requests.total;
    return {
      name: contender.name,
      requestsPerSecond: requests / result.duration,
      cpuMsPerRequest: (cpuMs(server.pid!) - before) / requests,
      p50Ms: result.latency.p50,
      p99Ms: result.latency.p99,
    };
  } finally {
    server.kill('SIGTERM');
  }
}

/** Writes `bench/results/NAME.json` with the machine and a chart of it beside, and gives the text of the table. */
export function reported(name: string, figures: readonly Figure[], against: string, notes: readonly string[]): string {
  const base = figures.find((figure) => figure.name === against);
  invariant(base, 'the contender to compare with was measured');
  // What others do on a shared machine takes time from a run, and much less of the CPU time that it needs.
  const rows = figures.map((figure) => ({ ...figure, ratio: figure.requestsPerSecond / base.requestsPerSecond, cpuRatio: base.cpuMsPerRequest / figure.cpuMsPerRequest }));
  const ran = machine();
  written(name, { name, against, machine: ran, notes, rows });
  writeFileSync(`${projectRoot()}bench/results/${name}.svg`, barChart(`${name}: requests per CPU second, × ${against}`, rows.map((row) => ({ name: row.name, value: row.cpuRatio }))));
  return [
    machineText(ran),
    ...notes,
    `| | requests/s | CPU-ms each | p50 ms | p99 ms | × ${against} | × by CPU |`,
    '|---|---|---|---|---|---|---|',
    ...rows.map((row) => `| ${row.name} | ${row.requestsPerSecond.toFixed(0)} | ${row.cpuMsPerRequest.toFixed(2)} | ${row.p50Ms} | ${row.p99Ms} | ${row.ratio.toFixed(2)} | ${row.cpuRatio.toFixed(2)} |`),
  ].join('\n');
}

export interface Machine {
  cpu: string;
  cores: number;
  memoryGiB: number;
  node: string;
}

export function machine(): Machine {
  return { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, memoryGiB: Math.round(totalmem() / 2 ** 30), node: process.version };
}

export function machineText({ cpu, cores, memoryGiB, node }: Machine): string {
  return `${cpu}, ${cores} cores, ${memoryGiB} GiB, Node ${node}`;
}

/** Writes `bench/results/NAME.json`. */
export function written(name: string, result: object): void {
  mkdirSync(`${projectRoot()}bench/results`, { recursive: true });
  writeFileSync(`${projectRoot()}bench/results/${name}.json`, `${JSON.stringify(result, null, 2)}\n`);
}

function pinned({ command, node = [], production }: Contender): ChildProcess {
  const onCore = cpus().length > 1 ? ['taskset', '-c', serverCore] : [];
  const [program = process.execPath, ...args] = [...onCore, process.execPath, ...node, ...command];
  return spawn(program, args, { cwd: projectRoot(), stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...(production ? { NODE_ENV: 'production' } : {}), YIWANG_LOG_LEVEL: 'error' } });
}

function listening(server: ChildProcess, name: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new YiwangError('INTERNAL', { hint: `\`${name}\` did not start in time` })), startTimeoutMs);
    server.once('exit', (code) => reject(new YiwangError('INTERNAL', { hint: `\`${name}\` ended with ${code}` })));
    createInterface({ input: server.stdout! }).on('line', (line) => {
      const port = /^listening (\d+)$/.exec(line)?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      resolve(Number(port));
    });
  });
}

async function warmUp(url: string, load: Load): Promise<void> {
  const { requests } = await cannon(url, load, { duration: warmUpSeconds });
  if (requests.total < warmUpRequests) await cannon(url, load, { amount: warmUpRequests - requests.total });
}

function cannon(url: string, load: Load, until: { duration: number } | { amount: number }) {
  const { headers, body, connections } = load;
  return autocannon({ url, method: 'POST', ...until, connections: 'amount' in until ? Math.min(connections, until.amount) : connections, headers: { 'content-type': 'application/json', ...headers }, body });
}

const clockTicksPerSecond = 100; // sysconf(_SC_CLK_TCK) on every Linux that Node runs on

/** User and system time of a process so far (proc(5), fields 14 and 15). */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / clockTicksPerSecond;
}
