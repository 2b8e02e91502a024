import { blocksOf, candidatePairs, pairFinder, type Blocks, type Pairs, type Wanted } from './block.ts';
import { comparer, type Comparer } from './compare.ts';
import type { Model } from './model.ts';
import { counted } from './random-pairs.ts';
import type { Frequencies } from './rarity.ts';
import { scorer, weightAt, type Scorer } from './score.ts';
import { learnMatchRate, startingPoint, train, type Trained } from './train.ts';
import type { Table } from './table.ts';

/** The steps of one run, so that a caller can show where it is. */
export type Stage = 'BLOCK' | 'TRAIN' | 'SCORE' | 'CLUSTER';

export interface RunOptions {
  /** Parameters of an earlier run; without them the model is trained on this table. */
  trained?: Trained | null;
  frequencies?: Frequencies | null;
  /** Blocks that were worked out before. */
  blocks?: Blocks[];
  /** Pairs to leave out. */
  wanted?: Wanted;
  /** Below this many rows there is too little to learn from: the model's own parameters are used. */
  trainingRowsMin?: number;
  /** Pairs below this probability are forgotten: the review zone's beginning unless told. */
  keepFrom?: number;
  progress?: (stage: Stage) => void;
}

/** Scored pairs from `keepFrom` upwards. */
export interface Run {
  trained: Trained;
  compare: Comparer;
  score: Scorer;
  blocks: Blocks[];
  candidates: number;
  /** What the fields of any two rows say: their match weight without the prior. Clustering asks most often of candidates, which were scored. */
  evidence(i: number, j: number): number;
  left: Int32Array;
  right: Int32Array;
  weight: Float64Array;
}

/** Blocks, trains, scores: what every use of the engine shares. Clustering follows in `cluster.ts`. */
export function run(model: Model, table: Table, options: RunOptions = {}): Run {
  const wanted = options.wanted ?? null;
  options.progress?.('BLOCK');
  const blocks = options.blocks ?? blocksOf(model, table);
  const pairs = candidatePairs(model, blocks, table, wanted);
  const compare = comparer(model.comparisons, table);
  options.progress?.('SCORE');
  const patterns = compare.patternsOf(pairs.left, pairs.right, pairs.count);
  options.progress?.('TRAIN');
  const trained = options.trained ?? learnt(model, table, blocks, compare, wanted, patterns, options.trainingRowsMin ?? 0);
  const score = scorer(model, trained, compare, table, options.frequencies ?? null);
  const weights = weightsOf(pairs, patterns, score);
  const place = pairFinder(pairs, table.rows);
  const evidence = (i: number, j: number): number => {
    const at = place(i, j);
    return (at < 0 ? score.weight(i, j) : weights[at]!) - score.prior;
  };
  return { trained, compare, score, blocks, candidates: pairs.count, evidence, ...kept(pairs, weights, weightAt(options.keepFrom ?? model.reviewFrom ?? model.threshold)) };
}

function learnt(model: Model, table: Table, blocks: readonly Blocks[], compare: Comparer, wanted: Wanted, patterns: Int32Array, rowsMin: number): Trained {
  const trained = table.rows >= rowsMin ? train(model, table, blocks, compare, wanted) : startingPoint(model);
  const counts = counted(patterns);
  const pairsTotal = Math.max(1, model.pairs === 'across' ? acrossPairs(table) : (table.rows * (table.rows - 1)) / 2);
  return { ...trained, matchRate: learnMatchRate(model, trained, counts, compare, table.rows, pairsTotal) };
}

/** With one input, `across` means within it. */
function acrossPairs(table: Table): number {
  const sizes = new Map<number, number>();
  for (const input of table.inputs) sizes.set(input, (sizes.get(input) ?? 0) + 1);
  const all = (table.rows * (table.rows - 1)) / 2;
  if (sizes.size < 2) return all;
  return [...sizes.values()].reduce((rest, size) => rest - (size * (size - 1)) / 2, all);
}

function weightsOf({ count, left, right }: Pairs, patterns: Int32Array, score: Scorer): Float64Array {
  const weights = new Float64Array(count);
  for (let k = 0; k < count; k += 1) weights[k] = score.weightOf(patterns[k]!, left[k]!, right[k]!);
  return weights;
}

function kept(pairs: Pairs, weights: Float64Array, weightMin: number): Pick<Run, 'left' | 'right' | 'weight'> {
  let count = 0;
  for (const weight of weights) if (weight >= weightMin) count += 1;
  const result = { left: new Int32Array(count), right: new Int32Array(count), weight: new Float64Array(count) };
  for (let k = 0, at = 0; k < pairs.count; k += 1) {
    if (weights[k]! < weightMin) continue;
    result.left[at] = pairs.left[k]!;
    result.right[at] = pairs.right[k]!;
    result.weight[at] = weights[k]!;
    at += 1;
  }
  return result;
}
