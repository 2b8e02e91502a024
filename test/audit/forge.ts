import { leafHash } from '../../audit/merkle.ts';
import { emptyTree, grow, hashesOf, treeRoot } from '../../audit/tree.ts';
import type { Pool } from '../../base/db.ts';

/** What somebody can do who owns the database: the triggers against accidents are no hindrance. */
export async function asOwner(pool: Pool, ...statements: (string | [string, unknown[]])[]): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN; SET LOCAL session_replication_role = replica; SET CONSTRAINTS ALL DEFERRED');
    for (const statement of statements) {
      if (typeof statement === 'string') await client.query(statement);
      else await client.query(...statement);
    }
    await client.query('COMMIT');
  } finally {
    client.release();
  }
}

/** Changes one entry's bytes as a forger would: another organisation, everything else as it was. */
export async function forgedBytes(pool: Pool, index: number): Promise<Buffer> {
  const { rows } = await pool.query<{ bytes: Buffer }>('SELECT bytes FROM audit.entry WHERE index = $1', [index]);
  return Buffer.from(rows[0]!.bytes.toString('utf8').replace('"recordCount":', '"recordCount":9'));
}

/** Makes leaf hashes, roots and tiles fit the entries as they are now: a whole new history, but for its signatures. */
export async function rebuild(pool: Pool): Promise<void> {
  const entries = await pool.query<{ bytes: Buffer }>('SELECT bytes FROM audit.entry ORDER BY index');
  const leaves = entries.rows.map((row) => leafHash(row.bytes));
  const { rows } = await pool.query<{ size: number; prev_size: number }>('SELECT size, prev_size FROM audit.batch ORDER BY size');
  let tree = emptyTree;
  const statements: [string, unknown[]][] = [];
  for (const batch of rows) {
    const own = leaves.slice(batch.prev_size, batch.size);
    const grown = grow(tree, own);
    tree = grown.tree;
    statements.push(['UPDATE audit.batch SET leaves = $2, root = $3 WHERE size = $1', [batch.size, Buffer.concat(own), treeRoot(tree)]]);
    for (const tile of grown.tiles) statements.push(['UPDATE audit.tile SET hashes = $3, root = $4 WHERE level = $1 AND index = $2', [tile.level, tile.index, tile.hashes, tile.root]]);
  }
  await asOwner(pool, ...statements);
}

/** The leaves of the batch that holds an entry, with that entry's replaced. */
export async function replacedLeaf(pool: Pool, index: number, leaf: Buffer): Promise<[string, unknown[]]> {
  const { rows } = await pool.query<{ size: number; prev_size: number; leaves: Buffer }>('SELECT size, prev_size, leaves FROM audit.batch WHERE size > $1 ORDER BY size LIMIT 1', [index]);
  const batch = rows[0]!;
  const leaves = hashesOf(batch.leaves).map((old, offset) => (batch.prev_size + offset === index ? leaf : old));
  return ['UPDATE audit.batch SET leaves = $2 WHERE size = $1', [batch.size, Buffer.concat(leaves)]];
}
