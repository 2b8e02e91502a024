import type { Comparer } from './compare.ts';
import type { Model } from './model.ts';
import { rarity, type Frequencies, type Rarity } from './rarity.ts';
import type { Table } from './table.ts';
import type { Trained } from './train.ts';

/** Match weights: log2 of how much likelier a level is in true pairs than in false ones (Fellegi–Sunter). */
export interface Scorer {
  /** The weight of a pair of which nothing is known: log2 of the odds that two rows are one entity. */
  prior: number;
  /** The weight of two rows, prior and term frequencies included; −Infinity is a veto. */
  weight(i: number, j: number): number;
  /** The same, from a pattern worked out before. */
  weightOf(pattern: number, i: number, j: number): number;
  /** What each comparison adds, for the waterfall. */
  parts(i: number, j: number): WeightPart[];
}

export interface WeightPart {
  comparison: string;
  level: string;
  weight: number;
  /** The share of the weight that the value's rarity made. */
  termFrequency: number;
}

export function scorer(model: Model, trained: Trained, compare: Comparer, table: Table, frequencies: Frequencies | null): Scorer {
  const weights = levelWeights(model, trained);
  const rarities = model.comparisons.map((comparison, c) =>
    comparison.levels.map((level, l) => (level.termFrequency === undefined ? null : rarity(model, level, table, trained.u[c]?.[l] as number, frequencies))),
  );
  const prior = Math.log2(trained.matchRate / (1 - trained.matchRate));
  const sums = patternSums(compare, weights, rarities, prior);
  const weightOf = (pattern: number, i: number, j: number): number => {
    const { sum, rare } = sums(pattern);
    let weight = sum;
    for (let at = 0; at < rare.length; at += 1) weight += rare[at]!(i, j);
    return weight;
  };
  return {
    prior,
    weightOf,
    weight: (i, j) => weightOf(compare.pattern(i, j), i, j),
    parts: (i, j) =>
      compare.levels(compare.pattern(i, j)).map((level, c) => {
        const termFrequency = rarities[c]?.[level]?.(i, j) ?? 0;
        const comparison = model.comparisons[c] as Model['comparisons'][number];
        return { comparison: comparison.name, level: comparison.levels[level]?.label as string, weight: (weights[c]?.[level] as number) + termFrequency, termFrequency };
      }),
  };
}

/** Posterior probability of a match weight. */
export function probability(weight: number): number {
  return 1 / (1 + 2 ** -weight);
}

/** The match weight of a probability. */
export function weightAt(share: number): number {
  return Math.log2(share / (1 - share));
}

function levelWeights(model: Model, trained: Trained): number[][] {
  return model.comparisons.map((comparison, c) =>
    comparison.levels.map((level, l) => {
      if (level.veto === true) return -Infinity;
      if (level.neutral === true) return 0;
      return Math.log2((trained.m[c]?.[l] as number) / (trained.u[c]?.[l] as number));
    }),
  );
}

/** What a pattern alone decides, and what depends on how rare the values of its pairs are. */
interface PatternSum {
  sum: number;
  rare: readonly Rarity[];
}

/** Sums are remembered by pattern: a million pairs have a few thousand patterns. */
function patternSums(compare: Comparer, weights: readonly number[][], rarities: readonly (readonly (Rarity | null)[])[], prior: number): (pattern: number) => PatternSum {
  const sums = new Map<number, PatternSum>();
  return (pattern) => {
    let found = sums.get(pattern);
    if (found === undefined) {
      const levels = compare.levels(pattern);
      const sum = levels.reduce((total, level, c) => total + (weights[c]?.[level] as number), prior);
      found = { sum, rare: sum === -Infinity ? [] : levels.map((level, c) => rarities[c]?.[level] ?? null).filter((rare) => rare !== null) };
      sums.set(pattern, found);
    }
    return found;
  };
}
