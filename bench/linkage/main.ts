import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { machine, machineText, written } from '../measure.ts';
import { incremental, type IncrementalRow } from './incremental.ts';
import { writeMentions } from './mentions.ts';
import type { Asked, Timed, Told } from './one.ts';

/** Seeds and error rates that nothing was tuned on. */
const sizes = [10_000, 100_000, 1_000_000];
const variants: readonly (readonly [seed: string, errors: number])[] = [['4711', 0.5], ['4712', 1], ['4713', 2], ['4714', 4]];
const variantMentions = 100_000;
/** Incremental linkage, on the hub's PostgreSQL. */
const incrementSizes = [10_000, 100_000];

/**
 * Generated mentions of three sizes and four error rates, and the public sets where their folder is given: `febrl4a.csv`,
 * `febrl4b.csv`, `historical_50k.csv` (with its column `cluster`), fetched by hand.
 */
export async function benchLinkage({ mentionsMax = 100_000, folder }: { mentionsMax?: number; folder?: string }): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), 'yiwang-bench-linkage-'));
  try {
    const runs: Run[] = [];
    for (const mentions of sizes.filter((size) => size <= mentionsMax)) runs.push(await generated(home, mentions, '4712', 1));
    for (const [seed, errors] of variants) if (variantMentions <= mentionsMax && errors !== 1) runs.push(await generated(home, variantMentions, seed, errors));
    if (folder !== undefined) runs.push(...publicRuns(home, folder));
    const increments: IncrementalRow[] = [];
    for (const mentions of incrementSizes.filter((size) => size <= mentionsMax)) increments.push(await incremental(mentions, '4715'));
    written('linkage', { machine: machine(), runs, increments });
    return `${machineText(machine())}\n\n${table(runs)}\n\n${incrementTable(increments)}`;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

interface Run extends Told {
  set: string;
  /** With the parameters that the cold run learnt, in a process of its own. */
  stored: Timed;
}

async function generated(home: string, mentions: number, seed: string, errors: number): Promise<Run> {
  const file = join(home, `mentions-${mentions}-${seed}.csv`);
  const { truth } = await writeMentions(file, { mentions, seed, errors });
  return measured(home, `generated, ${mentions.toLocaleString('en')} mentions, seed ${seed}, errors × ${errors}`, { model: 'cn_persons', inputs: [file] }, truth);
}

function publicRuns(home: string, folder: string): Run[] {
  const [a, b, historical] = ['febrl4a.csv', 'febrl4b.csv', 'historical_50k.csv'].map((name) => join(folder, name)) as [string, string, string];
  const runs: Run[] = [];
  if (existsSync(a) && existsSync(b)) {
    const truth = [...firstCells(a), ...firstCells(b)].map((id) => id.split('-')[1]!);
    runs.push(measured(home, 'FEBRL4', { model: 'febrl', inputs: [a, b] }, truth));
    runs.push(measured(home, 'FEBRL4 without soc_sec_id', { model: 'febrl', inputs: [a, b], without: 'soc_sec_id' }, truth));
  }
  // Its ids are the entity and a number.
  if (existsSync(historical)) runs.push(measured(home, 'historical_50k', { model: 'historical_50k', inputs: [historical] }, firstCells(historical).map((id) => id.replace(/-\d+$/, ''))));
  return runs;
}

function firstCells(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n').slice(1).filter((line) => line.trim() !== '').map((line) => line.split(',')[0]!.replaceAll('"', '').trim());
}

function measured(home: string, set: string, asked: Omit<Asked, 'truth' | 'trained'>, truth: ArrayLike<number | string>): Run {
  const [truthFile, trained] = [join(home, 'truth.txt'), join(home, 'trained.json')];
  writeFileSync(truthFile, Array.from(truth).join('\n'));
  rmSync(trained, { force: true });
  const ask = () => JSON.parse(execFileSync(process.execPath, ['--max-old-space-size=6000', join(import.meta.dirname, 'one.ts'), JSON.stringify({ ...asked, truth: truthFile, trained })], { encoding: 'utf8', maxBuffer: 1 << 20, stdio: ['ignore', 'pipe', 'inherit'] })) as unknown;
  const told = ask() as Told;
  return { set, ...told, stored: ask() as Timed };
}

function incrementTable(rows: readonly IncrementalRow[]): string {
  const heads = ['mentions', 'full run s (CPU)', 'one record p50 / p95 ms', 'records/s in hundreds', 'CPU-ms a record', 'ids kept', 'F1', 'F1 batch'];
  const lines = rows.map((row) => [
    row.mentions.toLocaleString('en'), `${row.fullSeconds.toFixed(1)} (${row.fullCpuSeconds.toFixed(1)})`, `${row.p50Ms.toFixed(0)} / ${row.p95Ms.toFixed(0)}`, row.recordsPerSecond.toFixed(0), row.cpuMsPerRecord.toFixed(1),
    `${(row.stableShare * 100).toFixed(2)} %`, row.f1.toFixed(4), row.f1Batch.toFixed(4),
  ]);
  return [heads, heads.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function timeText({ seconds, cpuSeconds }: Timed): string {
  return `${seconds.toFixed(1)} (${cpuSeconds.toFixed(1)})`;
}

const heads = ['set', 'pairwise P', 'R', 'F1', 'B³ P', 'R', 'F1', 'over-merges', 'largest (true)', 'two valid IDs', 'blocking recall', 'pairs a row', 'cold s (CPU)', 'stored s (CPU)', 'peak MiB'];

function table(runs: readonly Run[]): string {
  const share = (value: number) => value.toFixed(4);
  const rows = runs.map(({ set, quality: { pairwise, bcubed, overMerges, largestCluster, largestTrueCluster }, ...run }) => [
    set, share(pairwise.precision), share(pairwise.recall), share(pairwise.f1), share(bcubed.precision), share(bcubed.recall), share(bcubed.f1), overMerges, `${largestCluster} (${largestTrueCluster})`, run.twoValidNumbers,
    share(run.blockingRecall), run.pairsPerRow.toFixed(1), timeText(run.cold), timeText(run.stored), Math.round(run.peakMiB),
  ]);
  return [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
