import type { MatterEdge } from './record.ts';

export interface LinkRules {
  threshold: number;
  /** The weight of a pair without an edge. */
  absent: number;
  /** Pairs that people hold apart. */
  apart: readonly [number, number][];
  /** Edges of this weight and above join before any average is asked. */
  together: number;
}

interface Cluster {
  members: number[];
  /** Other cluster → sum of the edges' weights and their number. */
  links: Map<number, { sum: number; edges: number }>;
  apart: Set<number>;
}

/**
 * Average-link clustering (UPGMA) on sparse edges: the best pair of clusters is joined while its average weight over all
 * cross pairs is above the threshold. Time O(e log e) for e edges. Members and clusters come out in ascending order.
 */
export function averageLink(count: number, edges: readonly MatterEdge[], rules: LinkRules): number[][] {
  const clusters = startingClusters(count, edges, rules);
  const alias = Array.from({ length: count }, (_, index) => index);
  for (const edge of [...edges].sort(byWeight)) if (edge.weight >= rules.together) joinIfAllowed(clusters, alias, edge.a, edge.b);
  const queue = new BestFirst();
  clusters.forEach((cluster, id) => cluster?.links.forEach((_, other) => id < other && offer(queue, clusters, id, other, rules)));
  for (let best = queue.pop(); best; best = queue.pop()) {
    const [a, b] = [clusters[best.a], clusters[best.b]];
    if (!a || !b || average(a, b, best.b, rules) !== best.weight) continue; // one of them has grown since
    if (!joinIfAllowed(clusters, alias, best.a, best.b)) continue;
    const id = find(alias, best.a);
    for (const other of clusters[id]!.links.keys()) offer(queue, clusters, id, other, rules);
  }
  return clusters.filter((cluster) => cluster !== null).map((cluster) => cluster.members.sort((x, y) => x - y)).sort((x, y) => x[0]! - y[0]!);
}

function byWeight(a: MatterEdge, b: MatterEdge): number {
  return b.weight - a.weight || a.a - b.a || a.b - b.b;
}

function startingClusters(count: number, edges: readonly MatterEdge[], rules: LinkRules): (Cluster | null)[] {
  const clusters: Cluster[] = Array.from({ length: count }, (_, index) => ({ members: [index], links: new Map(), apart: new Set() }));
  for (const { a, b, weight } of edges) {
    const sum = weight + (clusters[a]!.links.get(b)?.sum ?? 0);
    clusters[a]!.links.set(b, { sum, edges: 1 });
    clusters[b]!.links.set(a, { sum, edges: 1 });
  }
  for (const [a, b] of rules.apart) {
    clusters[a]!.apart.add(b);
    clusters[b]!.apart.add(a);
  }
  return clusters;
}

function find(alias: number[], id: number): number {
  let at = id;
  while (alias[at] !== at) at = alias[at]!;
  return at;
}

function average(a: Cluster, b: Cluster, idOfB: number, rules: LinkRules): number {
  const link = a.links.get(idOfB);
  const pairs = a.members.length * b.members.length;
  return ((link?.sum ?? 0) + (pairs - (link?.edges ?? 0)) * rules.absent) / pairs;
}

function offer(queue: BestFirst, clusters: (Cluster | null)[], x: number, y: number, rules: LinkRules): void {
  const [a, b] = x < y ? [x, y] : [y, x];
  const weight = average(clusters[a]!, clusters[b]!, b, rules);
  if (weight > rules.threshold) queue.push({ a, b, weight });
}

/** Joins the two clusters under the smaller id, unless a person holds a member of one apart from a member of the other. */
function joinIfAllowed(clusters: (Cluster | null)[], alias: number[], x: number, y: number): boolean {
  const [a, b] = [find(alias, x), find(alias, y)].sort((p, q) => p - q) as [number, number];
  if (a === b) return true;
  const [into, from] = [clusters[a]!, clusters[b]!];
  if (from.members.some((member) => into.apart.has(member))) return false;
  into.members.push(...from.members);
  for (const member of from.apart) into.apart.add(member);
  for (const [other, link] of from.links) moveLink(clusters, a, b, other, link);
  into.links.delete(b);
  clusters[b] = null;
  alias[b] = a;
  return true;
}

function moveLink(clusters: (Cluster | null)[], a: number, b: number, other: number, link: { sum: number; edges: number }): void {
  const third = clusters[other]!;
  third.links.delete(b);
  if (other === a) return;
  const known = clusters[a]!.links.get(other);
  const joined = { sum: link.sum + (known?.sum ?? 0), edges: link.edges + (known?.edges ?? 0) };
  clusters[a]!.links.set(other, joined);
  third.links.set(a, joined);
}

interface Offer {
  a: number;
  b: number;
  weight: number;
}

/** A binary heap, the heaviest offer first; ties by ids, so that the outcome does not hang on the order of arrival. */
class BestFirst {
  readonly #heap: Offer[] = [];

  push(offer: Offer): void {
    const heap = this.#heap;
    heap.push(offer);
    for (let i = heap.length - 1; i > 0; ) {
      const up = (i - 1) >> 1;
      if (!before(heap[i]!, heap[up]!)) break;
      [heap[i], heap[up]] = [heap[up]!, heap[i]!];
      i = up;
    }
  }

  pop(): Offer | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (heap.length === 0 || last === undefined) return top;
    heap[0] = last;
    for (let i = 0; ; ) {
      const left = 2 * i + 1;
      const child = left + 1 < heap.length && before(heap[left + 1]!, heap[left]!) ? left + 1 : left;
      if (child >= heap.length || !before(heap[child]!, heap[i]!)) return top;
      [heap[i], heap[child]] = [heap[child]!, heap[i]!];
      i = child;
    }
  }
}

function before(x: Offer, y: Offer): boolean {
  return x.weight > y.weight || (x.weight === y.weight && (x.a < y.a || (x.a === y.a && x.b < y.b)));
}
