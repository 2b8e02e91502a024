import type { Pool } from '../base/db.ts';
import { readEntry } from './entry.ts';
import type { Findings } from './findings.ts';
import { entryFacts } from './flush.ts';
import { hashBytes, leafHash, sameBytes } from './merkle.ts';
import { nameMismatches, type Mismatch } from './mismatches.ts';
import { readSubjectLeaf, subjectsRoot } from './subjects.ts';
import { emptyTree, grow, hashesOf, tileHashesMax, treeRoot, type Tile, type Tree } from './tree.ts';
import { readPages, type Page, type StoredBatch, type StoredEntry } from './walk-pages.ts';

/**
 * Walks the log from its first entry, growing the tree again from the entries' bytes. Where a batch's bytes do not give
 * its root, the hashes written beside it and in its tile are tried, so that one altered place is named and the walk can
 * go on behind it; what gives the root is what was written.
 */
export async function walkLog(options: WalkOptions): Promise<Walk> {
  const { pool, size, findings } = options;
  const walk: Walking = { tree: emptyTree, roots: new Map(), rootsAt: options.rootsAt, findings, mismatches: [], lost: false, latestMs: 0 };
  for await (const page of readPages(pool, size)) {
    for (const batch of page.batches) await checkBatch(walk, pool, page, batch);
    options.progress?.(walk.tree.size, size);
  }
  nameMismatches(walk.mismatches, size, findings);
  return walk;
}

export interface WalkOptions {
  pool: Pool;
  size: number;
  /** Sizes at which the root is wanted. */
  rootsAt: readonly number[];
  findings: Findings;
  progress?: ((entriesDone: number, entries: number) => void) | undefined;
}

export interface Walk {
  tree: Tree;
  /** The roots at the sizes asked for, and at those of the checkpoints in the database. */
  roots: Map<number, Buffer>;
}

interface Walking extends Walk {
  rootsAt: readonly number[];
  findings: Findings;
  mismatches: Mismatch[];
  /** The root of the last batch could not be explained; said once, until a root fits again. */
  lost: boolean;
  latestMs: number;
}

const mismatchesMax = 10_000;
const clockToleranceMs = 60_000; // several gateways write, and their clocks differ
const bridgedEntriesMax = 1_000_000; // who owns the database can write a batch at any distance: one behind a longer gap is not walked

async function checkBatch(walk: Walking, pool: Pool, page: Page, batch: StoredBatch): Promise<void> {
  if (batch.prevSize - walk.tree.size > bridgedEntriesMax) return walk.findings.add('BATCH_MISSING', walk.tree.size, batch.prevSize - 1);
  if (batch.prevSize > walk.tree.size) await bridge(walk, pool, page, batch.prevSize);
  if (batch.prevSize < walk.tree.size) return walk.findings.add('ROOT_ALTERED', batch.prevSize, batch.size - 1);
  const indexes = Array.from({ length: batch.size - batch.prevSize }, (_, offset) => batch.prevSize + offset);
  const stored = indexes.map((index) => page.entries.get(index));
  const found = stored.map((entry) => (entry ? leafHash(entry.bytes) : null));
  const written = hashesOf(batch.leaves);
  const tiled = indexes.map((index, offset) => page.tileLeaf(index) ?? written[offset]!);
  const trusted = [found.every((leaf) => leaf !== null) ? found : written, written, tiled].find((leaves) => sameBytes(treeRoot(grow(walk.tree, leaves).tree), batch.root));
  noteRoot(walk, batch, trusted !== undefined);
  const leaves = trusted ?? tiled;
  for (const [offset, leaf] of leaves.entries()) {
    const index = batch.prevSize + offset;
    if (!sameBytes(written[offset]!, leaf)) walk.findings.add('LEAF_HASH_ALTERED', index);
    const hash = found[offset];
    if (hash && sameBytes(hash, leaf)) checkEntry(walk, page, index, stored[offset]!);
    else if (walk.mismatches.length < mismatchesMax) walk.mismatches.push({ index, found: hash?.toString('hex') ?? null, written: leaf.toString('hex') });
  }
  await extend(walk, pool, page, leaves);
}

