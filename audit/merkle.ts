import { hash } from 'node:crypto';

/**
 * The Merkle tree of RFC 6962, section 2.1 (the same in RFC 9162): SHA-256, leaves and nodes told apart by their first
 * byte, so that no entry can be passed off as an inner node. Proofs are lists of hashes from the leaf towards the root.
 */
export function merkleRoot(leaves: readonly Uint8Array[]): Buffer {
  if (leaves.length === 0) return emptyRoot();
  let row: readonly Uint8Array[] = leaves;
  while (row.length > 1) row = parents(row);
  return Buffer.from(row[0]!);
}

/** Pairs from the left; an odd last one moves up unchanged, which is the RFC's split at the largest power of two. */
function parents(row: readonly Uint8Array[]): Uint8Array[] {
  const above: Uint8Array[] = [];
  for (let index = 0; index + 1 < row.length; index += 2) above.push(nodeHash(row[index]!, row[index + 1]!));
  if (row.length % 2 === 1) above.push(row[row.length - 1]!);
  return above;
}

export const hashBytes = 32;

/** The hash of a leaf that holds `bytes`. */
export function leafHash(bytes: Uint8Array): Buffer {
  return hash('sha256', Buffer.concat([leafPrefix, bytes]), 'buffer');
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return hash('sha256', Buffer.concat([nodePrefix, left, right]), 'buffer');
}

export function emptyRoot(): Buffer {
  return hash('sha256', Buffer.alloc(0), 'buffer');
}

const leafPrefix = Buffer.from([0]);
const nodePrefix = Buffer.from([1]);

/** The leaves `from` up to, not including, `to`. */
export interface Span {
  from: number;
  to: number;
}

/** The subtrees whose roots prove leaf `index` in a tree of `size` leaves; empty when there is no such leaf. */
export function inclusionSpans(index: number, size: number): Span[] {
  const spans: Span[] = [];
  let from = 0;
  let to = index >= 0 && index < size ? size : 0;
  while (to - from > 1) {
    const middle = from + splitOf(to - from);
    spans.push(index < middle ? { from: middle, to } : { from, to: middle });
    if (index < middle) to = middle;
    else from = middle;
  }
  return spans.reverse();
}

/** The subtrees whose roots prove that the tree of `size` leaves begins with the tree of `first` leaves. */
export function consistencySpans(first: number, size: number): Span[] {
  if (first <= 0 || first >= size) return [];
  const spans: Span[] = [];
  let from = 0;
  let to = size;
  while (first !== to) {
    const middle = from + splitOf(to - from);
    spans.push(first <= middle ? { from: middle, to } : { from, to: middle });
    if (first <= middle) to = middle;
    else from = middle;
  }
  if (from > 0) spans.push({ from, to });
  return spans.reverse();
}

/** The largest power of two below `count` (RFC 6962, section 2.1); no 32-bit operators, a log may be longer than that. */
export function splitOf(count: number): number {
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
}

/** Verifies an inclusion proof as RFC 9162, section 2.1.3.2 says. Every argument may come from an attacker. */
export function verifyInclusion(proof: { index: number; size: number; leaf: Uint8Array; path: readonly Uint8Array[]; root: Uint8Array }): boolean {
  const { index, size, path } = proof;
  if (!isPlace(index) || !isPlace(size) || index >= size || !areHashes([proof.leaf, proof.root, ...path])) return false;
  let at = index;
  let last = size - 1;
  let node: Uint8Array = proof.leaf;
  for (const sibling of path) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      node = nodeHash(sibling, node);
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
    } else {
      node = nodeHash(node, sibling);
    }
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && sameBytes(node, proof.root);
}

/** Verifies a consistency proof as RFC 9162, section 2.1.4.2 says. The empty tree is a prefix of every tree. */
export function verifyConsistency(proof: { first: number; size: number; firstRoot: Uint8Array; root: Uint8Array; path: readonly Uint8Array[] }): boolean {
  const { first, size, firstRoot, root } = proof;
  if (!isPlace(first) || !isPlace(size) || first > size || !areHashes([firstRoot, root, ...proof.path])) return false;
  if (first === size) return proof.path.length === 0 && sameBytes(firstRoot, root);
  if (first === 0) return proof.path.length === 0 && sameBytes(firstRoot, emptyRoot());
  const path = isPowerOfTwo(first) ? [firstRoot, ...proof.path] : [...proof.path];
  if (path.length === 0) return false;
  let at = first - 1;
  let last = size - 1;
  while (at % 2 === 1) [at, last] = [half(at), half(last)];
  let older: Uint8Array = path[0]!;
  let newer: Uint8Array = path[0]!;
  for (const sibling of path.slice(1)) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      older = nodeHash(sibling, older);
      newer = nodeHash(sibling, newer);
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
    } else {
      newer = nodeHash(newer, sibling);
    }
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && sameBytes(older, firstRoot) && sameBytes(newer, root);
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function isPlace(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function areHashes(values: readonly Uint8Array[]): boolean {
  return values.length <= pathHashesMax && values.every((value) => value.length === hashBytes);
}

const pathHashesMax = 130; // twice the height of the tallest tree, and both roots

function half(value: number): number {
  return Math.floor(value / 2);
}

function isPowerOfTwo(value: number): boolean {
  return value > 0 && splitOf(value + 1) === value;
}
