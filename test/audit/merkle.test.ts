import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { consistencySpans, emptyRoot, inclusionSpans, leafHash, merkleRoot, splitOf, nodeHash, verifyConsistency, verifyInclusion, type Span } from '../../audit/merkle.ts';
import { emptyTree, grow, hashesOf, treeFromEdge, treeRoot, type Tile } from '../../audit/tree.ts';

// The leaves, roots and proofs of the reference tests of Certificate Transparency (merkletree/merkle_tree_test.cc).
const referenceLeaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map((hex) => leafHash(Buffer.from(hex, 'hex')));
const referenceRoots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const referenceInclusion = [
  { index: 0, size: 8, path: ['96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7', '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e', '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4'] },
  { index: 5, size: 8, path: ['bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b', 'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0', 'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7'] },
];
const referenceConsistency = [
  { first: 1, size: 8, path: ['96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7', '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e', '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4'] },
  { first: 6, size: 8, path: ['0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a', 'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0', 'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7'] },
  { first: 2, size: 5, path: ['5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e', 'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b'] },
];

const leaves = Array.from({ length: 700 }, (_, index) => leafHash(Buffer.from(`entry ${index}`)));
const runs = { numRuns: 150 };
const sizes = fc.integer({ min: 1, max: 700 });

describe('the tree of RFC 6962', () => {
  it.each(referenceRoots.map((root, size) => ({ root, size })))('has the reference root for $size leaves', ({ root, size }) => {
    expect(merkleRoot(referenceLeaves.slice(0, size)).toString('hex')).toBe(root);
    expect(treeRoot(grow(emptyTree, referenceLeaves.slice(0, size)).tree).toString('hex')).toBe(root);
  });

  it.each(referenceInclusion)('gives the reference inclusion proof of leaf $index of $size', ({ index, size, path }) => {
    expect(pathOf(referenceLeaves, inclusionSpans(index, size)).map((hash) => hash.toString('hex'))).toEqual(path);
  });

  it.each(referenceConsistency)('gives the reference consistency proof from $first to $size', ({ first, size, path }) => {
    expect(pathOf(referenceLeaves, consistencySpans(first, size)).map((hash) => hash.toString('hex'))).toEqual(path);
  });

  it('hashes as the recursive definition of the RFC says', () => {
    fc.assert(fc.property(sizes, (size) => merkleRoot(leaves.slice(0, size)).equals(recursiveRoot(leaves.slice(0, size)))), runs);
  });

  it('proves every leaf, and no other leaf, place, size or root', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), fc.nat(), (size, place, flip) => {
        const index = place % size;
        const proof = { index, size, leaf: leaves[index]!, path: pathOf(leaves, inclusionSpans(index, size)), root: merkleRoot(leaves.slice(0, size)) };
        expect(verifyInclusion(proof)).toBe(true);
        expect(verifyInclusion({ ...proof, leaf: flipped(proof.leaf, flip) })).toBe(false);
        expect(verifyInclusion({ ...proof, root: flipped(proof.root, flip) })).toBe(false);
        expect(verifyInclusion({ ...proof, path: [...proof.path, proof.leaf] })).toBe(false);
        expect(verifyInclusion({ ...proof, index: size })).toBe(false);
        if (proof.path.length > 0) {
          expect(verifyInclusion({ ...proof, path: proof.path.slice(1) })).toBe(false);
          expect(verifyInclusion({ ...proof, path: flippedOne(proof.path, flip) })).toBe(false);
        }
        if (size > 1) expect(verifyInclusion({ ...proof, index: (index + 1) % size })).toBe(false);
      }),
      runs,
    );
  });

  it('takes no inner node for a leaf', () => {
    for (const size of [2, 3, 7, 8, 300]) {
      const root = merkleRoot(leaves.slice(0, size));
      const path = pathOf(leaves, inclusionSpans(0, size));
      expect(verifyInclusion({ index: 0, size, leaf: nodeHash(leaves[0]!, leaves[1]!), path: path.slice(1), root })).toBe(false);
    }
  });

  it('proves that a tree begins with an older one, and refuses every other pair', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), fc.nat(), (size, place, flip) => {
        const first = 1 + (place % size);
        const proof = { first, size, firstRoot: merkleRoot(leaves.slice(0, first)), root: merkleRoot(leaves.slice(0, size)), path: pathOf(leaves, consistencySpans(first, size)) };
        expect(verifyConsistency(proof)).toBe(true);
        expect(verifyConsistency({ ...proof, firstRoot: flipped(proof.firstRoot, flip) })).toBe(false);
        expect(verifyConsistency({ ...proof, root: flipped(proof.root, flip) })).toBe(false);
        expect(verifyConsistency({ ...proof, path: [...proof.path, proof.root] })).toBe(false);
        if (proof.path.length > 0) expect(verifyConsistency({ ...proof, path: flippedOne(proof.path, flip) })).toBe(false);
        if (first < size) expect(verifyConsistency({ ...proof, path: [] })).toBe(false);
      }),
      runs,
    );
  });

  it('lets the empty tree begin every tree, and nothing else pass for it', () => {
    const root = merkleRoot(leaves.slice(0, 9));
    expect(verifyConsistency({ first: 0, size: 9, firstRoot: emptyRoot(), root, path: [] })).toBe(true);
    expect(verifyConsistency({ first: 0, size: 9, firstRoot: root, root, path: [] })).toBe(false);
    expect(verifyInclusion({ index: 0, size: 0, leaf: leaves[0]!, path: [], root: emptyRoot() })).toBe(false);
  });

  it('works beyond 32-bit sizes', () => {
    const size = 2 ** 40 + 3;
    expect(splitOf(size)).toBe(2 ** 40);
    expect(inclusionSpans(2 ** 40 + 1, size).at(-1)).toEqual({ from: 0, to: 2 ** 40 });
  });
});

