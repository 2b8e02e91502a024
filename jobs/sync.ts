import { setTimeout as pause } from 'node:timers/promises';
import type { Pool } from '../base/db.ts';
import { YiwangError } from '../base/errors.ts';
import { namedStreams } from '../connectors/registry.ts';
import { registerStreams, waitsForResume } from './streams.ts';

export interface SyncRequest {
  /** All departments that have a connector, unless named. Of streams that are not named, paused ones are left out. */
  departments?: readonly string[];
  /** One stream of the department that is named. */
  stream?: string | undefined;
  /** From the beginning instead of from the watermark. */
  full?: boolean;
  /** Back-fill of this part of the past (RFC 3339, `until` not in it): the watermark stays where it is. */
  since?: string | undefined;
  until?: string | undefined;
  /** Reads, judges and counts, and writes nothing. */
  dryRun?: boolean;
  requestedBy: string;
}

export interface FinishedRun {
  id: string;
  department: string;
  stream: string;
  mode: string;
  status: string;
  counts: Record<string, unknown>;
  errorCode: string | null;
  message: string | null;
}

/** Asks for one run per stream. Returns their ids; workers find them in the table. */
export async function requestSync(pool: Pool, request: SyncRequest): Promise<string[]> {
  const named = await namedStreams(request);
  await registerStreams(pool);
  const ids: string[] = [];
  for (const { department, stream } of named) {
    const id = await requestRun(pool, request, department, stream);
    if (id !== null) ids.push(id);
  }
  if (ids.length === 0) throw new YiwangError('USAGE', { hint: 'every stream of this choice is paused; `yiwang resume` first' });
  return ids;
}

/** Null for a stream that is paused and was not named itself. */
async function requestRun(pool: Pool, request: SyncRequest, department: string, stream: string): Promise<string | null> {
  const { mode, parameters } = runOf(request);
  const { rows } = await pool.query<{ run: string | null; refused: 'UNKNOWN' | 'PAUSED' | null }>('SELECT run, refused FROM hub.request_run($1, $2, $3, $4, $5)', [department, stream, mode, JSON.stringify(parameters), request.requestedBy]);
  const { run, refused } = rows[0]!;
  if (refused === 'PAUSED' && request.stream !== undefined) throw new YiwangError('USAGE', { hint: `\`${department}/${stream}\` is paused; \`yiwang resume ${department} ${stream}\` first` });
  return run;
}

function runOf({ full, since, until, dryRun }: SyncRequest): { mode: string; parameters: object } {
  const mode = dryRun ? 'DRY_RUN' : full ? 'FULL' : 'INCREMENT'; // a back-fill is an increment of its period
  return { mode, parameters: { full: full ?? false, ...(since === undefined ? {} : { since }), ...(until === undefined ? {} : { until }) } };
}

/** An operator has seen how much a held snapshot would delete: the same stream runs again and may. Returns the new run. */
export async function approveHeldRun(pool: Pool, runId: string, approvedBy: string): Promise<string> {
  const { rows } = await pool.query<{ run: string | null }>('SELECT hub.approve_held_run($1, $2) AS run', [runId, approvedBy]);
  const run = rows[0]?.run;
  if (!run) throw new YiwangError('NOT_FOUND', { hint: 'there is no held run of that id' });
  return run;
}

export interface WaitOptions {
  timeoutMs?: number;
  signal?: AbortSignal;
  onProgress?: (progress: { runsLeft: number; settling: boolean }) => void;
}

const pollMs = 100;
const timeoutMsDefault = 15 * 60_000;

/**
 * Whether events wait to be applied; those of a paused stream wait for it. By the index, whose entries remember that their
 * rows are gone: what was applied a moment ago stands in the table until it is cleaned.
 */
export const eventsWait = `EXISTS (SELECT 1 FROM hub.stream s CROSS JOIN LATERAL (SELECT w.id FROM hub.waiting_event w WHERE w.department = s.department AND w.stream = s.stream ORDER BY w.id LIMIT 1) w WHERE NOT s.paused)`;

/** Ends when the runs are over, every record they touched is linked and clustered, and statistics are counted anew. */
export async function waitForSync(pool: Pool, ids: readonly string[], options: WaitOptions = {}): Promise<FinishedRun[]> {
  const deadline = Date.now() + (options.timeoutMs ?? timeoutMsDefault);
  let counted = false;
  while (Date.now() < deadline) {
    options.signal?.throwIfAborted();
    const { rows } = await pool.query<{ left: number; arriving: boolean; settling: boolean }>(
      `SELECT (SELECT count(*) FROM hub.sync_run r WHERE id = ANY($1::uuid[]) AND (status = 'RUNNING' OR status = 'DUE' AND NOT ${waitsForResume})) AS left,
         EXISTS (SELECT 1 FROM hub.outbox WHERE done_at IS NULL) AS settling, ${eventsWait} AS arriving`,
      [ids],
    );
    const { left, arriving, settling } = rows[0]!;
    options.onProgress?.({ runsLeft: left, settling: settling || arriving });
    if (left === 0 && !arriving) {
      const isAsked = !counted && (await askSnapshot(pool, ids)); // it waits for what is still to be settled
      counted = true;
      if (!isAsked && !settling) return finishedRuns(pool, ids);
    }
    await pause(pollMs);
  }
  throw new YiwangError('SOURCE_UNAVAILABLE', { hint: 'the sync did not end in time; `yiwang status` shows what is still under way' });
}

/** A dry run changes nothing that is counted, and neither do runs that failed. */
async function askSnapshot(pool: Pool, ids: readonly string[]): Promise<boolean> {
  const { rowCount } = await pool.query(
    `INSERT INTO hub.outbox (kind, payload) SELECT 'SNAPSHOT', '{}' WHERE EXISTS (SELECT 1 FROM hub.sync_run WHERE id = ANY($1::uuid[]) AND mode <> 'DRY_RUN' AND status = 'SUCCEEDED')`,
    [ids],
  );
  return rowCount === 1;
}

async function finishedRuns(pool: Pool, ids: readonly string[]): Promise<FinishedRun[]> {
  const { rows } = await pool.query<FinishedRun>(
    'SELECT id, department, stream, mode, status, counts, error_code AS "errorCode", message FROM hub.sync_run WHERE id = ANY($1::uuid[]) ORDER BY department, stream',
    [ids],
  );
  return rows;
}
