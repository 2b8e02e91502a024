import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { blocksOf, candidatePairs } from '../../linkage/block.ts';
import { evaluate, type Evaluation } from '../../linkage/evaluate.ts';
import { linkTable, type LinkTableResult } from '../../linkage/link.ts';
import type { Model } from '../../linkage/model.ts';
import { shippedModels } from '../../linkage/models/shipped.ts';
import { readTable } from '../../linkage/read-table.ts';
import type { Trained } from '../../linkage/train.ts';

/** One run in a process of its own, so that its memory is its own: `node one.ts '{"model", "inputs", "truth"}'` prints a line of JSON. */
export interface Asked {
  model: string;
  inputs: string[];
  /** A file of the true entity of each row, a line each, in the order read. */
  truth: string;
  /** Leaves a field of the model out: FEBRL without soc_sec_id. */
  without?: string;
  /** A file for the parameters that the run learns; where it is there already, the run uses them and only its time is told. */
  trained: string;
}

export interface Timed {
  seconds: number;
  cpuSeconds: number;
}

export interface Told {
  rows: number;
  cold: Timed;
  peakMiB: number;
  pairsPerRow: number;
  blockingRecall: number;
  entities: number;
  refusedMerges: number;
  twoValidNumbers: number;
  quality: Omit<Evaluation, 'items'>;
}

if (process.argv[1]?.endsWith('one.ts')) process.stdout.write(`${JSON.stringify(await asked(JSON.parse(process.argv[2]!) as Asked))}\n`);

async function asked({ model: name, without, ...files }: Asked): Promise<Told | Timed> {
  const shipped = shippedModels[name]!;
  const model: Model = without === undefined ? shipped : { ...shipped, fields: { ...shipped.fields, [without]: { ...shipped.fields[without]!, columns: ['(left out)'], optional: true } } };
  if (!existsSync(files.trained)) return cold(model, files);
  const trained = JSON.parse(readFileSync(files.trained, 'utf8')) as Trained;
  const { seconds, cpuSeconds } = await timed(() => linkTable({ model, inputs: files.inputs, trained }));
  return { seconds, cpuSeconds };
}

async function cold(model: Model, { inputs, truth: truthFile, trained }: Pick<Asked, 'inputs' | 'truth' | 'trained'>): Promise<Told> {
  const { result, seconds, cpuSeconds } = await timed(() => linkTable({ model, inputs }));
  const peakMiB = process.resourceUsage().maxRSS / 1024;
  writeFileSync(trained, JSON.stringify(result.trained));
  const truth = readFileSync(truthFile, 'utf8').trimEnd().split('\n');
  const { items: _, ...quality } = evaluate(result.clusters.map(({ entity }) => entity), truth);
  const { table } = await readTable(model, inputs);
  const across = model.pairs === 'across' && inputs.length > 1;
  const pairs = candidatePairs(model, blocksOf(model, table), table, across ? (i, j) => table.inputs[i] !== table.inputs[j] : null);
  let right = 0;
  for (let k = 0; k < pairs.count; k += 1) if (truth[pairs.left[k]!] === truth[pairs.right[k]!]) right += 1;
  return {
    rows: result.rows, cold: { seconds, cpuSeconds }, peakMiB,
    pairsPerRow: result.candidates / result.rows, blockingRecall: right / quality.pairwise.truePairs, entities: result.entities, refusedMerges: result.refusedMerges,
    twoValidNumbers: model.distinct === undefined ? 0 : twoNumbers(result, table.columns.get(model.distinct)!.codes), quality,
  };
}

async function timed<T>(work: () => Promise<T>): Promise<{ result: T } & Timed> {
  const [began, before] = [performance.now(), process.cpuUsage()];
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  return { result, seconds: (performance.now() - began) / 1000, cpuSeconds: (user + system) / 1e6 };
}

/** Clusters that hold two different valid ID numbers: there must be none. */
function twoNumbers({ clusters }: LinkTableResult, codes: Int32Array): number {
  const seen = new Map<string, number>();
  const broken = new Set<string>();
  for (const [row, { entity }] of clusters.entries()) {
    const code = codes[row]!;
    if (code < 0) continue;
    const known = seen.get(entity) ?? code;
    if (known !== code) broken.add(entity);
    seen.set(entity, known);
  }
  return broken.size;
}
