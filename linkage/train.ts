import { blockRowsMax, sampledPairs, type Blocks, type Pairs, type Wanted } from './block.ts';
import type { Comparer } from './compare.ts';
import { predicateColumns } from './predicate.ts';
import { counted, randomPatterns } from './random-pairs.ts';
import type { Derived, Level, Model } from './model.ts';
import type { Table } from './table.ts';

/** The parameters of a model on some data: per comparison and level. Plain JSON, so that it can be stored. */
export interface Trained {
  m: number[][];
  u: number[][];
  /** The share of true pairs among all pairs of rows. */
  matchRate: number;
}

/** The parameters a model starts from. */
export function startingPoint(model: Model): Trained {
  const of = (key: 'm' | 'u') => model.comparisons.map((comparison) => startingShares(key, comparison.levels));
  return { m: of('m'), u: of('u'), matchRate: model.matchRate ?? 1e-4 };
}

/**
 * Estimates the parameters without labels: u from random pairs; m by expectation maximisation over the pairs of one blocking
 * rule at a time, leaving out the comparisons that the rule itself makes agree (as Splink does); then the match rate.
 */
export function train(model: Model, table: Table, blocks: readonly Blocks[], compare: Comparer, wanted: Wanted, seed = 1): Trained {
  const trained = startingPoint(model);
  const priorPairs = model.training?.priorPairs ?? 10;
  const random = randomPatterns(table, compare, wanted, seed);
  learnU(model, random, compare, trained, priorPairs);
  learnM(model, blocks, compare, trained, priorPairs, wanted);
  for (let round = 0; round < truePairRounds; round += 1) learnU(model, withoutTruePairs(model, random, compare, trained), compare, trained, priorPairs);
  return trained;
}

/** The share of true pairs among all pairs, from the candidate pairs' patterns; blocking is taken to lose few true ones. */
export function learnMatchRate(model: Model, trained: Trained, patterns: ReadonlyMap<number, number>, compare: Comparer, rows: number, pairsTotal: number): number {
  const ratios = [...patterns].map(([pattern, count]) => ({ count, ratio: likelihoodRatio(model, trained, compare.levels(pattern)) }));
  let rate = trained.matchRate;
  for (let round = 0; round < matchRateRounds; round += 1) {
    let expected = 0;
    for (const { count, ratio } of ratios) expected += (count * rate * ratio) / (rate * ratio + 1 - rate);
    rate = Math.min(0.5, (expected + rows * pairsPerRowBefore) / pairsTotal);
  }
  return rate;
}

export function patternCounts(pairs: Pairs, compare: Comparer): Map<number, number> {
  return counted(compare.patternsOf(pairs.left, pairs.right, pairs.count));
}

function learnU(model: Model, patterns: ReadonlyMap<number, number>, compare: Comparer, trained: Trained, priorPairs: number): void {
  const start = startingPoint(model).u;
  const counts = levelCounts(model, patterns, compare);
  model.comparisons.forEach((_, c) => (trained.u[c] = blended(model, c, counts[c] as Float64Array, start[c] as number[], priorPairs)));
}

/** In a small table many random pairs are true ones; they are taken out by their posterior. */
function withoutTruePairs(model: Model, patterns: ReadonlyMap<number, number>, compare: Comparer, trained: Trained): Map<number, number> {
  const total = [...patterns.values()].reduce((sum, count) => sum + count, 0);
  const free = model.comparisons.map(() => true);
  const shares = [...patterns].map(([pattern, count]) => ({ pattern, count, levels: compare.levels(pattern) }));
  let rate = 0.01;
  for (let round = 0; round < matchRateRounds; round += 1) {
    const expected = shares.reduce((sum, { levels, count }) => sum + count * posterior(model, levels, trained.m, trained.u, free, rate), 0);
    rate = Math.min(0.5, Math.max(1e-9, expected / Math.max(1, total)));
  }
  return new Map(shares.map(({ pattern, count, levels }) => [pattern, count * (1 - posterior(model, levels, trained.m, trained.u, free, rate))]));
}

function levelCounts(model: Model, patterns: ReadonlyMap<number, number>, compare: Comparer): Float64Array[] {
  const counts = model.comparisons.map((comparison) => new Float64Array(comparison.levels.length));
  for (const [pattern, count] of patterns) {
    for (const [c, level] of compare.levels(pattern).entries()) {
      const ofComparison = counts[c] as Float64Array;
      ofComparison[level] = (ofComparison[level] as number) + count;
    }
  }
  return counts;
}

function learnM(model: Model, blocks: readonly Blocks[], compare: Comparer, trained: Trained, priorPairs: number, wanted: Wanted): void {
  const sums = model.comparisons.map((comparison) => new Float64Array(comparison.levels.length));
  const sources = columnSources(model);
  blocks.forEach((block, index) => {
    const rule = model.blocking[index] as Model['blocking'][number];
    const pairs = sampledPairs(block, rule.rowsMax ?? blockRowsMax, trainingPairsMax, wanted);
    if (pairs.count < trainingPairsMin) return;
    const fixedFields = new Set(rule.columns.flatMap((name) => sources(name)));
    const free = model.comparisons.map((comparison) => !comparison.levels.some((level) => predicateColumns(level.when).some((name) => sources(name).some((field) => fixedFields.has(field)))));
    if (free.filter(Boolean).length >= freeComparisonsMin) maximise(model, patternCounts(pairs, compare), compare, trained, free, sums);
  });
  model.comparisons.forEach((_, c) => (trained.m[c] = blended(model, c, sums[c] as Float64Array, trained.m[c] as number[], priorPairs)));
}

