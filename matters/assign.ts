import type { MatterCluster } from './cluster.ts';

/** Which matter each cluster continues; matters that no cluster continues lead to the one that took most of their records. */
export interface KeyPlan {
  /** In the order of the clusters given. */
  keys: string[];
  mergedInto: Map<string, string>;
}

/** Where records were before: the matter each is in, and the number each bore before that was merged into another. */
export interface Before {
  current: ReadonlyMap<string, string>;
  home: ReadonlyMap<string, string>;
  /** Records that a person took out of the matter they are still in: its number stays with the others. */
  leaving?: ReadonlySet<string>;
  /** The matter that a split once took a record out of: where both are one again, the record counts for that number. */
  splitFrom?: ReadonlyMap<string, string>;
  /** The matter that each number of `home` leads to: what was merged twice and is parted once has the number of the first merge. */
  successor?: ReadonlyMap<string, string>;
}

/**
 * Stable matter keys: a cluster continues the matter that most of its records were in; one that leaves a merged matter takes
 * the number back that its records bore before; a new one is named by its founding record. A key is never given to two
 * clusters, so a split leaves the number with those who were not taken out, who bore it first, and else with the larger part.
 */
export function planKeys(clusters: readonly MatterCluster[], before: Before, newKey: (foundingRid: string) => string): KeyPlan {
  const keys: (string | undefined)[] = clusters.map(() => undefined);
  const taken = new Set<string>();
  const claims = clusters.flatMap((cluster, index) => claimsOf(cluster, index, before.current, before));
  award(claims, keys, taken);
  award(clusters.flatMap((cluster, index) => (keys[index] === undefined ? claimsOf(cluster, index, before.home, before) : [])), keys, taken);
  const named = keys.map((key, index) => key ?? unusedKey(clusters[index]!, taken, newKey));
  return { keys: named, mergedInto: successors(claims, taken, named) };
}

interface Claim {
  index: number;
  key: string;
  count: number;
  /** Of these, records that never bore another number and that nobody took out. */
  atHome: number;
}

function claimsOf(cluster: MatterCluster, index: number, bearing: ReadonlyMap<string, string>, before: Before): Claim[] {
  const borne = new Set(cluster.members.map(({ rid }) => bearing.get(rid)));
  const claims = new Map<string, Claim>();
  const claimOf = (key: string) => {
    const claim = claims.get(key) ?? { index, key, count: 0, atHome: 0 };
    claims.set(key, claim);
    return claim;
  };
  for (const { rid } of cluster.members) {
    const bears = bearing.get(rid);
    if (bears === undefined) continue;
    claimOf(bears); // even where it counts for another: a number given up leads somewhere
    const claim = claimOf(countsFor(rid, bears, borne, before));
    claim.count += 1;
    if ((before.home.get(rid) ?? claim.key) === claim.key && !before.leaving?.has(rid)) claim.atHome += 1;
  }
  return [...claims.values()];
}

/** The number that the record stands for, of those that its cluster's records bear. */
function countsFor(rid: string, bears: string, borne: ReadonlySet<string | undefined>, { splitFrom, successor }: Before): string {
  const origin = splitFrom?.get(rid);
  if (origin !== undefined && borne.has(origin)) return origin;
  let found = bears;
  for (let next = successor?.get(bears); next !== undefined; next = successor!.get(next)) if (borne.has(next)) found = next;
  return found;
}

/** Gives each key to the cluster with the best claim to it, and of several keys each cluster its best; what is left goes round again. */
function award(claims: readonly Claim[], keys: (string | undefined)[], taken: Set<string>): void {
  let open = claims;
  for (;;) {
    open = open.filter((claim) => keys[claim.index] === undefined && !taken.has(claim.key));
    if (open.length === 0) return;
    const best = new Map<string, Claim>();
    for (const claim of open) if (outranks(claim, best.get(claim.key))) best.set(claim.key, claim);
    for (const claim of [...best.values()].sort(bySize)) {
      if (keys[claim.index] !== undefined) continue;
      keys[claim.index] = claim.key;
      taken.add(claim.key);
    }
  }
}

function outranks(claim: Claim, other: Claim | undefined): boolean {
  return other === undefined || claim.atHome > other.atHome || (claim.atHome === other.atHome && claim.count > other.count);
}

function bySize(x: Claim, y: Claim): number {
  return y.count - x.count || (x.key < y.key ? -1 : x.key > y.key ? 1 : x.index - y.index);
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
  for (const claim of [...claims].sort(bySize)) if (!taken.has(claim.key) && !merged.has(claim.key)) merged.set(claim.key, keys[claim.index]!);
  return merged;
}
