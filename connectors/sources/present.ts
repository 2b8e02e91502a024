import type { Pool } from '../../base/db.ts';

/**
 * How late it is at a source. A record dated later (a wrong clock, a slip of the pen) is published like any other, but
 * the watermark never follows it: increments would be blind until that day. A lower watermark only reads more, and what
 * was counted is not counted again.
 */
export interface Present {
  /** UTC, `2026-03-02T01:30:00.000Z`. */
  instant: string;
}

/**
 * `sourceMs` is the source's own clock where it tells it; the hub's stands in where it does not. The business clock of a
 * demo runs at the time of its data set, which its source's machine does not know.
 */
export async function presentOf(pool: Pick<Pool, 'query'>, sourceMs: number | undefined): Promise<Present> {
  const { rows } = await pool.query<{ ms: number; demo_ms: number | null }>(
    "SELECT extract(epoch FROM now())::float8 * 1000 AS ms, extract(epoch FROM CASE WHEN EXISTS (SELECT 1 FROM hub.setting WHERE name = 'as_of') THEN hub.business_now() END)::float8 * 1000 AS demo_ms",
  );
  const { ms, demo_ms } = rows[0]!;
  const told = sourceMs === undefined || Number.isNaN(sourceMs) ? ms : sourceMs;
  return { instant: new Date(Math.max(told, demo_ms ?? told)).toISOString() };
}

/** Where a read begins: a stored time that lies far ahead was taken from such a record, and nothing is known of what came since. */
export function trusted(stored: string | undefined, present: Present): string | undefined {
  if (stored === undefined || Date.parse(stored) <= Date.parse(present.instant)) return stored;
  return Date.parse(stored) - Date.parse(present.instant) > clockStepMs ? undefined : present.instant;
}

/** A source's clock may be set back by so much; whoever was read until then goes on from the present. */
const clockStepMs = 24 * 3_600_000;
