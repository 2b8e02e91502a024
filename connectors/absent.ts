import type pg from 'pg';
import { YiwangError } from '../base/errors.ts';
import type { PageContext } from './page.ts';
import type { Snapshot } from './source.ts';
import { removeKeys } from './write.ts';

/** A read that would delete more than both waits for an operator, who approves a number and not whatever comes. */
const heldShare = 0.05;
const heldRecords = 20;

export interface AbsentRecord {
  key: string;
  keyHmac: string;
}

/**
 * Removes the records that a snapshot does not name. A record that a later delivery brought is none of its business; what
 * goes keeps the order of its last version, so that a later delivery may bring it back. Returns the rids.
 */
export async function removeAbsent(client: pg.ClientBase, context: PageContext, snapshot: Snapshot, approvedMax: number): Promise<string[]> {
  const { connector, stream, keys } = context;
  const { rows } = await client.query<{ record_key: string }>('SELECT record_key FROM hub.landed WHERE department = $1 AND stream = $2', [connector.department, stream.name]);
  const unnamed = rows.map((row) => ({ key: row.record_key, keyHmac: keys.keyHmac(connector.department, stream.name, row.record_key) })).filter((one) => !snapshot.keyHmacs.has(one.keyHmac));
  if (unnamed.length === 0) return [];
  const older = await client.query<{ key_hmac: string }>(
    "SELECT key_hmac FROM hub.record_head WHERE department = $1 AND stream = $2 AND key_hmac = ANY($3) AND state = 'LIVE' AND (split_part(version_order, '|', 3), split_part(version_order, '|', 4)) < ($4, $5)",
    [connector.department, stream.name, unnamed.map((one) => one.keyHmac), snapshot.asOf, snapshot.folder],
  );
  const going = new Set(older.rows.map((row) => row.key_hmac));
  refuseTooMany(stream.name, going.size, rows.length, approvedMax);
  return removeGone(client, context, unnamed.filter((one) => going.has(one.keyHmac)));
}

/** Throws `HELD` where a read would delete too much and nobody has approved so many; its `detail` is their number. */
export function refuseTooMany(stream: string, going: number, known: number, approvedMax: number): void {
  if (going <= Math.max(heldRecords, approvedMax) || going <= known * heldShare) return;
  throw new YiwangError('HELD', { hint: `this would delete ${going} of ${known} records of \`${stream}\``, detail: String(going) });
}

/** Live records become tombstones that keep the order of their last version; `expired` ones know that they went for their age. Returns the rids. */
export async function removeGone(client: pg.ClientBase, context: PageContext, gone: readonly AbsentRecord[], expired = false): Promise<string[]> {
  if (gone.length === 0) return [];
  await client.query(
    "UPDATE hub.record_head SET state = 'TOMBSTONE', expired = expired OR $4, mapped_hash = NULL, restricted = restricted_through IS NOT NULL, repaired = '{}', quarantined_values = '{}' WHERE department = $1 AND stream = $2 AND key_hmac = ANY($3)",
    [context.connector.department, context.stream.name, gone.map((one) => one.keyHmac), expired],
  );
  return removeKeys(client, context, gone.map((one) => one.key));
}
