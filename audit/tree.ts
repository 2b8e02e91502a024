import { invariant } from '../base/errors.ts';
import { emptyRoot, hashBytes, nodeHash } from './merkle.ts';

/**
 * A tree that grows on the right: its root costs a handful of hashes, and each tile of 256 hashes is handed out once, when
 * it is full (C2SP tlog-tiles). A value: growing gives a new tree and leaves the old one, so that a transaction that does
 * not commit leaves nothing behind.
 */
export interface Tree {
  size: number;
  /** Roots of the perfect subtrees that cover the tree, tallest first. */
  peaks: readonly Peak[];
  /** `edge[level]` are the hashes of the unfinished tile of that level, 0 to 255 of them. */
  edge: readonly (readonly Buffer[])[];
}

interface Peak {
  height: number;
  hash: Buffer;
}

/** A full tile: the 256 hashes of one level, and the root over them, which is one hash of the level above. */
export interface Tile {
  level: number;
  index: number;
  hashes: Buffer;
  root: Buffer;
}

export const tileHashesMax = 256;
export const tileHeight = 8;

export const emptyTree: Tree = { size: 0, peaks: [], edge: [] };

/** Appends leaf hashes. */
export function grow(tree: Tree, leaves: readonly Buffer[]): { tree: Tree; tiles: Tile[] } {
  const draft: Draft = { size: tree.size, peaks: [...tree.peaks], edge: tree.edge.map((hashes) => [...hashes]), tiles: [] };
  for (const leaf of leaves) {
    invariant(leaf.length === hashBytes, 'a leaf hash has 32 bytes');
    draft.size += 1;
    place(draft, { height: 0, hash: leaf });
  }
  const { tiles, ...grown } = draft;
  return { tree: grown, tiles };
}

interface Draft {
  size: number;
  peaks: Peak[];
  edge: Buffer[][];
  tiles: Tile[];
}

/** Puts a perfect subtree at the right end and joins it with its left neighbours of the same height. */
function place(draft: Draft, peak: Peak): void {
  let joined = peak;
  keep(draft, joined);
  for (let left = draft.peaks.at(-1); left?.height === joined.height; left = draft.peaks.at(-1)) {
    draft.peaks.pop();
    joined = { height: joined.height + 1, hash: nodeHash(left.hash, joined.hash) };
    keep(draft, joined);
  }
  draft.peaks.push(joined);
}

/** Every eighth height is stored; a node of the next stored height is at the same moment the root of a full tile. */
function keep(draft: Draft, node: Peak): void {
  if (node.height % tileHeight !== 0) return;
  const level = node.height / tileHeight;
  if (level > 0) {
    const hashes = draft.edge[level - 1]!;
    invariant(hashes.length === tileHashesMax, 'a tile is full when its root is known');
    const index = Math.floor(draft.size / tileHashesMax ** level) - 1;
    draft.tiles.push({ level: level - 1, index, hashes: Buffer.concat(hashes), root: node.hash });
    draft.edge[level - 1] = [];
  }
  (draft.edge[level] ??= []).push(node.hash);
}

export function treeRoot(tree: Tree): Buffer {
  const [lowest, ...above] = tree.peaks.toReversed();
  if (!lowest) return emptyRoot();
  return above.reduce((right, peak) => nodeHash(peak.hash, right), lowest.hash);
}

/** The tree again, from its size and the hashes of its unfinished tiles. */
export function treeFromEdge(size: number, edge: readonly (readonly Buffer[])[]): Tree {
  const peaks: Peak[] = [];
  for (const [level, hashes] of [...edge.entries()].reverse()) {
    for (const hash of hashes) join(peaks, { height: level * tileHeight, hash });
  }
  return { size, peaks, edge };
}

function join(peaks: Peak[], peak: Peak): void {
  let joined = peak;
  for (let left = peaks.at(-1); left?.height === joined.height; left = peaks.at(-1)) {
    peaks.pop();
    joined = { height: joined.height + 1, hash: nodeHash(left.hash, joined.hash) };
  }
  peaks.push(joined);
}

/** Cuts concatenated hashes apart. */
export function hashesOf(bytes: Buffer): Buffer[] {
  return Array.from({ length: Math.floor(bytes.length / hashBytes) }, (_, index) => bytes.subarray(index * hashBytes, (index + 1) * hashBytes));
}
