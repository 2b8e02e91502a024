import type { Pool } from '../base/db.ts';
import { countsOf, type Counts } from './counts.ts';

export interface StreamCounts extends Counts {
  repaired: Record<string, number>;
  quarantinedValues: Record<string, number>;
  deleted: number;
  /** Of the deleted ones: those that went for their age. */
  expired: number;
  live: number;
}

/** All that `status` counts of one stream: totals kept page by page, and what the newest versions say of themselves. */
export async function streamCounts(pool: Pool, department: string, stream: string): Promise<StreamCounts> {
  const totals = await pool.query<{ totals: unknown }>('SELECT totals FROM hub.stream WHERE department = $1 AND stream = $2', [department, stream]);
  const states = await pool.query<{ state: string; n: number; expired: number }>('SELECT state, count(*) AS n, count(*) FILTER (WHERE expired) AS expired FROM hub.record_head WHERE department = $1 AND stream = $2 GROUP BY state', [department, stream]);
  const values = await pool.query<{ what: string; kind: string; n: number }>(
    `SELECT 'repaired' AS what, r.key AS kind, sum(r.value::bigint)::bigint AS n FROM hub.record_head h, jsonb_each_text(h.repaired) r WHERE h.department = $1 AND h.stream = $2 AND h.state = 'LIVE' AND h.repaired <> '{}' GROUP BY r.key
     UNION ALL SELECT 'quarantinedValues', q.key, sum(q.value::bigint)::bigint FROM hub.record_head h, jsonb_each_text(h.quarantined_values) q WHERE h.department = $1 AND h.stream = $2 AND h.state = 'LIVE' AND h.quarantined_values <> '{}' GROUP BY q.key
     ORDER BY 1, 2`,
    [department, stream],
  );
  const of = (what: string) => Object.fromEntries(values.rows.filter((row) => row.what === what).map((row) => [row.kind, row.n]));
  const inState = (state: string) => states.rows.find((row) => row.state === state)?.n ?? 0;
  const expired = states.rows.find((row) => row.state === 'TOMBSTONE')?.expired ?? 0;
  return { ...countsOf(totals.rows[0]?.totals), repaired: of('repaired'), quarantinedValues: of('quarantinedValues'), deleted: inState('TOMBSTONE'), expired, live: inState('LIVE') };
}
