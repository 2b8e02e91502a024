import { nearestNeighbourChain } from './chain.ts';

export interface LinkInput {
  count: number;
  /** Candidate pairs, and what each weighs. */
  left: ArrayLike<number>;
  right: ArrayLike<number>;
  weights: ArrayLike<number>;
  /** The weight of any two records: averages range over all cross pairs, candidates or not. */
  weight(i: number, j: number): number;
  /** Pairs that are one problem before any average is asked: references and people's decisions, the strongest first. */
  together: readonly (readonly [number, number])[];
  /** Pairs that people hold apart; they come before everything. */
  apart: readonly (readonly [number, number])[];
}

/** A component of more groups is cut at its weakest edges first; average link takes the square of this in memory (72 MB). */
const componentGroupsMax = 3_000;
const cutStepBits = 1;
const cutsMax = 8;

/**
 * Average-link clusters (UPGMA): two clusters are joined while the average weight over all their cross pairs is above zero,
 * so that a chain of single pairs joins nothing. Members and clusters come out in ascending order; the outcome does not hang
 * on the order of the edges.
 */
export function averageLink(input: LinkInput): number[][] {
  const apart = apartSets(input);
  const joined = groupsOf(input, apart);
  const clusters = components(input, joined, [...Array(input.count).keys()], 0, 0).flatMap((members) => linked(input, joined, apart, members));
  return clusters.map((members) => members.sort((x, y) => x - y)).sort((x, y) => x[0]! - y[0]!);
}

function apartSets({ apart }: LinkInput): Map<number, Set<number>> {
  const sets = new Map<number, Set<number>>();
  for (const [a, b] of apart) {
    sets.set(a, (sets.get(a) ?? new Set()).add(b));
    sets.set(b, (sets.get(b) ?? new Set()).add(a));
  }
  return sets;
}

/** Per record, the first of the group that references and decisions join; none where that would join what people hold apart. */
function groupsOf({ count, together }: LinkInput, apart: ReadonlyMap<number, ReadonlySet<number>>): Int32Array {
  const group = Int32Array.from({ length: count }, (_, index) => index);
  const members = new Map<number, number[]>();
  const membersOf = (root: number) => members.get(root) ?? [root];
  for (const [a, b] of together) {
    const [x, y] = [group[a]!, group[b]!].sort((p, q) => p - q) as [number, number];
    if (x === y || membersOf(x).some((one) => membersOf(y).some((other) => apart.get(one)?.has(other)))) continue;
    const all = [...membersOf(x), ...membersOf(y)];
    members.set(x, all);
    members.delete(y);
    for (const member of all) group[member] = x;
  }
  return group;
}

/** Components by groups and by candidate pairs above `least`. */
function components(input: LinkInput, joined: Int32Array, records: readonly number[], least: number, cuts: number): number[][] {
  const parent = new Int32Array(input.count).fill(-1);
  for (const index of records) parent[index] = index;
  for (const index of records) join(parent, index, joined[index]!);
  for (let pair = 0; pair < input.left.length; pair += 1) {
    const [a, b] = [input.left[pair]!, input.right[pair]!];
    if (input.weights[pair]! > least && parent[a]! >= 0 && parent[b]! >= 0) join(parent, a, b);
  }
  const found = Map.groupBy(records, (index) => root(parent, index));
  return [...found.values()].flatMap((members) => {
    const groups = [...Map.groupBy(members, (index) => joined[index]!).values()];
    if (groups.length <= componentGroupsMax) return [members];
    return cuts < cutsMax ? components(input, joined, members, least + cutStepBits, cuts + 1) : pieces(groups);
  });
}

/** What not even the strongest edges cut: taken in the order of time, no group in two pieces. */
function pieces(groups: readonly (readonly number[])[]): number[][] {
  return Array.from({ length: Math.ceil(groups.length / componentGroupsMax) }, (_, piece) => groups.slice(piece * componentGroupsMax, (piece + 1) * componentGroupsMax).flat());
}

function join(parent: Int32Array, a: number, b: number): void {
  const [x, y] = [root(parent, a), root(parent, b)];
  if (x !== y) parent[Math.max(x, y)] = Math.min(x, y);
}

function root(parent: Int32Array, index: number): number {
  let at = index;
  for (let up = parent[at]!; up !== at; up = parent[at]!) {
    parent[at] = parent[up]!;
    at = up;
  }
  return at;
}

/** Average link inside one component, its groups as the first clusters. */
function linked(input: LinkInput, joined: Int32Array, apart: ReadonlyMap<number, ReadonlySet<number>>, members: readonly number[]): number[][] {
  const groups = [...Map.groupBy(members, (index) => joined[index]!).values()];
  if (groups.length === 1) return groups;
  const similarity = groups.map(() => new Float64Array(groups.length));
  groups.forEach((group, a) => {
    for (let b = a + 1; b < groups.length; b += 1) similarity[a]![b] = similarity[b]![a] = between(input, apart, group, groups[b]!);
  });
  return nearestNeighbourChain(similarity, groups.map((group) => group.length)).map((cluster) => cluster.flatMap((index) => groups[index]!));
}

function between({ weight }: LinkInput, apart: ReadonlyMap<number, ReadonlySet<number>>, a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (const i of a) {
    const held = apart.get(i);
    for (const j of b) sum += held?.has(j) ? Number.NEGATIVE_INFINITY : weight(i, j);
  }
  return sum / (a.length * b.length);
}
