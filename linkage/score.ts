import type { Comparer } from './compare.ts';
import type { Level, Model } from './model.ts';
import { valueCounts, type Column, type Table } from './table.ts';
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

/** How often values occur, from the table itself or from the last full run. */
export interface Frequencies {
  rows: number;
  /** By `frequencyName` and value; absent means once. */
  counts: Record<string, Record<string, number>>;
}

export function scorer(model: Model, trained: Trained, compare: Comparer, table: Table, frequencies: Frequencies | null): Scorer {
  const weights = levelWeights(model, trained);
  const rarities = model.comparisons.map((comparison, c) =>
    comparison.levels.map((level, l) => (level.termFrequency === undefined ? null : rarity(level, table, trained.u[c]?.[l] as number, frequencies))),
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

type Rarity = (i: number, j: number) => number;

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

/** log2(u / frequency of the value that both have), bounded so that no value alone decides. */
function rarity(level: Level, table: Table, u: number, frequencies: Frequencies | null): Rarity {
  const source = table.columns.get(level.termFrequency as string) as Column;
  const known = frequencies?.counts[frequencyName(level)];
  const counts = known === undefined ? frequencyCounts(level, table) : source.values.map((value) => (Object.hasOwn(known, value) ? (known[value] as number) : 1));
  const rows = frequencies?.rows ?? table.rows;
  const bonus = Float64Array.from(counts, (count) => Math.max(-rarityBitsMax, Math.min(rarityBitsMax, Math.log2(u / frequency(count, u, rows)))));
  return (i, j) => {
    const code = sharedCode(source, i, j);
    return code < 0 ? 0 : (bonus[code] as number);
  };
}

/** A small table tells little of how common a value is: so many rows at the level's own rate are added to what it shows. */
function frequency(count: number, u: number, rows: number): number {
  return (Math.max(count - 1, 1) + rowsBefore * u) / (rows + rowsBefore);
}

/** The counts behind a level's term frequencies. */
export function frequencyCounts(level: Level, table: Table): Int32Array {
  const by = level.frequencyBy === undefined ? null : (table.columns.get(level.frequencyBy) as Column);
  return valueCounts(table.columns.get(level.termFrequency as string) as Column, by);
}

export function frequencyName(level: Level): string {
  return level.frequencyBy === undefined ? (level.termFrequency as string) : `${level.termFrequency} by ${level.frequencyBy}`;
}

function sharedCode(source: Column, i: number, j: number): number {
  const { codes, offsets } = source;
  if (offsets === null) return codes[i] === codes[j] ? (codes[i] as number) : -1;
  for (let a = offsets[i] as number; a < (offsets[i + 1] as number); a += 1) {
    for (let b = offsets[j] as number; b < (offsets[j + 1] as number); b += 1) if (codes[a] === codes[b]) return codes[a] as number;
  }
  return -1;
}

const rarityBitsMax = 8;
const rowsBefore = 1000;
