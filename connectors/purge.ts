import type pg from 'pg';
import type { Effects, Known } from './fold.ts';
import type { PageContext } from './page.ts';

/** Quarantine keeps nothing of these keys any more; a release of such an entry reads its source again. */
export async function forgetQuarantined(client: pg.ClientBase, { connector, stream }: PageContext, keyHmacs: readonly string[]): Promise<void> {
  if (keyHmacs.length === 0) return;
  await client.query('UPDATE hub.quarantine SET content = NULL, sample = NULL WHERE department = $1 AND stream = $2 AND key_hmac = ANY($3) AND content IS NOT NULL', [connector.department, stream.name, keyHmacs]);
}

/**
 * What clustering learnt of texts, and linkage of names and phones, was learnt from the purged records too; it is learnt
 * again without them. Takes rows that all streams share: called last, so that their holder waits for nobody.
 */
export async function unlearn(client: pg.ClientBase): Promise<void> {
  await client.query('UPDATE hub.matter_state SET learnt = NULL, purges = purges + 1');
  await client.query("UPDATE hub.link_state SET state = jsonb_set(state, '{frequencies,counts}', '{}'), purges = purges + 1");
}

/**
 * What people wrote in corrections (校核) of a record goes when fields of it become never-stored: it may quote them. It goes
 * whatever field it is about, since free text about any of them may name the child. The requests stay; one whose value is
 * gone has its answer in that, and the salted hash of the value goes too: a phone number is guessed from one in seconds.
 * Where the record goes whole, all of it goes with it (0603). Runs when the fields are gone.
 */
export async function purgeCorrections(client: pg.ClientBase, { connector, stream, keys }: PageContext, known: Known, { purged, live }: Effects): Promise<void> {
  // Of a record that was restricted before, what is written since was written without seeing what is gone.
  const rids = [...purged].flatMap((keyHmac) => {
    const record = known.heads.get(keyHmac)?.restricted === true ? undefined : live.get(keyHmac);
    return record === undefined ? [] : [keys.rid(connector.department, stream.name, record.key)];
  });
  if (rids.length === 0) return;
  await client.query('DELETE FROM hub.correction_text t USING hub.correction c WHERE c.id = t.id AND c.rid = ANY($1)', [rids]);
  await client.query(
    `UPDATE hub.correction SET value_digest = '', state = 'ANSWERED', outcome = coalesce(outcome, 'SOURCE_CHANGED'), answered_at = coalesce(answered_at, now())
     WHERE rid = ANY($1) AND hub.value_digest(id, value_in, value_column, rid, mention_id) IS DISTINCT FROM value_digest`,
    [rids],
  );
}
