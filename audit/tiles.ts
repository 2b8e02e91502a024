import type { Client, Pool } from '../base/db.ts';
import { YiwangError } from '../base/errors.ts';
import { consistencySpans, emptyRoot, inclusionSpans, merkleRoot, nodeHash, splitOf, type Span } from './merkle.ts';
import { hashesOf, tileHashesMax, tileHeight, treeFromEdge, type Tree } from './tree.ts';

/**
 * The stored tree, read tile by tile. Full tiles are rows of `audit.tile`; the unfinished one of level 0 is put together
 * from `audit.batch.leaves`, those above from the roots of the full tiles below. A reader keeps what it read, so make one
 * per request, and only for sizes that are committed.
 */
export function storedTree(db: Queryable): StoredTree {
  const tiles = new Map<string, Promise<Buffer[]>>();
  const tile = (level: number, index: number): Promise<Buffer[]> => {
    const key = `${level}/${index}`;
    const known = tiles.get(key) ?? tileHashes(db, level, index);
    tiles.set(key, known);
    return known;
  };
  const span = (wanted: Span): Promise<Buffer> => spanHash(tile, wanted);
  return {
    tile,
    root: async (size) => (size === 0 ? emptyRoot() : span({ from: 0, to: size })),
    leaf: async (index) => hashAt(await tile(0, Math.floor(index / tileHashesMax)), index % tileHashesMax),
    inclusion: (index, size) => inOrder(inclusionSpans(index, size), span),
    consistency: (first, size) => inOrder(consistencySpans(first, size), span),
  };
}

export interface StoredTree {
  /** The hashes of a tile, as many as there are now, at most 256. */
  tile: (level: number, index: number) => Promise<Buffer[]>;
  root: (size: number) => Promise<Buffer>;
  leaf: (index: number) => Promise<Buffer>;
  /** Inclusion proof of an entry in the tree of `size` entries. */
  inclusion: (index: number, size: number) => Promise<Buffer[]>;
  /** Consistency proof from the tree of `first` entries to that of `size`. */
  consistency: (first: number, size: number) => Promise<Buffer[]>;
}

export type Queryable = Pool | Client;
type TileAt = (level: number, index: number) => Promise<Buffer[]>;

async function inOrder(spans: readonly Span[], span: (wanted: Span) => Promise<Buffer>): Promise<Buffer[]> {
  const hashes: Buffer[] = [];
  for (const wanted of spans) hashes.push(await span(wanted));
  return hashes;
}

/** The root over a span: a perfect subtree is a part of one tile, anything else splits as the tree does. */
async function spanHash(tile: TileAt, span: Span): Promise<Buffer> {
  const count = span.to - span.from;
  const split = splitOf(count);
  if (count > 1 && split * 2 !== count) {
    const middle = span.from + split;
    return nodeHash(await spanHash(tile, { from: span.from, to: middle }), await spanHash(tile, { from: middle, to: span.to }));
  }
  const height = Math.round(Math.log2(count));
  const level = Math.floor(height / tileHeight);
  const width = 2 ** (height % tileHeight);
  const first = (span.from / count) * width;
  const hashes = await tile(level, Math.floor(first / tileHashesMax));
  const offset = first % tileHashesMax;
  return merkleRoot(Array.from({ length: width }, (_, index) => hashAt(hashes, offset + index)));
}

function hashAt(hashes: readonly Buffer[], offset: number): Buffer {
  const hash = hashes[offset];
  if (!hash) throw new YiwangError('LOG_TAMPERED', { detail: 'a stored tile holds fewer hashes than the log has entries' });
  return hash;
}

/** The hashes of a tile as stored, without keeping them; as many as there are now. */
export async function tileHashes(db: Queryable, level: number, index: number): Promise<Buffer[]> {
  const full = await db.query<{ hashes: Buffer }>('SELECT hashes FROM audit.tile WHERE level = $1 AND index = $2', [level, index]);
  if (full.rows[0]) return hashesOf(full.rows[0].hashes);
  return level === 0 ? unfinishedLeaves(db, index) : unfinishedRoots(db, level, index);
}

async function unfinishedLeaves(db: Queryable, index: number): Promise<Buffer[]> {
  const from = index * tileHashesMax;
  const batches = 'SELECT prev_size, leaves FROM audit.batch WHERE size > $1 ORDER BY size LIMIT $2';
  const { rows } = await db.query<{ prev_size: number; leaves: Buffer }>(batches, [from, tileHashesMax]);
  const first = rows[0]?.prev_size ?? from;
  return hashesOf(Buffer.concat(rows.map((row) => row.leaves))).slice(from - first, from - first + tileHashesMax);
}

async function unfinishedRoots(db: Queryable, level: number, index: number): Promise<Buffer[]> {
  const roots = 'SELECT root FROM audit.tile WHERE level = $1 AND index >= $2 ORDER BY index LIMIT $3';
  const { rows } = await db.query<{ root: Buffer }>(roots, [level - 1, index * tileHashesMax, tileHashesMax]);
  return rows.map((row) => row.root);
}

/** The right edge of the tree of `size` entries, to grow it further. */
export async function storedEdge(db: Queryable, size: number): Promise<Tree> {
  const stored = storedTree(db);
  const edge: Buffer[][] = [];
  for (let level = 0, count = size; count > 0; level += 1, count = Math.floor(count / tileHashesMax)) {
    const width = count % tileHashesMax;
    edge.push(width === 0 ? [] : (await stored.tile(level, Math.floor(count / tileHashesMax))).slice(0, width));
  }
  return treeFromEdge(size, edge);
}

/** The path of a tile or an entry bundle in C2SP tlog-tiles: `tile/1/x001/x234/067`, unfinished ones end in `.p/<width>`. */
export function tilePath(level: number | 'entries', index: number, width: number): string {
  const digits = String(index).padStart(Math.ceil(String(index).length / 3) * 3, '0');
  const groups = digits.match(/.{3}/g) ?? [];
  const named = groups.map((group, place) => (place === groups.length - 1 ? group : `x${group}`)).join('/');
  return `tile/${level}/${named}${width === tileHashesMax ? '' : `.p/${width}`}`;
}
