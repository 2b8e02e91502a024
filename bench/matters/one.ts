import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { divisionsOf } from '../../jobs/mentions.ts';
import { evaluate } from '../../linkage/evaluate.ts';
import { clusterRecords } from '../../matters/cluster.ts';
import { scaled } from './scale.ts';

export interface SpeedRow {
  records: number;
  seconds: number;
  cpuSeconds: number;
  pairwiseF1: number;
  bcubedF1: number;
  largest: number;
  largestTrue: number;
  peakMiB: number;
}

/** One size in a process of its own, so that its memory is its own: `node one.ts RECORDS` prints a line of JSON. */
if (process.argv[1] === import.meta.filename) process.stdout.write(`${JSON.stringify(await timed(Number(process.argv[2])))}\n`);

async function timed(size: number): Promise<SpeedRow> {
  const { records, truth } = await generated(size);
  const divisions = divisionsOf(records);
  const [began, before] = [performance.now(), process.cpuUsage()];
  const clusters = clusterRecords({ records, divisions });
  const { user, system } = process.cpuUsage(before);
  const seconds = (performance.now() - began) / 1000;
  const peakMiB = Math.round(process.resourceUsage().maxRSS / 1024);
  const matterOf = new Map(clusters.flatMap((cluster, index) => cluster.members.map((member) => [member.rid, String(index)] as const)));
  const result = evaluate(records.map((record) => matterOf.get(record.rid)!), truth);
  return {
    records: records.length, seconds, cpuSeconds: (user + system) / 1e6,
    pairwiseF1: result.pairwise.f1, bcubedF1: result.bcubed.f1, largest: result.largestCluster, largestTrue: result.largestTrueCluster, peakMiB,
  };
}

async function generated(size: number): ReturnType<typeof scaled> {
  const folder = mkdtempSync(join(tmpdir(), 'yiwang-bench-matters-one-'));
  try {
    return await scaled(folder, size);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
