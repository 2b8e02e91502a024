import { groupsOf, type Groups } from './group.ts';
import type { Model } from './model.ts';
import type { Column, Table } from './table.ts';

/** Pairs of rows worth comparing, each once, `left[k] < right[k]`, in row order. */
export interface Pairs {
  count: number;
  left: Int32Array;
  right: Int32Array;
}

export interface Blocks extends Groups {
  rule: string;
}

/** Pairs to keep; null keeps all. */
export type Wanted = ((i: number, j: number) => boolean) | null;

/** A key shared by more rows than this is generic (the hotline's own number, a shelter's address): see linkage.md, 2. */
export const blockRowsMax = 50;

/** The blocks of every rule, keys of too many rows included; those of too many bearers are left out. */
export function blocksOf(model: Model, table: Table): Blocks[] {
  return model.blocking.map((rule) => {
    const groups = groupsOf(rule.columns.map((name) => table.columns.get(name) as Column), table.rows);
    const bearer = rule.bearersMax === undefined || model.distinct === undefined ? null : (table.columns.get(model.distinct) as Column).codes;
    return { rule: rule.name, ...(bearer === null ? groups : ofFewBearers(groups, bearer, rule.bearersMax as number)) };
  });
}

/** How many pairs the rule compares; with `rowsMax`, without its generic keys. */
export function comparisonsOf(found: Blocks, rowsMax = Infinity): number {
  let comparisons = 0;
  for (let g = 0; g + 1 < found.starts.length; g += 1) {
    const size = found.starts[g + 1]! - found.starts[g]!;
    if (size <= rowsMax) comparisons += (size * (size - 1)) / 2;
  }
  return comparisons;
}

/** Candidate pairs of all rules together. `wanted` leaves pairs out (two rows of one input). */
export function candidatePairs(model: Model, found: readonly Blocks[], table: Table, wanted: Wanted): Pairs {
  const counts = new Int32Array(table.rows + 1);
  const limits = model.blocking.map((rule) => rule.rowsMax ?? blockRowsMax);
  found.forEach((block, index) => countPairs(block, limits[index]!, wanted, counts));
  for (let row = 0; row < table.rows; row += 1) counts[row + 1]! += counts[row]!;
  const partners = new Int32Array(counts[table.rows]!);
  const next = counts.slice();
  found.forEach((block, index) => fillPairs(block, limits[index]!, wanted, next, partners));
  return distinctPairs(counts, partners, table.rows);
}

/** Where a pair stands in the list, whichever row comes first; −1 where it is none of them. */
export function pairFinder({ count, left, right }: Pairs, rows: number): (i: number, j: number) => number {
  const starts = new Int32Array(rows + 1);
  for (let k = 0; k < count; k += 1) starts[left[k]! + 1]! += 1;
  for (let row = 0; row < rows; row += 1) starts[row + 1]! += starts[row]!;
  return (i, j) => {
    const [row, partner] = i < j ? [i, j] : [j, i];
    let [from, to] = [starts[row]!, starts[row + 1]!];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (right[middle]! < partner) from = middle + 1;
      else to = middle;
    }
    return from < starts[row + 1]! && right[from] === partner ? from : -1;
  };
}

/** At most `pairsMax` pairs of one rule, spread evenly over its blocks: a sample for training. */
export function sampledPairs(found: Blocks, rowsMax: number, pairsMax: number, wanted: Wanted): Pairs {
  const every = Math.max(1, Math.ceil(comparisonsOf(found, rowsMax) / pairsMax));
  const left: number[] = [];
  const right: number[] = [];
  let seen = 0;
  for (let g = 0; g + 1 < found.starts.length; g += 1) {
    const [from, to] = [found.starts[g]!, found.starts[g + 1]!];
    if (to - from > rowsMax) continue;
    for (let a = from; a < to; a += 1) {
      for (let b = a + 1; b < to; b += 1) {
        seen += 1;
        if (seen % every !== 0 || (wanted !== null && !wanted(found.rows[a]!, found.rows[b]!))) continue;
        left.push(found.rows[a]!);
        right.push(found.rows[b]!);
      }
    }
  }
  return { count: left.length, left: Int32Array.from(left), right: Int32Array.from(right) };
}

