import type pg from 'pg';
import { YiwangError } from '../base/errors.ts';
import type { PageContext } from './page.ts';
import type { Snapshot } from './source.ts';
import { removeKeys } from './write.ts';

/** A snapshot that would delete more than both waits for an operator. */
const heldShare = 0.05;
const heldRecords = 20;

/**
 * Removes the records that a snapshot does not name. A record that a later delivery brought is none of its business; what
 * goes keeps the order of its last version, so that a later delivery may bring it back. Returns the rids.
 */
export async function removeAbsent(client: pg.ClientBase, context: PageContext, snapshot: Snapshot, approved: boolean): Promise<string[]> {
  const { connector, stream, keys } = context;
  const { rows } = await client.query<{ record_key: string }>('SELECT record_key FROM hub.landed WHERE department = $1 AND stream = $2', [connector.department, stream.name]);
  const unnamed = rows.map((row) => ({ key: row.record_key, keyHmac: keys.keyHmac(connector.department, stream.name, row.record_key) })).filter((one) => !snapshot.keyHmacs.has(one.keyHmac));
  if (unnamed.length === 0) return [];
  const older = await client.query<{ key_hmac: string }>(
    "SELECT key_hmac FROM hub.record_head WHERE department = $1 AND stream = $2 AND key_hmac = ANY($3) AND state = 'LIVE' AND split_part(version_order, '|', 3) < $4",
    [connector.department, stream.name, unnamed.map((one) => one.keyHmac), snapshot.asOf],
  );
  const going = new Set(older.rows.map((row) => row.key_hmac));
  if (!approved && going.size > heldRecords && going.size > rows.length * heldShare) {
    throw new YiwangError('HELD', { hint: `a snapshot would delete ${going.size} of ${rows.length} records of \`${stream.name}\`` });
  }
  await client.query(
    "UPDATE hub.record_head SET state = 'TOMBSTONE', mapped_hash = NULL, restricted = false, repaired = '{}', quarantined_values = '{}' WHERE department = $1 AND stream = $2 AND key_hmac = ANY($3)",
    [connector.department, stream.name, [...going]],
  );
  return removeKeys(client, context, unnamed.filter((one) => going.has(one.keyHmac)).map((one) => one.key));
}
