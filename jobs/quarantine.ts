import type { Pool } from '../base/db.ts';
import { YiwangError } from '../base/errors.ts';
import type { Keys } from '../base/keys.ts';
import { formOf } from '../connectors/form.ts';
import { noOutcomes, releaseStream, type Outcomes, type ReleaseOutcome } from '../connectors/release.ts';

export interface QuarantineGroup {
  department: string;
  stream: string;
  reason: string;
  field: string | null;
  count: number;
  /** Of the oldest entry: to be shown or released. */
  firstId: number;
}

export interface QuarantineEntry {
  id: number;
  department: string;
  stream: string;
  reason: string;
  field: string | null;
  position: string;
  createdAt: string;
  /** Field → what kind of value stands there, never the value. Null where nothing was kept. */
  sample: Record<string, string> | null;
}

export interface QuarantineFilter {
  department?: string;
  stream?: string;
  reason?: string;
}

/** Open entries by stream, reason and field. */
export async function listQuarantine(pool: Pool, filter: QuarantineFilter = {}): Promise<QuarantineGroup[]> {
  const { rows } = await pool.query<QuarantineGroup>(
    `SELECT department, stream, reason, field, count(*) AS count, min(id) AS "firstId" FROM hub.quarantine
     WHERE released_at IS NULL AND ($1::text IS NULL OR department = $1) AND ($2::text IS NULL OR stream = $2) AND ($3::text IS NULL OR reason = $3)
     GROUP BY department, stream, reason, field ORDER BY department, stream, reason, field`,
    [filter.department ?? null, filter.stream ?? null, filter.reason ?? null],
  );
  return rows;
}

/** One entry with its masked sample. */
export async function showQuarantine(pool: Pool, id: number): Promise<QuarantineEntry> {
  const { rows } = await pool.query<{ id: number; department: string; stream: string; reason: string; field: string | null; position: string; created_at: Date; content: Record<string, unknown> | null }>(
    'SELECT id, department, stream, reason, field, position, created_at, content FROM hub.quarantine WHERE id = $1 AND released_at IS NULL',
    [id],
  );
  const row = rows[0];
  if (!row) throw new YiwangError('NOT_FOUND', { hint: `there is no open quarantine entry ${id}` });
  const { created_at, content, ...entry } = row;
  return { ...entry, createdAt: created_at.toISOString(), sample: content === null ? null : formOf(content) };
}

/** Releases entries in the order they came, stream by stream. Where nothing was kept, a full read of the stream is asked for. */
export async function releaseQuarantine(pool: Pool, keys: Keys, wanted: { ids?: readonly number[] } & QuarantineFilter, releasedBy: string, now: Date): Promise<Outcomes> {
  const { rows } = await pool.query<{ department: string; stream: string; n: number }>(
    `SELECT department, stream, count(*) AS n FROM hub.quarantine WHERE released_at IS NULL AND ($1::bigint[] IS NULL OR id = ANY($1))
     AND ($2::text IS NULL OR department = $2) AND ($3::text IS NULL OR stream = $3) AND ($4::text IS NULL OR reason = $4) GROUP BY department, stream ORDER BY department, stream`,
    [wanted.ids ?? null, wanted.department ?? null, wanted.stream ?? null, wanted.reason ?? null],
  );
  if (wanted.ids && rows.reduce((sum, row) => sum + row.n, 0) < new Set(wanted.ids).size) throw new YiwangError('NOT_FOUND', { hint: 'one of these quarantine entries is not open' });
  const sum = noOutcomes();
  for (const { department, stream } of rows) {
    const outcomes = await releaseStream(pool, keys, { department, stream, ids: wanted.ids, reason: wanted.reason }, releasedBy, now);
    for (const [outcome, n] of Object.entries(outcomes)) sum[outcome as ReleaseOutcome] += n;
  }
  return sum;
}
