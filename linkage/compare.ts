import { invariant } from '../base/errors.ts';
import type { Comparison, Predicate } from './model.ts';
import { measure } from './similarity.ts';
import type { Column, Table } from './table.ts';

type Test = (i: number, j: number) => boolean;

/** Compares two rows of a table. */
export interface Comparer {
  /** Levels of every comparison in one number: the vector, packed in mixed radix. */
  pattern(i: number, j: number): number;
  /** How many patterns there can be. */
  patterns: number;
  levels(pattern: number): number[];
}

/** Makes the comparisons of a model executable over one table. */
export function comparer(comparisons: readonly Comparison[], table: Table): Comparer {
  const tests = comparisons.map((comparison) => comparison.levels.map((level) => test(level.when, table)));
  const radices = comparisons.map((comparison) => comparison.levels.length);
  const patterns = radices.reduce((product, radix) => product * radix, 1);
  invariant(patterns <= patternsMax, 'the level vectors of a model fit 31 bits');
  return {
    patterns,
    pattern: (i, j) => {
      let pattern = 0;
      for (let c = 0; c < tests.length; c += 1) pattern = pattern * (radices[c] as number) + levelOf(tests[c] as Test[], i, j);
      return pattern;
    },
    levels: (pattern) => unpacked(pattern, radices),
  };
}

export const patternsMax = 2 ** 31 - 1;

function levelOf(tests: readonly Test[], i: number, j: number): number {
  const last = tests.length - 1;
  for (let level = 0; level < last; level += 1) if ((tests[level] as Test)(i, j)) return level;
  return last;
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

function test(predicate: Predicate, table: Table): Test {
  switch (predicate.kind) {
    case 'else':
      return () => true;
    case 'not':
      return negated(test(predicate.of, table));
    case 'all':
      return every(predicate.of.map((part) => test(part, table)));
    case 'any':
      return some(predicate.of.map((part) => test(part, table)));
    case 'missing':
      return some(predicate.columns.map((name) => missing(columnOf(table, name))));
    case 'differs':
      return differs(columnOf(table, predicate.column));
    case 'same':
      return predicate.with === undefined ? same(columnOf(table, predicate.column)) : across(table, predicate.column, predicate.with, (a, b) => a === b);
    case 'similar':
      return similar(predicate, table);
  }
}

function columnOf(table: Table, name: string): Column {
  const found = table.columns.get(name);
  invariant(found !== undefined, `the model names a column \`${name}\` that its fields give`);
  return found;
}

function negated(inner: Test): Test {
  return (i, j) => !inner(i, j);
}

function every(tests: readonly Test[]): Test {
  return (i, j) => {
    for (const inner of tests) if (!inner(i, j)) return false;
    return true;
  };
}

function some(tests: readonly Test[]): Test {
  return (i, j) => {
    for (const inner of tests) if (inner(i, j)) return true;
    return false;
  };
}

function missing(source: Column): Test {
  const { codes, offsets } = source;
  if (offsets === null) return (i, j) => (codes[i] as number) < 0 || (codes[j] as number) < 0;
  return (i, j) => offsets[i] === offsets[i + 1] || offsets[j] === offsets[j + 1];
}

function differs(source: Column): Test {
  const absent = missing(source);
  const equal = same(source);
  return (i, j) => !absent(i, j) && !equal(i, j);
}

function same(source: Column): Test {
  const { codes, offsets } = source;
  if (offsets === null) return (i, j) => codes[i] === codes[j] && (codes[i] as number) >= 0;
  return (i, j) => {
    for (let a = offsets[i] as number; a < (offsets[i + 1] as number); a += 1) {
      for (let b = offsets[j] as number; b < (offsets[j + 1] as number); b += 1) if (codes[a] === codes[b]) return true;
    }
    return false;
  };
}

function similar(predicate: Extract<Predicate, { kind: 'similar' }>, table: Table): Test {
  const near = measure(predicate.measure, predicate.limit);
  if (predicate.with !== undefined) return across(table, predicate.column, predicate.with, near);
  const source = columnOf(table, predicate.column);
  const { codes, offsets, values } = source;
  const nearValues = (a: number, b: number) => near(values[a] as string, values[b] as string);
  const nearCodes = values.length < memoValuesMin ? nearValues : remembered(nearValues);
  if (offsets === null) {
    return (i, j) => {
      const [a, b] = [codes[i] as number, codes[j] as number];
      return a >= 0 && b >= 0 && (a === b || nearCodes(a, b));
    };
  }
  return (i, j) => {
    for (let a = offsets[i] as number; a < (offsets[i + 1] as number); a += 1) {
      for (let b = offsets[j] as number; b < (offsets[j + 1] as number); b += 1) {
        const [left, right] = [codes[a] as number, codes[b] as number];
        if (left === right || nearCodes(left, right)) return true;
      }
    }
    return false;
  };
}

/** One column of a row against another column of the other row, either way round. */
function across(table: Table, left: string, right: string, near: (a: string, b: string) => boolean): Test {
  const [a, b] = [columnOf(table, left), columnOf(table, right)];
  const oneWay = (i: number, j: number): boolean => {
    for (let x = first(a, i); x < last(a, i); x += 1) {
      for (let y = first(b, j); y < last(b, j); y += 1) {
        const [p, q] = [a.codes[x] as number, b.codes[y] as number];
        if (p >= 0 && q >= 0 && near(a.values[p] as string, b.values[q] as string)) return true;
      }
    }
    return false;
  };
  return (i, j) => oneWay(i, j) || oneWay(j, i);
}

function first(source: Column, row: number): number {
  return source.offsets === null ? row : (source.offsets[row] as number);
}

function last(source: Column, row: number): number {
  return source.offsets === null ? row + 1 : (source.offsets[row + 1] as number);
}

/** Common values meet often: the last answers are kept in a small table, overwritten as it fills. */
function remembered(near: (a: number, b: number) => boolean): (a: number, b: number) => boolean {
  const keys = new Float64Array(memoSlots).fill(-1);
  const answers = new Uint8Array(memoSlots);
  return (a, b) => {
    const [low, high] = a < b ? [a, b] : [b, a];
    const key = high * 0x4000000 + low;
    const slot = (Math.imul(low, 0x9e3779b1) ^ Math.imul(high, 0x85ebca6b)) >>> (32 - memoBits);
    if (keys[slot] === key) return answers[slot] === 1;
    const answer = near(a, b);
    keys[slot] = key;
    answers[slot] = answer ? 1 : 0;
    return answer;
  };
}

/** A short list of values is compared faster than the memory for answers is laid out. */
const memoValuesMin = 1000;
const memoBits = 16;
const memoSlots = 1 << memoBits;