/** EM on one rule's pairs; expected counts of true pairs per level are added to `sums`. */
function maximise(model: Model, patterns: ReadonlyMap<number, number>, compare: Comparer, trained: Trained, free: readonly boolean[], sums: readonly Float64Array[]): void {
  const rows = [...patterns].map(([pattern, count]) => ({ levels: compare.levels(pattern), count }));
  const m = trained.m.map((shares) => shares.slice());
  let rate = 0.2;
  let expected = m.map((shares) => new Float64Array(shares.length));
  for (let round = 0; round < (model.training?.roundsMax ?? 25); round += 1) {
    expected = m.map((shares) => new Float64Array(shares.length));
    let [matches, total] = [0, 0];
    for (const { levels, count } of rows) {
      const p = posterior(model, levels, m, trained.u, free, rate) * count;
      matches += p;
      total += count;
      levels.forEach((level, c) => ((expected[c] as Float64Array)[level] = ((expected[c] as Float64Array)[level] as number) + p));
    }
    rate = Math.min(0.999, Math.max(1e-6, matches / total));
    model.comparisons.forEach((_, c) => {
      if (free[c] === true) m[c] = blended(model, c, expected[c] as Float64Array, trained.m[c] as number[], model.training?.priorPairs ?? 10);
    });
  }
  expected.forEach((counts, c) => {
    if (free[c] === true) counts.forEach((count, level) => ((sums[c] as Float64Array)[level] = ((sums[c] as Float64Array)[level] as number) + count));
  });
}

function posterior(model: Model, levels: readonly number[], m: readonly number[][], u: readonly number[][], free: readonly boolean[], rate: number): number {
  let ratio = rate / (1 - rate);
  for (let c = 0; c < levels.length; c += 1) {
    const level = levels[c] as number;
    if (model.comparisons[c]?.levels[level]?.veto === true) return 0;
    if (free[c] !== true || model.comparisons[c]?.levels[level]?.neutral === true) continue;
    ratio *= (m[c]?.[level] as number) / (u[c]?.[level] as number);
  }
  return ratio / (1 + ratio);
}

function likelihoodRatio(model: Model, trained: Trained, levels: readonly number[]): number {
  return posterior(model, levels, trained.m, trained.u, levels.map(() => true), 0.5) / Math.max(1e-300, 1 - posterior(model, levels, trained.m, trained.u, levels.map(() => true), 0.5));
}

/** Observed counts and the starting point as so many pairs more; neutral levels do not share in the rest's hundred per cent. */
function blended(model: Model, c: number, counts: Float64Array, start: readonly number[], priorPairs: number): number[] {
  const levels = (model.comparisons[c] as Model['comparisons'][number]).levels;
  const counted = counts.reduce((sum, count, l) => (levels[l]?.neutral === true ? sum : sum + count), 0);
  if (counted === 0) return start.slice();
  const startTotal = start.reduce((sum, share, l) => (levels[l]?.neutral === true ? sum : sum + share), 0);
  return start.map((share, l) => {
    if (levels[l]?.fixed === true || levels[l]?.neutral === true) return share;
    const seen = Math.max(counts[l] as number, unseenPairs);
    return (seen + (priorPairs * share) / startTotal) / (counted + priorPairs);
  });
}

/** The input fields a derived column comes from. */
function columnSources(model: Model): (name: string) => string[] {
  const derived = new Map<string, Derived>((model.derived ?? []).map((one) => [one.name, one]));
  const sources = (name: string): string[] => derived.get(name)?.from.flatMap(sources) ?? [name.split('.')[0] as string];
  return sources;
}

/** What the model gives; else most true pairs at the first level, most false ones at the last. Neutral levels have no share. */
function startingShares(key: 'm' | 'u', levels: readonly Level[]): number[] {
  const telling = levels.filter((level) => level.neutral !== true);
  return levels.map((level) => {
    const rank = key === 'm' ? telling.indexOf(level) : telling.length - 1 - telling.indexOf(level);
    return Math.max(shareMin, level[key] ?? (level.neutral === true ? 1 : 0.9 * 0.25 ** rank + 0.002));
  });
}

const trainingPairsMax = 60_000;
const trainingPairsMin = 20;
const freeComparisonsMin = 2;
const matchRateRounds = 8;
const truePairRounds = 3;
/** True pairs a row is taken to have before anything is seen: a small table must not conclude that nobody occurs twice. */
const pairsPerRowBefore = 1 / 8;
const shareMin = 1e-9;
/** A level that a sample does not show is taken for half a pair, not for impossible. */
const unseenPairs = 0.5;
