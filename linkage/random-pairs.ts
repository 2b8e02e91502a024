import type { Wanted } from './block.ts';
import type { Comparer } from './compare.ts';
import type { Table } from './table.ts';

/** How often each pattern is seen in random pairs of rows: what false pairs look like, but for the few true ones among them. */
export function randomPatterns(table: Table, compare: Comparer, wanted: Wanted, seed: number): Map<number, number> {
  const random = generator(seed);
  const pairs = table.rows < 2 ? 0 : Math.min(randomPairsMax, table.rows * table.rows);
  const [left, right] = [new Int32Array(pairs), new Int32Array(pairs)];
  let count = 0;
  for (let k = 0; k < pairs; k += 1) {
    const [i, j] = [Math.floor(random() * table.rows), Math.floor(random() * table.rows)];
    if (i === j || (wanted !== null && !wanted(i, j))) continue;
    left[count] = i;
    right[count++] = j;
  }
  return counted(compare.patternsOf(left, right, count));
}

/** How often each pattern occurs. */
export function counted(patterns: Int32Array): Map<number, number> {
  const counts = new Map<number, number>();
  for (const pattern of patterns) counts.set(pattern, (counts.get(pattern) ?? 0) + 1);
  return counts;
}

/** mulberry32: the same seed gives the same sample. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const randomPairsMax = 250_000;
