import { randomUUID } from 'node:crypto';
import type { Pool } from '../base/db.ts';
import { YiwangError } from '../base/errors.ts';
import type { Keys } from '../base/keys.ts';
import { releaseOne, type ReleaseOutcome } from '../connectors/release.ts';

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

const entriesMax = 1000;

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
  return { ...entry, createdAt: created_at.toISOString(), sample: content === null ? null : Object.fromEntries(Object.entries(content).map(([field, value]) => [field, masked(value)])) };
}

/** Releases entries in the order they came. Where nothing was kept, a full read of the stream is asked for. */
export async function releaseQuarantine(pool: Pool, keys: Keys, wanted: { ids?: readonly number[] } & QuarantineFilter, releasedBy: string, now: Date): Promise<Record<ReleaseOutcome, number>> {
  const { rows } = await pool.query<{ id: number; department: string; stream: string }>(
    `SELECT id, department, stream FROM hub.quarantine WHERE released_at IS NULL AND ($1::bigint[] IS NULL OR id = ANY($1))
     AND ($2::text IS NULL OR department = $2) AND ($3::text IS NULL OR stream = $3) AND ($4::text IS NULL OR reason = $4) ORDER BY id LIMIT $5`,
    [wanted.ids ?? null, wanted.department ?? null, wanted.stream ?? null, wanted.reason ?? null, entriesMax],
  );
  if (wanted.ids && rows.length < wanted.ids.length) throw new YiwangError('NOT_FOUND', { hint: 'one of these quarantine entries is not open' });
  const outcomes: Record<ReleaseOutcome, number> = { PUBLISHED: 0, DROPPED: 0, TOMBSTONE: 0, QUARANTINED: 0, REREAD: 0 };
  const reread = new Map<string, { department: string; stream: string }>();
  for (const { id, department, stream } of rows) {
    const outcome = await releaseOne(pool, keys, id, releasedBy, now);
    outcomes[outcome] += 1;
    if (outcome === 'REREAD') reread.set(`${department}/${stream}`, { department, stream });
  }
  for (const { department, stream } of reread.values()) {
    await pool.query("INSERT INTO hub.sync_run (id, department, stream, mode, status, requested_by) VALUES ($1, $2, $3, 'FULL', 'DUE', $4)", [randomUUID(), department, stream, releasedBy]);
  }
  return outcomes;
}

/** The form of a value: digits, letters and characters are replaced by their kind; long ones are cut. */
function masked(value: unknown): string {
  if (value === null || value === undefined || value === '') return '(empty)';
  if (Array.isArray(value)) return `(list of ${value.length})`;
  if (typeof value === 'object') return '(object)';
  const text = String(value);
  const form = text.slice(0, shownMax).replace(/\p{Nd}/gu, '9').replace(/\p{Script=Han}/gu, '汉').replace(/\p{L}/gu, (letter) => (letter === '汉' ? letter : 'a'));
  return text.length > shownMax ? `${form}… (${text.length} characters)` : form;
}

const shownMax = 40;