function noteRoot(walk: Walking, batch: StoredBatch, explained: boolean): void {
  if (!explained && !walk.lost) walk.findings.add('ROOT_ALTERED', batch.prevSize, batch.size - 1);
  walk.lost = !explained;
}

/** The rows of one or more batches are gone: their leaves are taken from tiles and entries, as far as there are any. */
async function bridge(walk: Walking, pool: Pool, page: Page, size: number): Promise<void> {
  walk.findings.add('BATCH_MISSING', walk.tree.size, size - 1);
  const nothing = Buffer.alloc(hashBytes);
  const leaves = Array.from({ length: size - walk.tree.size }, (_, offset) => {
    const index = walk.tree.size + offset;
    const entry = page.entries.get(index);
    return page.tileLeaf(index) ?? (entry ? leafHash(entry.bytes) : nothing);
  });
  await extend(walk, pool, page, leaves);
}

/** Grows the tree, compares the tiles that became full, and keeps the roots that checkpoints will ask for. */
async function extend(walk: Walking, pool: Pool, page: Page, leaves: readonly Buffer[]): Promise<void> {
  const from = walk.tree.size;
  const to = from + leaves.length;
  for (const size of [...walk.rootsAt, ...page.checkpointSizes]) {
    if (size > from && size <= to) walk.roots.set(size, treeRoot(grow(walk.tree, leaves.slice(0, size - from)).tree));
  }
  const grown = grow(walk.tree, leaves);
  walk.tree = grown.tree;
  if (!walk.lost) for (const tile of grown.tiles) await checkTile(walk, pool, page, tile);
}

async function checkTile(walk: Walking, pool: Pool, page: Page, tile: Tile): Promise<void> {
  const stored = tile.level === 0 ? page.tiles.get(tile.index) : await storedTile(pool, tile);
  const entriesEach = tileHashesMax ** (tile.level + 1);
  const covered = [tile.index * entriesEach, (tile.index + 1) * entriesEach - 1] as const;
  if (!stored) walk.findings.add('TILE_MISSING', ...covered);
  else if (!sameBytes(stored.hashes, tile.hashes) || !sameBytes(stored.root, tile.root)) walk.findings.add('TILE_ALTERED', ...covered);
}

async function storedTile(pool: Pool, tile: Tile): Promise<{ hashes: Buffer; root: Buffer } | undefined> {
  const { rows } = await pool.query<{ hashes: Buffer; root: Buffer }>('SELECT hashes, root FROM audit.tile WHERE level = $1 AND index = $2', [tile.level, tile.index]);
  return rows[0];
}

/** The entry is the one that was written: does what stands beside it repeat it? */
function checkEntry(walk: Walking, page: Page, index: number, stored: StoredEntry): void {
  const entry = readEntry(stored.bytes);
  if (!entry) return walk.findings.add('ENTRY_UNSEQUENCED', index);
  const facts = Object.entries(entryFacts(entry));
  if (facts.some(([column, value]) => !sameFact(stored.columns[column], value))) walk.findings.add('ENTRY_COLUMNS_ALTERED', index);
  const subjects = page.subjects.get(index) ?? [];
  const rootFits = subjectsRoot(subjects.map((subject) => subject.leaf)).toString('hex') === entry.subjectsRoot;
  const rowsFit = subjects.every((subject) => {
    const leaf = readSubjectLeaf(subject.leaf);
    return leaf?.tag === subject.tag.toString('hex') && leaf.keyId === subject.key_id;
  });
  if (!rootFits || !rowsFit) walk.findings.add('SUBJECT_INDEX_ALTERED', index);
  const atMs = Date.parse(entry.time);
  if (atMs < walk.latestMs - clockToleranceMs) walk.findings.add('CLOCK_WENT_BACK', index);
  walk.latestMs = Math.max(walk.latestMs, atMs);
}

/** Instants are compared as instants: the driver gives a `Date`, the entry a text. */
function sameFact(stored: unknown, written: string | null): boolean {
  if (stored instanceof Date) return written !== null && stored.getTime() === Date.parse(written);
  return (stored ?? null) === written;
}
