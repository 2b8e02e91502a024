import { randomUUID } from 'node:crypto';
import type { Pool } from '../base/db.ts';
import { YiwangError, invariant } from '../base/errors.ts';
import type { Keys } from '../base/keys.ts';
import type { Connector, Row, Stream } from './contract.ts';
import { add, countsOf } from './counts.ts';
import { versionName } from './fold.ts';
import { judge, type Judged, type Origin, type QuarantineReason } from './judge.ts';
import { applyPage } from './page.ts';
import { withStream } from './pull.ts';
import { connectorOf, streamOf } from './registry.ts';

/** Where a version ended, as its stream counts it. REREAD: nothing of it was kept, so its stream has to be read from the beginning; QUARANTINED: still refused. */
export type ReleaseOutcome = 'PUBLISHED' | 'UNCHANGED' | 'SUPERSEDED' | 'DROPPED' | 'TOMBSTONE' | 'QUARANTINED' | 'REREAD';

interface QuarantineRow {
  id: number;
  department: string;
  stream: string;
  key_hmac: string | null;
  reason: QuarantineReason;
  position: string;
  content_hmac: string;
  content: Row | null;
  origin: Origin;
  run_id: string | null;
}

/**
 * Judges one quarantined version again and applies it in its place among the versions of its key. It is released exactly
 * once: the row is locked, and what was counted as quarantined is counted where it now ends.
 */
async function releaseOne(pool: Pool, keys: Keys, id: number, releasedBy: string, now: Date): Promise<ReleaseOutcome> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const { rows } = await client.query<QuarantineRow>(
      'SELECT id, department, stream, key_hmac, reason, position, content_hmac, content, origin, run_id FROM hub.quarantine WHERE id = $1 AND released_at IS NULL FOR UPDATE',
      [id],
    );
    const row = rows[0];
    if (!row) throw new YiwangError('NOT_FOUND', { hint: `there is no open quarantine entry ${id}` });
    const connector = await connectorOf(row.department);
    const stream = streamOf(connector, row.stream);
    const outcome = row.content === null ? await unsee(client, row, releasedBy) : await judgeAgain(client, keys, connector, stream, row, now);
    if (outcome !== 'QUARANTINED') await client.query('UPDATE hub.quarantine SET released_at = now(), released_by = $2, outcome = $3, content = NULL, sample = NULL WHERE id = $1', [id, releasedBy, outcome]);
    await client.query('COMMIT');
    client.release();
    return outcome;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined); // gone with its connection
    client.release(error instanceof YiwangError ? undefined : (error as Error));
    throw error;
  }
}

type Querying = Parameters<typeof applyPage>[0];

async function judgeAgain(client: Querying, keys: Keys, connector: Connector, stream: Stream, row: QuarantineRow, now: Date): Promise<ReleaseOutcome> {
  const { event, delivery } = row.origin;
  const judged: Judged = judge(connector.department, stream, { row: row.content, position: row.position, contentHmac: row.content_hmac, ...(event ? { event } : {}), ...(delivery ? { delivery } : {}) }, keys);
  if (judged.kind === 'QUARANTINED') return 'QUARANTINED';
  const { rows } = await client.query<{ epoch: number }>('SELECT epoch FROM hub.stream WHERE department = $1 AND stream = $2 FOR UPDATE', [row.department, row.stream]);
  invariant(rows[0], 'a quarantined version has a stream');
  const { counts } = await applyPage(client, { connector, stream, keys, runId: row.run_id, epoch: rows[0].epoch, now }, [{ ...judged, releasedFrom: row.reason }], {});
  if (counts.superseded > 0) return 'SUPERSEDED';
  if (judged.kind !== 'LIVE') return judged.kind;
  return counts.unchanged > 0 ? 'UNCHANGED' : 'PUBLISHED';
}

export type Outcomes = Record<ReleaseOutcome, number>;

export function noOutcomes(): Outcomes {
  return { PUBLISHED: 0, UNCHANGED: 0, SUPERSEDED: 0, DROPPED: 0, TOMBSTONE: 0, QUARANTINED: 0, REREAD: 0 };
}

/**
 * Releases open entries of one stream in the order they came, under the lock that its runs take: each exactly once,
 * whoever else releases at this moment. `STREAM_BUSY` while a run is under way.
 */
export async function releaseStream(pool: Pool, keys: Keys, choice: ReleaseChoice, releasedBy: string, now: Date): Promise<Outcomes> {
  const { department, stream } = choice;
  const connector = await connectorOf(department);
  return withStream(pool, connector, streamOf(connector, stream), async () => {
    const outcomes = noOutcomes();
    for (let after = 0; ; ) {
      const { rows } = await pool.query<{ id: number }>(
        `SELECT id FROM hub.quarantine WHERE released_at IS NULL AND department = $1 AND stream = $2 AND id > $3 AND id <= coalesce($4, id)
         AND ($5::bigint[] IS NULL OR id = ANY($5)) AND ($6::text IS NULL OR reason = $6) ORDER BY id LIMIT $7`,
        [department, stream, after, choice.upTo ?? null, choice.ids ?? null, choice.reason ?? null, entriesMax],
      );
      for (const { id } of rows) outcomes[await releaseOne(pool, keys, id, releasedBy, now)] += 1;
      if (rows.length < entriesMax) return outcomes;
      after = rows.at(-1)!.id;
    }
  });
}

export interface ReleaseChoice {
  department: string;
  stream: string;
  ids?: readonly number[] | undefined;
  reason?: string | undefined;
  /** What is quarantined after the request is not part of it. */
  upTo?: number | undefined;
}

const entriesMax = 1000;

/** Nothing of it was kept: it is forgotten as a version, so that the full read that is asked for with it counts it as new. */
async function unsee(client: Querying, row: QuarantineRow, releasedBy: string): Promise<ReleaseOutcome> {
  if (row.key_hmac === null) return 'QUARANTINED';
  const { rows } = await client.query<{ totals: unknown }>('SELECT totals FROM hub.stream WHERE department = $1 AND stream = $2 FOR UPDATE', [row.department, row.stream]);
  const totals = countsOf(rows[0]?.totals);
  totals.offered -= 1;
  add(totals.quarantined, row.reason, -1);
  for (const [field, n] of Object.entries(row.origin.droppedFields ?? {})) add(totals.droppedFields, field, -n);
  await client.query('UPDATE hub.stream SET totals = $3 WHERE department = $1 AND stream = $2', [row.department, row.stream, JSON.stringify(totals)]);
  await client.query('DELETE FROM hub.version_seen WHERE version_hash = $1', [versionName({ keyHmac: row.key_hmac, contentHmac: row.content_hmac })]);
  // The same version may be refused again, at the same position.
  await client.query("UPDATE hub.quarantine SET position = position || ' (released ' || id || ')' WHERE id = $1", [row.id]);
  await requestReread(client, row, releasedBy);
  return 'REREAD';
}

/** Unless one is due that will read everything: none is under way, since the stream's lock is held. Also where the stream is paused: it then waits with the others. */
async function requestReread(client: Querying, { department, stream }: QuarantineRow, releasedBy: string): Promise<void> {
  await client.query(
    `INSERT INTO hub.sync_run (id, department, stream, mode, status, requested_by, parameters) SELECT $1, $2, $3, 'FULL', 'DUE', $4, '{"full": true}'
     WHERE NOT EXISTS (SELECT 1 FROM hub.sync_run WHERE department = $2 AND stream = $3 AND mode = 'FULL' AND status = 'DUE' AND NOT parameters ?| ARRAY['since', 'until'])`,
    [randomUUID(), department, stream, releasedBy],
  );
}
