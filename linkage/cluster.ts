import { byWeight } from './descending.ts';

/** Edges that may join rows, and what must and must not be joined. */
export interface ClusterInput {
  rows: number;
  left: ArrayLike<number>;
  right: ArrayLike<number>;
  weight: ArrayLike<number>;
  /** Order of equal weights: positions of `left` and `right` in a stable naming of the rows. */
  rank?: ArrayLike<number>;
  /** What the fields of any two rows say, candidates or not: their match weight without the prior. −Infinity is a veto. */
  evidence(i: number, j: number): number;
  averageEvidenceMin: number;
  /** Rows with different values (≥ 0) never share a cluster: valid ID numbers. */
  distinct?: ArrayLike<number>;
  /** Rows of one input (≥ 0) never share a cluster. */
  oneOfEach?: ArrayLike<number>;
  mustLink?: readonly (readonly [number, number])[];
  cannotLink?: readonly (readonly [number, number])[];
}

export type Refusal = 'DISTINCT' | 'AVERAGE_WEIGHT' | 'CANNOT_LINK' | 'ONE_OF_EACH';

export interface Clusters {
  /** The cluster of each row, named by its first row. */
  clusterOf: Int32Array;
  refused: { edge: number; reason: Refusal }[];
}

/**
 * Joins rows by descending weight. Two clusters become one only if the mean evidence across them holds up, so that a chain of
 * single links never does it; decisions of people come first, and no cluster ever holds two valid ID numbers, not even by
 * a decision.
 */
export function cluster(input: ClusterInput): Clusters {
  const state = newState(input);
  for (const [i, j] of input.mustLink ?? []) {
    const [a, b] = [root(state, i), root(state, j)];
    if (a !== b && hardRefusal(input, state, a, b) === null) merge(state, a, b);
  }
  const refused: Clusters['refused'] = [];
  for (const edge of descending(input)) {
    const [a, b] = [root(state, input.left[edge] as number), root(state, input.right[edge] as number)];
    if (a === b) continue;
    const reason = hardRefusal(input, state, a, b) ?? (averageHolds(input, state, a, b) ? null : 'AVERAGE_WEIGHT');
    if (reason === null) merge(state, a, b);
    else refused.push({ edge, reason });
  }
  const clusterOf = Int32Array.from({ length: input.rows }, (_, row) => root(state, row));
  return { clusterOf, refused };
}

interface State {
  parent: Int32Array;
  /** Members of a root in a ring: the next row of the same cluster. */
  next: Int32Array;
  size: Int32Array;
  /** The cluster's one value of `distinct`, −1 for none. */
  identity: Int32Array;
  apart: Map<number, Set<number>>;
}

function newState(input: ClusterInput): State {
  const rows = input.rows;
  const own = Int32Array.from({ length: rows }, (_, row) => row);
  const apart = new Map<number, Set<number>>();
  for (const [i, j] of input.cannotLink ?? []) {
    addApart(apart, i, j);
    addApart(apart, j, i);
  }
  const identity = input.distinct === undefined ? new Int32Array(rows).fill(-1) : Int32Array.from(input.distinct);
  return { parent: own, next: own.slice(), size: new Int32Array(rows).fill(1), identity, apart };
}

function addApart(apart: Map<number, Set<number>>, i: number, j: number): void {
  const set = apart.get(i) ?? new Set();
  set.add(j);
  apart.set(i, set);
}

function root(state: State, row: number): number {
  let at = row;
  while (state.parent[at] !== at) {
    state.parent[at] = state.parent[state.parent[at] as number] as number;
    at = state.parent[at] as number;
  }
  return at;
}

/** The lower row names the cluster: names do not depend on the order of merges. */
function merge(state: State, a: number, b: number): void {
  const [keep, gone] = a < b ? [a, b] : [b, a];
  state.parent[gone] = keep;
  state.size[keep] = (state.size[keep] as number) + (state.size[gone] as number);
  if ((state.identity[keep] as number) < 0) state.identity[keep] = state.identity[gone] as number;
  const after = state.next[keep] as number;
  state.next[keep] = state.next[gone] as number;
  state.next[gone] = after;
}

function hardRefusal(input: ClusterInput, state: State, a: number, b: number): Refusal | null {
  const [p, q] = [state.identity[a] as number, state.identity[b] as number];
  if (p >= 0 && q >= 0 && p !== q) return 'DISTINCT';
  if (state.apart.size > 0 && anyApart(state, a, b)) return 'CANNOT_LINK';
  return input.oneOfEach !== undefined && sharesInput(state, input.oneOfEach, a, b) ? 'ONE_OF_EACH' : null;
}

function anyApart(state: State, a: number, b: number): boolean {
  const others = new Set(members(state, b));
  return members(state, a).some((row) => [...(state.apart.get(row) ?? [])].some((other) => others.has(other)));
}

function sharesInput(state: State, inputs: ArrayLike<number>, a: number, b: number): boolean {
  const own = new Set(members(state, a).map((row) => inputs[row]));
  return members(state, b).some((row) => own.has(inputs[row]));
}

function members(state: State, start: number): number[] {
  const rows = [start];
  for (let row = state.next[start] as number; row !== start; row = state.next[row] as number) rows.push(row);
  return rows;
}

/** The mean over all cross pairs; of large clusters over the first members by row, which is the same on every run. */
function averageHolds(input: ClusterInput, state: State, a: number, b: number): boolean {
  if (state.size[a] === 1 && state.size[b] === 1) return true;
  const [left, right] = [someMembers(state, a), someMembers(state, b)];
  let sum = 0;
  for (const i of left) {
    for (const j of right) {
      const bits = input.evidence(i, j);
      if (bits === -Infinity) return false;
      sum += Math.min(bits, crossWeightMax);
    }
  }
  return sum / (left.length * right.length) >= input.averageEvidenceMin;
}

function someMembers(state: State, start: number): number[] {
  const rows = members(state, start);
  return rows.length <= crossMembersMax ? rows : rows.sort((i, j) => i - j).slice(0, crossMembersMax);
}

/** Equal weights keep the order of their rows, whatever order the edges came in. */
function descending(input: ClusterInput): Int32Array {
  const { weight, left, right } = input;
  const rank = input.rank;
  const order = Int32Array.from({ length: weight.length }, (_, edge) => edge);
  const low = (edge: number) => Math.min(place(rank, left[edge] as number), place(rank, right[edge] as number));
  const high = (edge: number) => Math.max(place(rank, left[edge] as number), place(rank, right[edge] as number));
  if (weight.length >= radixEdgesMin && inRowOrder(order, low, high)) return byWeight(weight);
  return order.sort((a, b) => (weight[b] as number) - (weight[a] as number) || low(a) - low(b) || high(a) - high(b));
}

function inRowOrder(order: Int32Array, low: (edge: number) => number, high: (edge: number) => number): boolean {
  for (let at = 1; at < order.length; at += 1) {
    const difference = low(at - 1) - low(at);
    if (difference > 0 || (difference === 0 && high(at - 1) > high(at))) return false;
  }
  return true;
}

function place(rank: ArrayLike<number> | undefined, row: number): number {
  return rank === undefined ? row : (rank[row] as number);
}

/** One overwhelming pair does not carry a hundred weak ones. */
const crossWeightMax = 30;
const crossMembersMax = 24;
/** Below this a comparison sort is as fast. */
const radixEdgesMin = 10_000;
