import type { Comparer } from './compare.ts';
import type { Table } from './table.ts';

/** How often each pattern is seen in random pairs of rows: what false pairs look like, but for the few true ones among them. */
export function randomPatterns(table: Table, compare: Comparer, wanted: (i: number, j: number) => boolean, seed: number): Map<number, number> {
  const random = generator(seed);
  const patterns = new Map<number, number>();
  if (table.rows < 2) return patterns;
  for (let k = 0; k < Math.min(randomPairsMax, table.rows * table.rows); k += 1) {
    const [i, j] = [Math.floor(random() * table.rows), Math.floor(random() * table.rows)];
    if (i === j || !wanted(i, j)) continue;
    const pattern = compare.pattern(i, j);
    patterns.set(pattern, (patterns.get(pattern) ?? 0) + 1);
  }
  return patterns;
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
