import type pg from 'pg';
import { deletedBeforeSql } from '../policy/retention.ts';
import { removeGone, type AbsentRecord } from './absent.ts';
import type { Known } from './fold.ts';
import type { PageContext } from './page.ts';
import { forgetQuarantined } from './purge.ts';

/**
 * Deletes records for their age, inside a page's transaction: as a deletion by absence, and beyond it what may still quote
 * them, which is the content of quarantined versions and what clerks wrote of their links and matters. Returns the rids.
 */
export async function removeExpired(client: pg.ClientBase, context: PageContext, expired: readonly AbsentRecord[]): Promise<string[]> {
  const { connector, stream, keys } = context;
  await forgetReasons(client, expired.map((one) => keys.rid(connector.department, stream.name, one.key)));
  await forgetQuarantined(client, context, expired.map((one) => one.keyHmac));
  return removeGone(client, context, expired, true);
}

/** The decisions stay: they still hold for the other record of a pair. Their free text goes. */
async function forgetReasons(client: pg.ClientBase, rids: readonly string[]): Promise<void> {
  const { rows } = await client.query<{ mention_id: string }>('SELECT mention_id FROM hub.mention WHERE rid = ANY($1)', [rids]);
  const mentions = rows.map((row) => row.mention_id);
  for (const table of ['hub.link_decision', 'hub.review_answer']) await client.query(`UPDATE ${table} SET reason = $2 WHERE (a = ANY($1) OR b = ANY($1)) AND reason <> $2`, [mentions, forgotten]);
  await client.query('UPDATE hub.matter_event SET reason = $2 WHERE rids && $1 AND reason <> $2', [rids, forgotten]);
}

const forgotten = '已逾保存期限 · past retention';

/** What `fold` has to know where one of these keys went for its age; null elsewhere, which costs no question. */
export async function deletedBefore(client: pg.ClientBase, { connector, stream }: PageContext, { heads }: Known): Promise<string | null> {
  if (![...heads.values()].some((head) => head.expired)) return null;
  const { rows } = await client.query<{ at: Date | null }>(`SELECT ${deletedBeforeSql('$1', '$2')}::timestamptz AS at`, [connector.department, stream.name]);
  return rows[0]?.at == null ? null : new Date(rows[0].at).toISOString();
}
