import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { readConfig } from '../../base/config.ts';
import { projectRoot } from '../../base/departments.ts';
import { startEmbeddedPostgres } from '../../base/embedded.ts';
import { YiwangError } from '../../base/errors.ts';
import { demoIssuer } from '../../gateway/demo/issuer.ts';
import { measure, reported, type Contender, type Figure, type Load } from '../measure.ts';
import { expectedAnswer, query } from './graph.ts';
import { peers } from './peers.ts';
import { benchSupergraph } from './supergraph.ts';

const connections = 50;
/** Each contender is measured so often, in turn; the run that cost least CPU is told: what others do on a machine only adds to it. */
const roundsDefault = 3;

/**
 * `yiwang bench federation`: this gateway against @apollo/gateway, against merging by hand, and against the peers that are
 * installed, on a graph of the public benchmark's shape, 50 connections, the server on one core and the load and subgraphs
 * on the other, in turn in one go. The access log goes to the database of DATABASE_URL, or to an embedded one.
 */
export async function benchFederation({ durationSeconds = 10, rounds = roundsDefault }: { durationSeconds?: number; rounds?: number } = {}): Promise<string> {
  const subgraphs = await startSubgraphs();
  const folder = mkdtempSync(join(tmpdir(), 'yiwang-bench-'));
  const database = await openDatabase(folder);
  try {
    const file = join(folder, 'supergraph.graphql');
    writeFileSync(file, benchSupergraph(subgraphs.port));
    const others = peers(subgraphs.port, file);
    const all = [...contenders(subgraphs.port, file, database.url), ...others.contenders];
    const best = new Map<string, Figure>();
    for (let round = 0; round < rounds; round += 1) {
      for (const contender of all) {
        const figure = await measure(contender, await loadFor(contender, durationSeconds));
        const known = best.get(contender.name);
        if (!known || figure.cpuMsPerRequest < known.cpuMsPerRequest) best.set(contender.name, figure);
      }
    }
    return reported('federation', all.map(({ name }) => best.get(name)!), 'apollo-gateway', [...others.notes, ...notes, `the best of ${rounds} rounds, by CPU`]);
  } finally {
    await database.stop();
    subgraphs.stop();
    rmSync(folder, { recursive: true });
  }
}

const notes = [
  'yiwang: token check, a decision for every field, a signed viewer context with every call, and an entry in the access log before each answer; nothing shared between requests',
  'yiwang-shared: the same, and equal queries of one viewer that are under way at once share an answer',
  'yiwang-open: `gateway --supergraph`, anonymous, unclassified, without a log; all limits in force',
];

/** The Dockerfile's options of Node: room for what lives as long as a request. The hand-written one has them too. */
const asInImage = ['--max-semi-space-size=64'];

interface ToLoad extends Contender {
  guarded?: boolean;
}

/** The hub's gateway on this graph: token check, decisions, signed viewer, access log. */
export function guardedCommand(port: number, databaseUrl: string): string[] {
  return ['bench/federation/guarded.ts', String(port), databaseUrl, secret.toString('hex')];
}

function contenders(port: number, supergraphFile: string, databaseUrl: string): ToLoad[] {
  const guarded = guardedCommand(port, databaseUrl);
  return [
    { name: 'apollo-gateway', command: ['bench/federation/apollo.ts', String(port)], production: true },
    { name: 'yiwang', node: asInImage, command: guarded, path: '/graphql', guarded: true },
    { name: 'yiwang-shared', node: asInImage, command: [...guarded, 'sharing'], path: '/graphql', guarded: true },
    { name: 'yiwang-open', node: asInImage, command: ['bench/federation/yiwang.ts', supergraphFile], path: '/graphql' },
    { name: 'by-hand', node: asInImage, command: ['bench/federation/hand.ts', String(port)], production: true },
  ];
}

const secret = Buffer.alloc(32, 7);
const caller = { sub: 'bench', client_id: 'bench', kind: 'ANALYST', org: '12510107MB0000002X', department: 'MEDIATION', tier: 'COUNTY', division: '510107000000', purposes: ['SUPERVISION'] };

export async function openDatabase(home: string): Promise<{ url: string; stop(): Promise<void> }> {
  const { databaseUrl } = readConfig({ sources: [] });
  return databaseUrl === undefined ? startEmbeddedPostgres({ home }) : { url: databaseUrl, stop: async () => undefined };
}

export async function benchHeaders(): Promise<Record<string, string>> {
  return { authorization: `Bearer ${await demoIssuer(secret).mintToken(caller)}`, 'x-purpose': 'SUPERVISION' };
}

async function loadFor({ name, path = '/', guarded }: ToLoad, durationSeconds: number): Promise<Load> {
  const expected = expectedAnswer();
  return {
    path,
    headers: guarded ? await benchHeaders() : {},
    body: JSON.stringify({ query }),
    connections,
    durationSeconds,
    check: (answer) => {
      const data: unknown = JSON.parse(JSON.stringify((answer as { data?: unknown }).data ?? null));
      if (!isDeepStrictEqual(data, expected)) throw new YiwangError('INTERNAL', { hint: `\`${name}\` does not give the expected answer` });
    },
  };
}

export function startSubgraphs(): Promise<{ port: number; stop(): void }> {
  const pin = cpus().length > 1 ? ['taskset', '-c', '1'] : [];
  const [program = process.execPath, ...args] = [...pin, process.execPath, 'bench/federation/subgraphs.ts'];
  const child = spawn(program, args, { cwd: projectRoot(), stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new YiwangError('INTERNAL', { hint: `the bench's subgraphs ended with ${code}` })));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const port = /^listening (\d+)$/.exec(line)?.[1];
      if (port !== undefined) resolve({ port: Number(port), stop: () => child.kill('SIGTERM') });
    });
  });
}
