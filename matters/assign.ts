import type { MatterCluster } from './cluster.ts';

/** Which matter each cluster continues; matters that no cluster continues lead to the one that took most of their records. */
export interface KeyPlan {
  /** In the order of the clusters given. */
  keys: string[];
  mergedInto: Map<string, string>;
}

/**
 * Stable matter keys: a cluster continues the matter that most of its records were in; a new one is named by its founding
 * record. A key is never given to two clusters, so a split leaves the number with the larger part.
 */
export function planKeys(clusters: readonly MatterCluster[], previous: ReadonlyMap<string, string>, newKey: (foundingRid: string) => string): KeyPlan {
  const claims = clusters.flatMap((cluster, index) => claimsOf(cluster, index, previous));
  claims.sort((x, y) => y.count - x.count || (x.key < y.key ? -1 : x.key > y.key ? 1 : x.index - y.index));
  const keys: (string | undefined)[] = clusters.map(() => undefined);
  const taken = new Set<string>();
  for (const claim of claims) {
    if (keys[claim.index] !== undefined || taken.has(claim.key)) continue;
    keys[claim.index] = claim.key;
    taken.add(claim.key);
  }
  const named = keys.map((key, index) => key ?? unusedKey(clusters[index]!, taken, newKey));
  return { keys: named, mergedInto: successors(claims, taken, named) };
}

interface Claim {
  index: number;
  key: string;
  count: number;
}

function claimsOf(cluster: MatterCluster, index: number, previous: ReadonlyMap<string, string>): Claim[] {
  const counts = new Map<string, number>();
  for (const { rid } of cluster.members) {
    const key = previous.get(rid);
    if (key !== undefined) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].map(([key, count]) => ({ index, key, count }));
}

/** A split-off part may start with the record that named the whole: the next of its records names it then. */
function unusedKey(cluster: MatterCluster, taken: Set<string>, newKey: (foundingRid: string) => string): string {
  for (const { rid } of cluster.members) {
    const key = newKey(rid);
    if (taken.has(key)) continue;
    taken.add(key);
    return key;
  }
  const key = newKey(`split ${cluster.members.map((member) => member.rid).join(' ')}`);
  taken.add(key);
  return key;
}

function successors(claims: readonly Claim[], taken: ReadonlySet<string>, keys: readonly string[]): Map<string, string> {
  const merged = new Map<string, string>();
  for (const claim of claims) if (!taken.has(claim.key) && !merged.has(claim.key)) merged.set(claim.key, keys[claim.index]!);
  return merged;
}
