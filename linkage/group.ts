import { PairNumbers } from './pair-numbers.ts';
import type { Column } from './table.ts';

/** Rows that share a key of one rule: group g holds `rows[starts[g]]` up to `rows[starts[g + 1]]`, two rows or more, in row order. */
export interface Groups {
  starts: Int32Array;
  rows: Int32Array;
}

/** Groups rows that agree on every column. Every combination of a row's values is a key; a missing value makes none. */
export function groupsOf(columns: readonly Column[], rows: number): Groups {
  let entries = entriesOf(columns[0] as Column, rows);
  for (const next of columns.slice(1)) entries = refined(shared(entries), next);
  return grouped(entries);
}

/** Row and key number, one entry for each key of each row, by row. */
interface Entries {
  rows: Int32Array;
  keys: Int32Array;
  /** Key numbers are below this. */
  keysMax: number;
}

function entriesOf({ values, codes, offsets }: Column, rows: number): Entries {
  const entries = { rows: new Int32Array(codes.length), keys: new Int32Array(codes.length), keysMax: values.length };
  let count = 0;
  for (let row = 0; row < rows; row += 1) {
    const to = offsets === null ? row + 1 : offsets[row + 1]!;
    for (let at = offsets === null ? row : offsets[row]!; at < to; at += 1) {
      if (codes[at]! < 0) continue;
      entries.rows[count] = row;
      entries.keys[count++] = codes[at]!;
    }
  }
  return { ...entries, rows: entries.rows.subarray(0, count), keys: entries.keys.subarray(0, count) };
}

/** Keys that one entry alone has can lead to nobody, whatever stands in further columns. */
function shared({ rows, keys, keysMax }: Entries): Entries {
  const sizes = new Int32Array(keysMax);
  for (let at = 0; at < keys.length; at += 1) sizes[keys[at]!]! += 1;
  let count = 0;
  const kept = { rows: new Int32Array(rows.length), keys: new Int32Array(rows.length) };
  for (let at = 0; at < keys.length; at += 1) {
    if (sizes[keys[at]!]! < 2) continue;
    kept.rows[count] = rows[at]!;
    kept.keys[count++] = keys[at]!;
  }
  return { rows: kept.rows.subarray(0, count), keys: kept.keys.subarray(0, count), keysMax };
}

/** Each entry's key together with each value that its row has in a further column, numbered anew. */
function refined(entries: Entries, { codes, offsets }: Column): Entries {
  const size = combinations(entries, offsets);
  const rows = new Int32Array(size);
  const keys = new Int32Array(size);
  const numbers = new PairNumbers(size);
  let count = 0;
  for (let entry = 0; entry < entries.rows.length; entry += 1) {
    const row = entries.rows[entry]!;
    const to = offsets === null ? row + 1 : offsets[row + 1]!;
    for (let at = offsets === null ? row : offsets[row]!; at < to; at += 1) {
      if (codes[at]! < 0) continue;
      rows[count] = row;
      keys[count++] = numbers.of(entries.keys[entry]!, codes[at]!);
    }
  }
  return { rows: rows.subarray(0, count), keys: keys.subarray(0, count), keysMax: numbers.size };
}

function combinations(entries: Entries, offsets: Int32Array | null): number {
  if (offsets === null) return entries.rows.length;
  let size = 0;
  for (const row of entries.rows) size += offsets[row + 1]! - offsets[row]!;
  return size;
}

/** Entries in the order of their keys, by counting. A row that has a key twice stands in its group once. */
function grouped({ rows, keys, keysMax }: Entries): Groups {
  const ends = new Int32Array(keysMax + 1);
  for (let at = 0; at < keys.length; at += 1) ends[keys[at]! + 1]! += 1;
  for (let key = 0; key < keysMax; key += 1) ends[key + 1]! += ends[key]!;
  const ordered = new Int32Array(keys.length);
  const next = ends.slice();
  for (let at = 0; at < keys.length; at += 1) ordered[next[keys[at]!]!++] = rows[at]!;
  const starts = new Int32Array(keysMax + 1);
  let [count, groups] = [0, 0];
  for (let key = 0; key < keysMax; key += 1) {
    const from = count;
    for (let at = ends[key]!; at < ends[key + 1]!; at += 1) if (count === from || ordered[count - 1] !== ordered[at]) ordered[count++] = ordered[at]!;
    if (count - from < 2) count = from;
    else starts[(groups += 1)] = count;
  }
  return { starts: starts.slice(0, groups + 1), rows: ordered.slice(0, count) };
}
