import type { Pool } from '../base/db.ts';
import { hashBytes } from './merkle.ts';
import { tileHashesMax } from './tree.ts';

/** Reads the stored log in order, about `pageEntriesMax` entries at a time, with what stands beside them. */
export async function* readPages(pool: Pool, size: number): AsyncGenerator<Page> {
  for (let from = 0; from < size; ) {
    const batches = await nextBatches(pool, from, size);
    const to = batches.at(-1)?.size;
    if (to === undefined) return;
    yield { batches, ...(await readBeside(pool, from, to)) };
    from = to;
  }
}

export interface StoredBatch {
  prevSize: number;
  size: number;
  root: Buffer;
  leaves: Buffer;
}

export interface StoredEntry {
  bytes: Buffer;
  /** The row, by column. */
  columns: Record<string, unknown>;
}

interface StoredSubject {
  key_id: string;
  tag: Buffer;
  leaf: Buffer;
}

interface StoredTile {
  hashes: Buffer;
  root: Buffer;
}

export interface Page {
  batches: StoredBatch[];
  entries: Map<number, StoredEntry>;
  subjects: Map<number, StoredSubject[]>;
  /** Full tiles of level 0. */
  tiles: Map<number, StoredTile>;
  /** Sizes of checkpoints in the database that end in this page. */
  checkpointSizes: number[];
  /** The hash of an entry as its full tile has it. */
  tileLeaf: (index: number) => Buffer | undefined;
}

const pageEntriesMax = 1_024;
const pageBatchesMax = 1_024;

async function nextBatches(pool: Pool, from: number, size: number): Promise<StoredBatch[]> {
  const text = 'SELECT prev_size, size, root, leaves FROM audit.batch WHERE size > $1 AND size <= $2 ORDER BY size LIMIT $3';
  const { rows } = await pool.query<{ prev_size: number; size: number; root: Buffer; leaves: Buffer }>(text, [from, size, pageBatchesMax]);
  const kept = rows.filter((row, place) => place === 0 || row.size - from <= pageEntriesMax);
  return kept.map(({ prev_size, ...row }) => ({ prevSize: prev_size, ...row }));
}

async function readBeside(pool: Pool, from: number, to: number): Promise<Omit<Page, 'batches'>> {
  const range = [from, to - 1];
  const entries = await pool.query<Record<string, unknown> & { index: number; bytes: Buffer }>('SELECT * FROM audit.entry WHERE index BETWEEN $1 AND $2', range);
  const subjects = await pool.query<StoredSubject & { entry_index: number }>('SELECT entry_index, key_id, tag, leaf FROM audit.subject WHERE entry_index BETWEEN $1 AND $2 ORDER BY entry_index, position', range);
  const tileRange = [Math.floor(from / tileHashesMax), Math.floor((to - 1) / tileHashesMax)];
  const tileRows = await pool.query<StoredTile & { index: number }>('SELECT index, hashes, root FROM audit.tile WHERE level = 0 AND index BETWEEN $1 AND $2', tileRange);
  const checkpoints = await pool.query<{ size: number }>('SELECT DISTINCT size FROM audit.checkpoint WHERE size BETWEEN $1 AND $2', [from + 1, to]);
  const tiles = new Map(tileRows.rows.map((row) => [row.index, row]));
  return {
    entries: new Map(entries.rows.map((row) => [row.index, { bytes: row.bytes, columns: row }])),
    subjects: Map.groupBy(subjects.rows, (row) => row.entry_index),
    tiles,
    checkpointSizes: checkpoints.rows.map((row) => row.size),
    tileLeaf: (index) => leafIn(tiles.get(Math.floor(index / tileHashesMax)), index % tileHashesMax),
  };
}

function leafIn(tile: StoredTile | undefined, offset: number): Buffer | undefined {
  return tile?.hashes.subarray(offset * hashBytes, (offset + 1) * hashBytes);
}
