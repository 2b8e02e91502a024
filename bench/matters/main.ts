import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../../base/departments.ts';
import { divisionsOf } from '../../jobs/mentions.ts';
import { evaluate } from '../../linkage/evaluate.ts';
import { clusterRecords } from '../../matters/cluster.ts';
import { generateDataset } from '../../simulator/generate.ts';
import type { SpeedRow } from './one.ts';
import { readMatters } from './read.ts';

export interface MattersOptions {
  /** A data set of another generator, with its truth, to report beside. */
  dataset?: string;
  /** Largest of the timed runs, in records. */
  recordsMax?: number;
}

/** Seeds that no weight was fitted to and no error was looked at; each county writes in a way of its own. */
const seeds = ['report-a', 'report-b', 'report-c', 'report-d', 'report-e', 'report-f'] as const;
const residents = [1_000, 2_000, 4_000] as const;
const sizes = [10_000, 100_000, 1_000_000] as const;

export interface QualityRow {
  set: string;
  records: number;
  pairwise: { precision: number; recall: number; f1: number };
  bcubedF1: number;
  overMerges: number;
  largest: number;
  largestTrue: number;
}

/** Records → matters: how well on counties that nothing was fitted to, and how fast. Writes `bench/results/matters.json`. */
export async function benchMatters(options: MattersOptions = {}): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'yiwang-bench-matters-'));
  try {
    const quality = await qualityRows(folder, options.dataset);
    const speed = sizes.filter((one) => one <= (options.recordsMax ?? one)).map(timed);
    return reported(quality, speed);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function qualityRows(folder: string, dataset: string | undefined): Promise<QualityRow[]> {
  const rows: QualityRow[] = [];
  for (const [index, seed] of seeds.entries()) {
    const out = join(folder, 'set');
    const size = residents[index % residents.length]!;
    generateDataset({ out, residents: size, seed });
    rows.push(await qualityOf(`${seed}, ${size} residents`, out));
  }
  if (dataset !== undefined) rows.push(await qualityOf('another generator\'s county', dataset));
  return rows;
}

async function qualityOf(set: string, folder: string): Promise<QualityRow> {
  const { records, truth } = await readMatters(folder);
  const matterOf = new Map(clusterRecords({ records, divisions: divisionsOf(records) }).flatMap((cluster, index) => cluster.members.map((member) => [member.rid, String(index)] as const)));
  const result = evaluate(records.map((record) => matterOf.get(record.rid)!), truth);
  const { precision, recall, f1 } = result.pairwise;
  return { set, records: records.length, pairwise: { precision, recall, f1 }, bcubedF1: result.bcubed.f1, overMerges: result.overMerges, largest: result.largestCluster, largestTrue: result.largestTrueCluster };
}

function timed(size: number): SpeedRow {
  return JSON.parse(execFileSync(process.execPath, ['--max-old-space-size=10000', join(import.meta.dirname, 'one.ts'), String(size)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })) as SpeedRow;
}

function reported(quality: readonly QualityRow[], speed: readonly SpeedRow[]): string {
  const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, memoryGiB: Math.round(totalmem() / 2 ** 30), node: process.version };
  mkdirSync(`${projectRoot()}bench/results`, { recursive: true });
  writeFileSync(`${projectRoot()}bench/results/matters.json`, `${JSON.stringify({ name: 'matters', machine, quality, speed }, null, 2)}\n`);
  const share = (value: number) => value.toFixed(4);
  return [
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, Node ${machine.node}`,
    '| set | records | pair P | pair R | pair F1 | B³ F1 | over-merges | largest / true |',
    '|---|---|---|---|---|---|---|---|',
    ...quality.map((row) => `| ${row.set} | ${row.records} | ${share(row.pairwise.precision)} | ${share(row.pairwise.recall)} | ${share(row.pairwise.f1)} | ${share(row.bcubedF1)} | ${row.overMerges} | ${row.largest} / ${row.largestTrue} |`),
    '',
    '| records | seconds (CPU) | records/s | pair F1 | B³ F1 | largest / true | peak MiB |',
    '|---|---|---|---|---|---|---|',
    ...speed.map((row) => `| ${row.records} | ${row.seconds.toFixed(1)} (${row.cpuSeconds.toFixed(1)}) | ${(row.records / row.seconds).toFixed(0)} | ${share(row.pairwiseF1)} | ${share(row.bcubedF1)} | ${row.largest} / ${row.largestTrue} | ${row.peakMiB} |`),
  ].join('\n');
}
