export interface Quality {
  precision: number;
  recall: number;
  f1: number;
}

export interface Evaluation {
  items: number;
  pairwise: Quality & { truePairs: number; foundPairs: number; rightPairs: number };
  bcubed: Quality;
  /** Found clusters that hold more than one true entity. */
  overMerges: number;
  largestCluster: number;
  largestTrueCluster: number;
}

/** Compares clusters with the truth, item by item in the same order. */
export function evaluate(found: readonly string[], truth: readonly string[]): Evaluation {
  const cells = new Map<string, { found: string; truth: string; size: number }>();
  found.forEach((cluster, index) => {
    const entity = truth[index] as string;
    const key = JSON.stringify([cluster, entity]);
    const cell = cells.get(key);
    if (cell === undefined) cells.set(key, { found: cluster, truth: entity, size: 1 });
    else cell.size += 1;
  });
  const foundSizes = sizes(found);
  const trueSizes = sizes(truth);
  const rightPairs = sum([...cells.values()].map((cell) => pairs(cell.size)));
  const foundPairs = sum([...foundSizes.values()].map(pairs));
  const truePairs = sum([...trueSizes.values()].map(pairs));
  const kinds = new Map<string, number>();
  for (const cell of cells.values()) kinds.set(cell.found, (kinds.get(cell.found) ?? 0) + 1);
  return {
    items: found.length,
    pairwise: { ...quality(share(rightPairs, foundPairs), share(rightPairs, truePairs)), truePairs, foundPairs, rightPairs },
    bcubed: bcubed([...cells.values()], foundSizes, trueSizes, found.length),
    overMerges: [...kinds.values()].filter((count) => count > 1).length,
    largestCluster: largest(foundSizes),
    largestTrueCluster: largest(trueSizes),
  };
}

/** B-cubed: precision and recall seen from each item, averaged (Bagga and Baldwin 1998). */
function bcubed(cells: readonly { found: string; truth: string; size: number }[], foundSizes: ReadonlyMap<string, number>, trueSizes: ReadonlyMap<string, number>, items: number): Quality {
  const precision = sum(cells.map((cell) => cell.size ** 2 / (foundSizes.get(cell.found) as number)));
  const recall = sum(cells.map((cell) => cell.size ** 2 / (trueSizes.get(cell.truth) as number)));
  return quality(share(precision, items), share(recall, items));
}

function quality(precision: number, recall: number): Quality {
  return { precision, recall, f1: precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall) };
}

function sizes(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

function largest(counts: ReadonlyMap<string, number>): number {
  let size = 0;
  for (const count of counts.values()) size = Math.max(size, count);
  return size;
}

/** Nothing found is nothing wrong. */
function share(part: number, whole: number): number {
  return whole === 0 ? 1 : part / whole;
}

function pairs(size: number): number {
  return (size * (size - 1)) / 2;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
