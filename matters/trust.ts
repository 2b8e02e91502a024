import type { MatterRecord } from './record.ts';

/**
 * Per record, the key of its trust group: records of one matter joined by explicit references or by confirmation (`trusted`). An
 * assignment extends inside a group only; what was merely inferred stands in a group of its own.
 */
export function trustGroups(records: readonly MatterRecord[], trusted: readonly (readonly [number, number])[], clusters: readonly number[][]): string[] {
  const clusterOf = new Int32Array(records.length);
  clusters.forEach((members, cluster) => members.forEach((index) => (clusterOf[index] = cluster)));
  const parent = Int32Array.from(records, (_, index) => index);
  for (const [a, b] of trusted) if (clusterOf[a] === clusterOf[b]) join(parent, a, b);
  return records.map((_, index) => records[root(parent, index)]!.rid);
}

function join(parent: Int32Array, a: number, b: number): void {
  const [x, y] = [root(parent, a), root(parent, b)];
  parent[Math.max(x, y)] = Math.min(x, y); // the earliest record names the group, whatever the order of the edges
}

function root(parent: Int32Array, index: number): number {
  let at = index;
  while (parent[at] !== at) at = parent[at]!;
  return at;
}
