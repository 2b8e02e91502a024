import { invariant } from '../base/errors.ts';
import type { Comparison } from './model.ts';
import { predicateTest, type Test } from './predicate-test.ts';
import type { Table } from './table.ts';

/** Compares rows of a table. */
export interface Comparer {
  /** Levels of every comparison in one number: the vector, packed in mixed radix. */
  pattern(i: number, j: number): number;
  /** The same of many pairs: pair k is `left[k]` and `right[k]`. */
  patternsOf(left: Int32Array, right: Int32Array, count: number): Int32Array;
  /** How many patterns there can be. */
  patterns: number;
  levels(pattern: number): number[];
}

/** Makes the comparisons of a model executable over one table. */
export function comparer(comparisons: readonly Comparison[], table: Table): Comparer {
  const tests = comparisons.map((comparison) => comparison.levels.slice(0, -1).map((level) => predicateTest(level.when, table)));
  const radices = comparisons.map((comparison) => comparison.levels.length);
  const patterns = radices.reduce((product, radix) => product * radix, 1);
  invariant(patterns <= patternsMax, 'the level vectors of a model fit 31 bits');
  const [left, right, one] = [new Int32Array(1), new Int32Array(1), newBatch(1)];
  return {
    patterns,
    pattern: (i, j) => {
      left[0] = i;
      right[0] = j;
      const result = one.patterns.fill(0);
      addPatterns(tests, radices, left, right, 0, 1, one, result);
      return result[0]!;
    },
    patternsOf: (lefts, rights, count) => {
      const result = new Int32Array(count);
      const batch = newBatch(Math.min(count, batchPairs));
      for (let from = 0; from < count; from += batchPairs) addPatterns(tests, radices, lefts, rights, from, Math.min(count, from + batchPairs), batch, result);
      return result;
    },
    levels: (pattern) => unpacked(pattern, radices),
  };
}

export const patternsMax = 2 ** 31 - 1;

/** Memory for one batch of pairs. */
interface Batch {
  open: Int32Array;
  marks: Uint8Array;
  levels: Uint8Array;
  patterns: Int32Array;
}

function newBatch(pairs: number): Batch {
  return { open: new Int32Array(pairs), marks: new Uint8Array(pairs), levels: new Uint8Array(pairs), patterns: new Int32Array(1) };
}

function addPatterns(tests: readonly (readonly Test[])[], radices: readonly number[], left: Int32Array, right: Int32Array, from: number, to: number, batch: Batch, result: Int32Array): void {
  for (let c = 0; c < tests.length; c += 1) {
    levelsOf(tests[c]!, left, right, from, to, batch);
    const radix = radices[c]!;
    for (let k = from; k < to; k += 1) result[k] = result[k]! * radix + batch.levels[k - from]!;
  }
}

/** A pair's level is the first whose test holds; the last level needs none. */
function levelsOf(tests: readonly Test[], left: Int32Array, right: Int32Array, from: number, to: number, { open, marks, levels }: Batch): void {
  let count = to - from;
  for (let k = 0; k < count; k += 1) open[k] = from + k;
  levels.fill(tests.length, 0, count);
  for (let level = 0; level < tests.length && count > 0; level += 1) {
    tests[level]!(left, right, open, count, marks);
    let kept = 0;
    for (let k = 0; k < count; k += 1) {
      if (marks[k] === 1) levels[open[k]! - from] = level;
      else open[kept++] = open[k]!;
    }
    count = kept;
  }
}

function unpacked(pattern: number, radices: readonly number[]): number[] {
  const levels: number[] = new Array<number>(radices.length);
  let rest = pattern;
  for (let c = radices.length - 1; c >= 0; c -= 1) {
    const radix = radices[c] as number;
    levels[c] = rest % radix;
    rest = Math.floor(rest / radix);
  }
  return levels;
}

/** Small enough that what a batch touches stays in the cache. */
const batchPairs = 4096;
