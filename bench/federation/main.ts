import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { projectRoot } from '../../base/departments.ts';
import { YiwangError } from '../../base/errors.ts';
import { measure, reported, type Contender, type Figure, type Load } from '../measure.ts';
import { expectedAnswer, query } from './graph.ts';
import { peers } from './peers.ts';
import { benchSupergraph } from './supergraph.ts';

const connections = 50;

/**
 * `yiwang bench federation`: this gateway against @apollo/gateway and against merging by hand, on a graph of the public
 * benchmark's shape, 50 connections, the server on one core and the load and subgraphs on the other, in turn in one go.
 */
export async function benchFederation({ durationSeconds = 10 }: { durationSeconds?: number } = {}): Promise<string> {
  const subgraphs = await startSubgraphs();
  const folder = mkdtempSync(join(tmpdir(), 'yiwang-bench-'));
  try {
    const file = join(folder, 'supergraph.graphql');
    writeFileSync(file, benchSupergraph(subgraphs.port));
    const figures: Figure[] = [];
    const others = peers(subgraphs.port, file);
    for (const contender of [...contenders(subgraphs.port, file), ...others.contenders]) figures.push(await measure(contender, loadFor(contender, durationSeconds)));
    return reported('federation', figures, 'apollo-gateway', [...others.notes, 'yiwang: anonymous on an unclassified graph, all limits in force, no access log; without sharing answers between requests']);
  } finally {
    subgraphs.stop();
    rmSync(folder, { recursive: true });
  }
}

function contenders(port: number, supergraphFile: string): Contender[] {
  return [
    { name: 'apollo-gateway', command: ['bench/federation/apollo.ts', String(port)], production: true },
    { name: 'yiwang', command: ['bench/federation/yiwang.ts', supergraphFile], path: '/graphql' },
    { name: 'by-hand', command: ['bench/federation/hand.ts', String(port)], production: true },
  ];
}

function loadFor({ name, path = '/' }: Contender, durationSeconds: number): Load {
  const expected = expectedAnswer();
  return {
    path,
    headers: {},
    body: JSON.stringify({ query }),
    connections,
    durationSeconds,
    check: (answer) => {
      const data: unknown = JSON.parse(JSON.stringify((answer as { data?: unknown }).data ?? null));
      if (!isDeepStrictEqual(data, expected)) throw new YiwangError('INTERNAL', { hint: `\`${name}\` does not give the expected answer` });
    },
  };
}

function startSubgraphs(): Promise<{ port: number; stop(): void }> {
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
