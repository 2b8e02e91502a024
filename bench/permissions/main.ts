import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import autocannon from 'autocannon';
import { openPool } from '../../base/db.ts';
import { projectRoot } from '../../base/departments.ts';
import { YiwangError, invariant } from '../../base/errors.ts';
import { readConfig } from '../../base/config.ts';
import { demoIssuer } from '../../gateway/demo/issuer.ts';
import { personaClaims } from '../../gateway/demo/personas.ts';
import { inBenchHome } from '../home.ts';
import { machine, machineText, written } from '../measure.ts';
import { cases, type Case } from './cases.ts';

const connections = 4;
const rounds = 5;
const residentsDefault = 2_000;
const benchPort = 4601;
const startTimeoutMs = 180_000;
const clockTicksPerSecond = 100;

interface Server {
  name: 'guarded' | 'open';
  url: string;
  process: ChildProcess;
}

interface Round {
  requestsPerSecond: number;
  cpuMs: number;
}

/**
 * `yiwang bench permissions`: the same queries with decisions, masks and row-level security, and without: the second server
 * calls everything FULL and reads a copy of the database whose row-level security is off. Both run at once and are loaded
 * in turn, round by round; what is told is the median of the rounds' ratios.
 */
export async function benchPermissions({ durationSeconds = 5, residents = residentsDefault }: { durationSeconds?: number; residents?: number } = {}): Promise<string> {
  return inBenchHome('permissions', () => fill(residents), async (_home, databaseUrl) => {
    const openUrl = await withoutRowSecurity(databaseUrl);
    const servers = [await started('guarded', databaseUrl), await started('open', openUrl)];
    const pool = openPool(databaseUrl, { connectionsMax: 2 });
    try {
      const rows = [];
      for (const one of await cases(pool)) rows.push(await measured(one, servers, await tokenOf(one, pool), durationSeconds));
      return report(rows, residents, durationSeconds);
    } finally {
      await pool.end();
      for (const server of servers) server.process.kill('SIGTERM');
    }
  });
}

function fill(residents: number): void {
  const { status, stderr } = spawnSync(process.execPath, ['cli/yiwang.mjs', 'demo', '--once', '--residents', String(residents)], { cwd: projectRoot(), encoding: 'utf8', env: { ...process.env, PORT: String(benchPort) } });
  if (status !== 0) throw new YiwangError('INTERNAL', { hint: `the county for the bench could not be synced: ${stderr.split('\n').at(-2) ?? ''}` });
}

/** A copy of the database in which no table has row-level security. */
async function withoutRowSecurity(databaseUrl: string): Promise<string> {
  const url = new URL(databaseUrl);
  const name = url.pathname.slice(1);
  const admin = new URL(databaseUrl);
  admin.pathname = '/postgres';
  const server = openPool(admin.href, { connectionsMax: 1 });
  await server.query(`CREATE DATABASE yiwang_open TEMPLATE "${name}"`);
  await server.end();
  url.pathname = '/yiwang_open';
  const copy = openPool(url.href, { connectionsMax: 1 });
  await copy.query(`DO $$ DECLARE t regclass; BEGIN FOR t IN SELECT oid FROM pg_class WHERE relrowsecurity LOOP EXECUTE format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY', t); END LOOP; END $$`);
  await copy.query('ANALYZE');
  await copy.end();
  return url.href;
}

function started(name: Server['name'], databaseUrl: string): Promise<Server> {
  const child = spawn(process.execPath, ['bench/permissions/server.ts', name, databaseUrl], { cwd: projectRoot(), stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, YIWANG_LOG_LEVEL: 'error' } });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new YiwangError('INTERNAL', { hint: `\`${name}\` did not start in time` })), startTimeoutMs);
    child.once('exit', (code) => reject(new YiwangError('INTERNAL', { hint: `\`${name}\` ended with ${code}` })));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const port = /^listening (\d+)$/.exec(line)?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      resolve({ name, url: `http://127.0.0.1:${port}/graphql`, process: child });
    });
  });
}

async function tokenOf({ persona }: Case, pool: Parameters<typeof personaClaims>[0]): Promise<string> {
  return demoIssuer(readConfig({ sources: [] }).masterSecret).mintToken(await personaClaims(pool, persona));
}

interface Row {
  name: string;
  guarded: Round;
  open: Round;
  ratio: number;
  cpuRatio: number;
}

async function measured(one: Case, servers: readonly Server[], token: string, seconds: number): Promise<Row> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...one.headers };
  for (const { url, name } of servers) {
    const answer = (await (await fetch(url, { method: 'POST', headers, body: one.body })).json()) as { errors?: unknown; data?: unknown };
    invariant(answer.errors === undefined && answer.data, `\`${name}\` answers: ${one.name}`);
  }
  const seen: Record<Server['name'], Round[]> = { guarded: [], open: [] };
  for (let round = -1; round < rounds; round += 1) {
    for (const server of round % 2 === 0 ? servers : [...servers].reverse()) {
      const found = await loaded(server, headers, one.body, seconds);
      if (round >= 0) seen[server.name].push(found); // the first warms up
    }
  }
  const ratios = seen.guarded.map((guarded, at) => ({ rate: guarded.requestsPerSecond / seen.open[at]!.requestsPerSecond, cpu: seen.open[at]!.cpuMs / guarded.cpuMs }));
  const middle = (name: Server['name']): Round => ({ requestsPerSecond: median(seen[name].map(({ requestsPerSecond }) => requestsPerSecond)), cpuMs: median(seen[name].map(({ cpuMs }) => cpuMs)) });
  return { name: one.name, guarded: middle('guarded'), open: middle('open'), ratio: median(ratios.map(({ rate }) => rate)), cpuRatio: median(ratios.map(({ cpu }) => cpu)) };
}

async function loaded({ url, process: { pid }, name }: Server, headers: Record<string, string>, body: string, seconds: number): Promise<Round> {
  const before = cpuMs(pid!);
  const { non2xx, errors, requests, duration } = await autocannon({ url, method: 'POST', connections, duration: seconds, headers, body });
  invariant(non2xx === 0 && errors === 0 && requests.total > 0, `\`${name}\` answered every request`);
  return { requestsPerSecond: requests.total / duration, cpuMs: (cpuMs(pid!) - before) / requests.total };
}

/** User and system time of a process so far (proc(5), fields 14 and 15). */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / clockTicksPerSecond;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function report(rows: readonly Row[], residents: number, seconds: number): string {
  const ran = machine();
  const notes = [`${residents} residents, ${connections} connections, ${rounds} rounds of ${seconds} s in turn, medians; token check and access log on in both`];
  written('permissions', { name: 'permissions', machine: ran, notes, rows });
  return [
    machineText(ran),
    ...notes,
    '| query | guarded, requests/s | open, requests/s | guarded, CPU-ms | open, CPU-ms | × open | × by CPU |',
    '|---|---|---|---|---|---|---|',
    ...rows.map(({ name, guarded, open, ratio, cpuRatio }) => `| ${name} | ${guarded.requestsPerSecond.toFixed(0)} | ${open.requestsPerSecond.toFixed(0)} | ${guarded.cpuMs.toFixed(2)} | ${open.cpuMs.toFixed(2)} | ${ratio.toFixed(2)} | ${cpuRatio.toFixed(2)} |`),
  ].join('\n');
}