describe('a growing tree', () => {
  it('has the same root however its leaves arrive, and can be rebuilt from its edge', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 4 }), (steps) => {
        let tree = emptyTree;
        for (const step of steps) tree = grow(tree, leaves.slice(tree.size % 300, (tree.size % 300) + step)).tree;
        expect(treeRoot(treeFromEdge(tree.size, tree.edge))).toEqual(treeRoot(tree));
      }),
      { numRuns: 40 },
    );
    let inSteps = emptyTree;
    for (let from = 0; from < 700; from += 33) inSteps = grow(inSteps, leaves.slice(from, Math.min(from + 33, 700))).tree;
    expect(treeRoot(inSteps)).toEqual(merkleRoot(leaves));
  });

  it('hands out each full tile once, over two levels', { timeout: 30_000 }, () => {
    const many = Array.from({ length: 256 * 256 + 300 }, (_, index) => leafHash(Buffer.from([index & 255, (index >> 8) & 255, index >> 16])));
    const tiles: Tile[] = [];
    let tree = emptyTree;
    for (let from = 0; from < many.length; from += 1000) {
      const grown = grow(tree, many.slice(from, from + 1000));
      tree = grown.tree;
      tiles.push(...grown.tiles);
    }
    expect(tiles.filter((tile) => tile.level === 0).map((tile) => tile.index)).toEqual(Array.from({ length: 257 }, (_, index) => index));
    expect(tiles.filter((tile) => tile.level === 1).map((tile) => tile.index)).toEqual([0]);
    for (const tile of tiles) expect(merkleRoot(hashesOf(tile.hashes))).toEqual(tile.root);
    expect(tiles.find((tile) => tile.level === 0 && tile.index === 256)!.hashes).toEqual(Buffer.concat(many.slice(65_536, 65_792)));
    expect(treeRoot(tree)).toEqual(merkleRoot(many));
    expect(treeRoot(treeFromEdge(tree.size, tree.edge))).toEqual(merkleRoot(many));
  });

  it('leaves the old tree as it was', () => {
    const before = grow(emptyTree, leaves.slice(0, 255)).tree;
    const root = treeRoot(before);
    grow(before, leaves.slice(255, 600));
    expect(treeRoot(before)).toEqual(root);
    expect(before.edge[0]!.length).toBe(255);
  });
});

function pathOf(all: readonly Buffer[], spans: readonly Span[]): Buffer[] {
  return spans.map((span) => merkleRoot(all.slice(span.from, span.to)));
}

/** Section 2.1 word for word, as the oracle. */
function recursiveRoot(all: readonly Buffer[]): Buffer {
  if (all.length <= 1) return all[0] ?? emptyRoot();
  const split = 2 ** Math.floor(Math.log2(all.length - 1));
  return nodeHash(recursiveRoot(all.slice(0, split)), recursiveRoot(all.slice(split)));
}

function flipped(hash: Buffer, place: number): Buffer {
  const copy = Buffer.from(hash);
  copy[place % copy.length]! ^= 1 << (place % 8);
  return copy;
}

function flippedOne(path: readonly Buffer[], place: number): Buffer[] {
  return path.map((hash, index) => (index === place % path.length ? flipped(hash, place) : hash));
}