/** The groups that `keep` lets pass, given where their rows begin and end. */
export function groupsWith({ starts, rows }: Groups, keep: (from: number, to: number) => boolean): Groups {
  const kept = { starts: new Int32Array(starts.length), rows: new Int32Array(rows.length) };
  let [groups, count] = [0, 0];
  for (let g = 0; g + 1 < starts.length; g += 1) {
    const [from, to] = [starts[g]!, starts[g + 1]!];
    if (!keep(from, to)) continue;
    kept.rows.set(rows.subarray(from, to), count);
    count += to - from;
    kept.starts[(groups += 1)] = count;
  }
  return { starts: kept.starts.slice(0, groups + 1), rows: kept.rows.slice(0, count) };
}

function ofFewBearers(groups: Groups, bearer: Int32Array, bearersMax: number): Groups {
  return groupsWith(groups, (from, to) => bearersOf(groups.rows, from, to, bearer, bearersMax) <= bearersMax);
}

/** Distinct bearers of a key's rows; counting stops when there are too many. */
function bearersOf(rows: Int32Array, from: number, to: number, bearer: Int32Array, bearersMax: number): number {
  const seen: number[] = [];
  for (let at = from; at < to && seen.length <= bearersMax; at += 1) {
    const code = bearer[rows[at]!]!;
    if (code >= 0 && !seen.includes(code)) seen.push(code);
  }
  return seen.length;
}

/** Rows of a group are in order, so the first of two is the lower. */
function countPairs({ starts, rows }: Blocks, rowsMax: number, wanted: Wanted, counts: Int32Array): void {
  for (let g = 0; g + 1 < starts.length; g += 1) {
    const [from, to] = [starts[g]!, starts[g + 1]!];
    if (to - from > rowsMax) continue;
    for (let a = from; a < to; a += 1) {
      const row = rows[a]!;
      if (wanted === null) counts[row + 1]! += to - a - 1;
      else for (let b = a + 1; b < to; b += 1) if (wanted(row, rows[b]!)) counts[row + 1]! += 1;
    }
  }
}

function fillPairs({ starts, rows }: Blocks, rowsMax: number, wanted: Wanted, next: Int32Array, partners: Int32Array): void {
  for (let g = 0; g + 1 < starts.length; g += 1) {
    const [from, to] = [starts[g]!, starts[g + 1]!];
    if (to - from > rowsMax) continue;
    for (let a = from; a < to; a += 1) {
      const row = rows[a]!;
      for (let b = a + 1; b < to; b += 1) if (wanted === null || wanted(row, rows[b]!)) partners[next[row]!++] = rows[b]!;
    }
  }
}

/** The same pair found by several rules is kept once: partners of one row are sorted and its doubles skipped. */
function distinctPairs(starts: Int32Array, partners: Int32Array, rows: number): Pairs {
  const left = new Int32Array(partners.length);
  const right = new Int32Array(partners.length);
  let count = 0;
  for (let row = 0; row < rows; row += 1) {
    const [from, to] = [starts[row]!, starts[row + 1]!];
    sortPart(partners, from, to);
    for (let at = from; at < to; at += 1) {
      if (at > from && partners[at] === partners[at - 1]) continue;
      left[count] = row;
      right[count++] = partners[at]!;
    }
  }
  return { count, left: left.subarray(0, count), right: right.subarray(0, count) };
}

/** Short lists are sorted by insertion, without a call. */
function sortPart(list: Int32Array, from: number, to: number): void {
  if (to - from > 24) {
    list.subarray(from, to).sort();
    return;
  }
  for (let i = from + 1; i < to; i += 1) {
    const value = list[i]!;
    let j = i - 1;
    while (j >= from && list[j]! > value) {
      list[j + 1] = list[j]!;
      j -= 1;
    }
    list[j + 1] = value;
  }
}
