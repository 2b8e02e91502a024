import type { Client } from '../base/db.ts';
import { YiwangError } from '../base/errors.ts';
import type { SealedEntry } from './entry.ts';
import { sameBytes } from './merkle.ts';
import { storedEdge } from './tiles.ts';
import { grow, hashesOf, treeRoot, type Tile, type Tree } from './tree.ts';

/**
 * The steps of one group commit. Two things keep writers from forking the tree. An advisory lock, held for the
 * transaction only, makes them take turns: any number of gateway processes can write, none has to be elected, and one
 * that dies or hangs loses the lock with its connection (`idle_in_transaction_session_timeout`). And `prev_size` is
 * unique, so that a writer that got past the lock (a pooler, a second cluster key, a bug) cannot commit on the same head.
 * The fencing token is the head itself: what is not built on the newest batch does not commit.
 */
export async function beginFlush(client: Client, limitMs: number): Promise<Head> {
  const limit = Math.max(1, Math.floor(limitMs));
  // One round trip. Each statement of a simple query takes its own snapshot, so the head is read after the lock is held.
  const results = (await client.query(`
    BEGIN ISOLATION LEVEL READ COMMITTED;
    SET LOCAL ROLE yiwang_log_writer;
    SET LOCAL lock_timeout = ${limit};
    SET LOCAL statement_timeout = ${limit};
    SET LOCAL idle_in_transaction_session_timeout = ${limit};
    SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') IN ('off', 'local');
    SELECT pg_advisory_xact_lock(${sequencerLock});
    ${newestBatch}
  `)) as unknown as { rows: { size: number; root: Buffer }[] }[];
  return results.at(-1)?.rows[0] ?? null;
}

/** The newest batch, or null when the log is empty. */
export type Head = { size: number; root: Buffer } | null;

/** 'yiw' and the number of this lock; checkpoint.ts has the next one. */
const sequencerLock = 7_957_879_001;
const batchesPageMax = 1_000;
const newestBatch = 'SELECT size, root FROM audit.batch ORDER BY size DESC LIMIT 1';

export async function readHead(client: Client): Promise<Head> {
  const { rows } = await client.query<{ size: number; root: Buffer }>(newestBatch);
  return rows[0] ?? null;
}

/**
 * The tree of the head, grown from the tree this process wrote or saw last by the leaves that other writers committed in
 * the meantime. `seen` hears of each of their batches. A head that is shorter than ours, or leads to another root, means
 * that the database was rolled back or changed under us: `LOG_TAMPERED`.
 */
export async function caughtUp(client: Client, tree: Tree, head: Head, seen: (batch: { prevSize: number; size: number; root: Buffer }) => void): Promise<Tree> {
  const size = head?.size ?? 0;
  if (size < tree.size) throw tampered(`the log has ${size} entries, and had ${tree.size}`);
  let known = tree;
  while (known.size < size) {
    const pages = 'SELECT size, prev_size, root, leaves FROM audit.batch WHERE size > $1 ORDER BY size LIMIT $2';
    const { rows } = await client.query<{ size: number; prev_size: number; root: Buffer; leaves: Buffer }>(pages, [known.size, batchesPageMax]);
    for (const row of rows) {
      if (row.prev_size !== known.size) throw tampered(`no batch continues the log at ${known.size} entries`);
      known = grow(known, hashesOf(row.leaves)).tree;
      seen({ prevSize: row.prev_size, size: row.size, root: row.root });
    }
    if (rows.length === 0) throw tampered(`no batch continues the log at ${known.size} entries`);
  }
  if (head && !sameBytes(treeRoot(known), head.root)) throw tampered(`the root at ${size} entries is not the one its leaves give`);
  return known;
}

/** The tree of the stored log, for a writer that starts. */
export async function storedHead(client: Client): Promise<Tree> {
  const head = await readHead(client);
  const tree = await storedEdge(client, head?.size ?? 0);
  if (head && !sameBytes(treeRoot(tree), head.root)) throw tampered(`the root at ${head.size} entries is not the one its tiles give`);
  return tree;
}

function tampered(detail: string): YiwangError {
  return new YiwangError('LOG_TAMPERED', { detail });
}

/** Writes the entries as one batch on top of `tree`, in the open transaction. The caller commits. */
export async function insertBatch(client: Client, tree: Tree, entries: readonly SealedEntry[], writer: string): Promise<Tree> {
  const leaves = entries.map((entry) => entry.leaf);
  const grown = grow(tree, leaves);
  const batch = [grown.tree.size, tree.size, treeRoot(grown.tree), Buffer.concat(leaves), writer];
  await client.query({ name: 'audit-append', text: insertAll, values: [...batch, ...tileColumns(grown.tiles), ...entryColumns(entries, tree.size), ...subjectColumns(entries, tree.size)] });
  return grown.tree;
}

const insertAll = `
  WITH batch AS (
    INSERT INTO audit.batch (size, prev_size, root, leaves, writer) VALUES ($1, $2, $3, $4, $5)
  ), tiles AS (
    INSERT INTO audit.tile (level, index, hashes, root) SELECT * FROM unnest($6::smallint[], $7::bigint[], $8::bytea[], $9::bytea[])
  ), entries AS (
    INSERT INTO audit.entry (index, bytes, at, viewer, org, department, purpose, operation, decision, code, trace_id, disclosed_from)
    SELECT * FROM unnest($10::bigint[], $11::bytea[], $12::timestamptz[], $13::text[], $14::text[], $15::text[], $16::text[], $17::text[], $18::text[], $19::text[], $20::text[], $21::timestamptz[])
  )
  INSERT INTO audit.subject (entry_index, position, key_id, tag, leaf)
  SELECT * FROM unnest($22::bigint[], $23::integer[], $24::text[], $25::bytea[], $26::bytea[])`;

function tileColumns(tiles: readonly Tile[]): unknown[] {
  return [tiles.map((tile) => tile.level), tiles.map((tile) => tile.index), tiles.map((tile) => tile.hashes), tiles.map((tile) => tile.root)];
}

function entryColumns(entries: readonly SealedEntry[], from: number): unknown[] {
  const rows = entries.map(({ entry, bytes }, place) => [from + place, bytes, ...Object.values(entryFacts(entry))]);
  return Array.from({ length: 12 }, (_, column) => rows.map((row) => row[column]));
}

/** What the columns of `audit.entry` repeat of the bytes, in their order; `audit verify` compares them. */
export function entryFacts(entry: SealedEntry['entry']): Record<string, string | null> {
  const { viewer, org, department, purpose, decision, code, traceId } = entry;
  return { at: entry.time, viewer, org, department, purpose, operation: entry.operation?.name ?? null, decision, code, trace_id: traceId, disclosed_from: entry.disclosedFrom };
}

function subjectColumns(entries: readonly SealedEntry[], from: number): unknown[] {
  const rows = entries.flatMap(({ subjects }, place) => subjects.map((subject, position) => ({ index: from + place, position, ...subject })));
  return [rows.map((row) => row.index), rows.map((row) => row.position), rows.map((row) => row.keyId), rows.map((row) => Buffer.from(row.tag, 'hex')), rows.map((row) => row.bytes)];
}
