import { invariant } from '../base/errors.ts';
import type { Predicate } from './model.ts';
import { measure } from './similarity.ts';
import type { Column, Table } from './table.ts';

/**
 * Tests many pairs at once: `marks[k]` becomes 1 where the predicate holds for the pair at `picked[k]`, else 0. One loop over
 * typed arrays for each part of a predicate is several times faster than one call for each pair and part.
 */
export type Test = (left: Int32Array, right: Int32Array, picked: Int32Array, count: number, marks: Uint8Array) => void;

export function predicateTest(predicate: Predicate, table: Table): Test {
  switch (predicate.kind) {
    case 'else':
      return (_left, _right, _picked, count, marks) => marks.fill(1, 0, count);
    case 'not':
      return negated(predicateTest(predicate.of, table));
    case 'all':
      return combined(predicate.of.map((part) => predicateTest(part, table)), 1);
    case 'any':
      return combined(predicate.of.map((part) => predicateTest(part, table)), 0);
    case 'missing':
      return combined(predicate.columns.map((name) => missing(columnOf(table, name))), 0);
    case 'differs':
      return combined([negated(missing(columnOf(table, predicate.column))), negated(same(columnOf(table, predicate.column)))], 1);
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
  return (left, right, picked, count, marks) => {
    inner(left, right, picked, count, marks);
    for (let k = 0; k < count; k += 1) marks[k]! ^= 1;
  };
}

/** All parts (`open` 1) or any (`open` 0): a part is asked only about the pairs that the parts before it left open. */
function combined(tests: readonly Test[], open: 0 | 1): Test {
  const [first, ...others] = tests as [Test, ...Test[]];
  if (others.length === 0) return first;
  let [rest, places, answers] = [new Int32Array(0), new Int32Array(0), new Uint8Array(0)];
  return (left, right, picked, count, marks) => {
    if (rest.length < count) [rest, places, answers] = [new Int32Array(count), new Int32Array(count), new Uint8Array(count)];
    first(left, right, picked, count, marks);
    let remaining = 0;
    for (let k = 0; k < count; k += 1) {
      if (marks[k] !== open) continue;
      rest[remaining] = picked[k]!;
      places[remaining++] = k;
    }
    for (let part = 0; part < others.length && remaining > 0; part += 1) {
      others[part]!(left, right, rest, remaining, answers);
      let kept = 0;
      for (let k = 0; k < remaining; k += 1) {
        if (answers[k] === open) {
          rest[kept] = rest[k]!;
          places[kept++] = places[k]!;
        } else marks[places[k]!] = answers[k]!;
      }
      remaining = kept;
    }
  };
}

function missing({ codes, offsets }: Column): Test {
  if (offsets === null) {
    return (left, right, picked, count, marks) => {
      for (let k = 0; k < count; k += 1) marks[k] = codes[left[picked[k]!]!]! < 0 || codes[right[picked[k]!]!]! < 0 ? 1 : 0;
    };
  }
  return eachPair((i, j) => offsets[i] === offsets[i + 1] || offsets[j] === offsets[j + 1]);
}

function same(source: Column): Test {
  const { codes, offsets } = source;
  if (offsets !== null) return eachPair((i, j) => shareOne(codes, offsets, i, j));
  return (left, right, picked, count, marks) => {
    for (let k = 0; k < count; k += 1) {
      const code = codes[left[picked[k]!]!]!;
      marks[k] = code >= 0 && code === codes[right[picked[k]!]!] ? 1 : 0;
    }
  };
}

function similar(predicate: Extract<Predicate, { kind: 'similar' }>, table: Table): Test {
  const near = measure(predicate.measure, predicate.limit);
  if (predicate.with !== undefined) return across(table, predicate.column, predicate.with, near);
  const source = columnOf(table, predicate.column);
  const { codes, offsets, values } = source;
  const nearValues = (a: number, b: number) => near(values[a] as string, values[b] as string);
  const nearCodes = values.length < memoValuesMin ? nearValues : remembered(nearValues);
  if (offsets !== null) return eachPair((i, j) => anyPair(source, i, j, (a, b) => a === b || nearCodes(a, b)));
  return (left, right, picked, count, marks) => {
    for (let k = 0; k < count; k += 1) {
      const [a, b] = [codes[left[picked[k]!]!]!, codes[right[picked[k]!]!]!];
      marks[k] = a >= 0 && b >= 0 && (a === b || nearCodes(a, b)) ? 1 : 0;
    }
  };
}

function eachPair(holds: (i: number, j: number) => boolean): Test {
  return (left, right, picked, count, marks) => {
    for (let k = 0; k < count; k += 1) marks[k] = holds(left[picked[k]!]!, right[picked[k]!]!) ? 1 : 0;
  };
}

/** `anyPair` for equality, which is asked of every pair. */
function shareOne(codes: Int32Array, offsets: Int32Array, i: number, j: number): boolean {
  const [aEnd, bStart, bEnd] = [offsets[i + 1]!, offsets[j]!, offsets[j + 1]!];
  for (let a = offsets[i]!; a < aEnd; a += 1) for (let b = bStart; b < bEnd; b += 1) if (codes[a] === codes[b]) return true;
  return false;
}

function anyPair({ codes, offsets }: Column, i: number, j: number, near: (a: number, b: number) => boolean): boolean {
  for (let a = offsets![i]!; a < offsets![i + 1]!; a += 1) {
    for (let b = offsets![j]!; b < offsets![j + 1]!; b += 1) if (near(codes[a]!, codes[b]!)) return true;
  }
  return false;
}

/** One column of a row against another column of the other row, either way round. */
function across(table: Table, left: string, right: string, near: (a: string, b: string) => boolean): Test {
  const [a, b] = [columnOf(table, left), columnOf(table, right)];
  const oneWay = (i: number, j: number): boolean => {
    for (let x = first(a, i); x < last(a, i); x += 1) {
      for (let y = first(b, j); y < last(b, j); y += 1) {
        const [p, q] = [a.codes[x]!, b.codes[y]!];
        if (p >= 0 && q >= 0 && near(a.values[p] as string, b.values[q] as string)) return true;
      }
    }
    return false;
  };
  return eachPair((i, j) => oneWay(i, j) || oneWay(j, i));
}

function first(source: Column, row: number): number {
  return source.offsets === null ? row : source.offsets[row]!;
}

function last(source: Column, row: number): number {
  return source.offsets === null ? row + 1 : source.offsets[row + 1]!;
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
