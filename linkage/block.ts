import type { Model } from './model.ts';
import type { Column, Table } from './table.ts';

/** Pairs of rows worth comparing, each once, `left[k] < right[k]`, in row order. */
export interface Pairs {
  count: number;
  left: Int32Array;
  right: Int32Array;
}

/** Rows that share a key of one rule: group g holds `rows[starts[g]]` up to `rows[starts[g + 1]]`. */
export interface Blocks {
  rule: string;
  starts: Int32Array;
  rows: Int32Array;
}

/** A key shared by more rows than this is generic (the hotline's own number, a shelter's address): see linkage.md, 2. */
export const blockRowsMax = 50;

/** The blocks of every rule, generic keys included. */
export function blocksOf(model: Model, table: Table): Blocks[] {
  return model.blocking.map((rule) => blocks(rule.name, rule.columns.map((name) => table.columns.get(name) as Column), table.rows));
}

/** How many pairs the rule compares; with `rowsMax`, without its generic keys. */
export function comparisonsOf(found: Blocks, rowsMax = Infinity): number {
  let comparisons = 0;
  for (let g = 0; g + 1 < found.starts.length; g += 1) {
    const size = (found.starts[g + 1] as number) - (found.starts[g] as number);
    if (size <= rowsMax) comparisons += (size * (size - 1)) / 2;
  }
  return comparisons;
}

/** Candidate pairs of all rules together. `wanted` leaves pairs out (two rows of one input, neither row touched). */
export function candidatePairs(model: Model, found: readonly Blocks[], table: Table, wanted: (i: number, j: number) => boolean): Pairs {
  const counts = new Int32Array(table.rows + 1);
  eachPair(model, found, (i) => (counts[i + 1] = (counts[i + 1] as number) + 1), wanted);
  for (let row = 0; row < table.rows; row += 1) counts[row + 1] = (counts[row + 1] as number) + (counts[row] as number);
  const partners = new Int32Array(counts[table.rows] as number);
  const next = counts.slice();
  eachPair(model, found, (i, j) => {
    const at = next[i] as number;
    partners[at] = j;
    next[i] = at + 1;
  }, wanted);
  return distinctPairs(counts, partners, table.rows);
}

/** At most `pairsMax` pairs of one rule, spread evenly over its blocks: a sample for training. */
export function sampledPairs(found: Blocks, rowsMax: number, pairsMax: number, wanted: (i: number, j: number) => boolean): Pairs {
  const every = Math.max(1, Math.ceil(comparisonsOf(found, rowsMax) / pairsMax));
  const left: number[] = [];
  const right: number[] = [];
  let seen = 0;
  eachBlockPair(found, rowsMax, (i, j) => {
    seen += 1;
    if (seen % every === 0 && wanted(i, j)) {
      left.push(i);
      right.push(j);
    }
  });
  return { count: left.length, left: Int32Array.from(left), right: Int32Array.from(right) };
}

function eachPair(model: Model, found: readonly Blocks[], visit: (i: number, j: number) => void, wanted: (i: number, j: number) => boolean): void {
  found.forEach((block, index) => {
    eachBlockPair(block, model.blocking[index]?.rowsMax ?? blockRowsMax, (i, j) => {
      if (i !== j && wanted(i, j)) visit(Math.min(i, j), Math.max(i, j));
    });
  });
}

function eachBlockPair(found: Blocks, rowsMax: number, visit: (i: number, j: number) => void): void {
  const { starts, rows } = found;
  for (let g = 0; g + 1 < starts.length; g += 1) {
    const [from, to] = [starts[g] as number, starts[g + 1] as number];
    if (to - from > rowsMax) continue;
    for (let a = from; a < to; a += 1) for (let b = a + 1; b < to; b += 1) visit(rows[a] as number, rows[b] as number);
  }
}

/** The same pair found by several rules is kept once: partners of one row are sorted and its doubles skipped. */
function distinctPairs(starts: Int32Array, partners: Int32Array, rows: number): Pairs {
  const left = new Int32Array(partners.length);
  const right = new Int32Array(partners.length);
  let count = 0;
  for (let row = 0; row < rows; row += 1) {
    const slice = partners.subarray(starts[row], starts[row + 1]);
    if (slice.length > 1) sortShort(slice);
    let last = -1;
    for (const partner of slice) {
      if (partner === last) continue;
      last = partner;
      left[count] = row;
      right[count] = partner;
      count += 1;
    }
  }
  return { count, left: left.subarray(0, count), right: right.subarray(0, count) };
}

function sortShort(slice: Int32Array): void {
  if (slice.length > 24) {
    slice.sort();
    return;
  }
  for (let i = 1; i < slice.length; i += 1) {
    const value = slice[i] as number;
    let j = i - 1;
    while (j >= 0 && (slice[j] as number) > value) {
      slice[j + 1] = slice[j] as number;
      j -= 1;
    }
    slice[j + 1] = value;
  }
}

function blocks(rule: string, columns: readonly Column[], rows: number): Blocks {
  const groups = new Map<number, number>();
  const groupOf: number[] = [];
  const rowOf: number[] = [];
  const packs = columns.slice(1).map((next) => packing(next.values.length));
  for (let row = 0; row < rows; row += 1) {
    eachKey(columns, packs, row, 0, 0, (key) => {
      let group = groups.get(key);
      if (group === undefined) {
        group = groups.size;
        groups.set(key, group);
      }
      groupOf.push(group);
      rowOf.push(row);
    });
  }
  return grouped(rule, groups.size, groupOf, rowOf);
}

/** Every combination of the row's values; a missing value makes no key. */
function eachKey(columns: readonly Column[], packs: readonly Packing[], row: number, at: number, key: number, visit: (key: number) => void): void {
  const { codes, offsets } = columns[at] as Column;
  const from = offsets === null ? row : (offsets[row] as number);
  const to = offsets === null ? row + 1 : (offsets[row + 1] as number);
  for (let index = from; index < to; index += 1) {
    const code = codes[index] as number;
    if (code < 0) continue;
    const next = at === 0 ? code : (packs[at - 1] as Packing)(key, code);
    if (at + 1 === columns.length) visit(next);
    else eachKey(columns, packs, row, at + 1, next, visit);
  }
}

type Packing = (key: number, code: number) => number;

/** Packs a key and a further code into one exact number; keys are renumbered so that the product stays below 2^53. */
function packing(size: number): Packing {
  const numbers = new Map<number, number>();
  return (key, code) => {
    let number = numbers.get(key);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(key, number);
    }
    return number * size + code;
  };
}

/** Groups of one row are left out. */
function grouped(rule: string, groups: number, groupOf: readonly number[], rowOf: readonly number[]): Blocks {
  const sizes = new Int32Array(groups);
  for (const group of groupOf) sizes[group] = (sizes[group] as number) + 1;
  const place = new Int32Array(groups).fill(-1);
  const starts: number[] = [0];
  let total = 0;
  for (let group = 0; group < groups; group += 1) {
    if ((sizes[group] as number) < 2) continue;
    place[group] = total;
    total += sizes[group] as number;
    starts.push(total);
  }
  const rows = new Int32Array(total);
  groupOf.forEach((group, index) => {
    const at = place[group] as number;
    if (at < 0) return;
    rows[at] = rowOf[index] as number;
    place[group] = at + 1;
  });
  return { rule, starts: Int32Array.from(starts), rows };
}
