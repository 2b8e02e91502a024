import type { Pool } from 'pg';
import { readEntry, type AccessEntry } from '../audit/entry.ts';

/**
 * The newest entry of a caller who has signed in. Refusals of all others are counted and written up to a second later:
 * one of an earlier test may come in between at any time.
 */
export async function lastEntry(pool: Pool): Promise<AccessEntry> {
  const { rows } = await pool.query<{ bytes: Buffer }>('SELECT bytes FROM audit.entry WHERE viewer IS NOT NULL ORDER BY index DESC LIMIT 1');
  return readEntry(rows[0]!.bytes)!;
}
