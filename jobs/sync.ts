import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Pool } from '../base/db.ts';
import { YiwangError } from '../base/errors.ts';
import { connectors } from '../connectors/registry.ts';

export interface SyncRequest {
  /** All departments that have a connector, unless named. */
  departments?: readonly string[];
  /** From the beginning instead of from the watermark. */
  full?: boolean;
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
  const known = await connectors();
  const wanted = request.departments?.length ? request.departments : [...known.keys()];
  const ids: string[] = [];
  for (const department of wanted) {
    const connector = known.get(department);
    if (!connector) throw new YiwangError('USAGE', { hint: `there is no department \`${department.slice(0, 40)}\`; known are ${[...known.keys()].join(', ')}` });
    for (const stream of connector.streams) {
      const id = randomUUID();
      const mode = request.dryRun ? 'DRY_RUN' : request.full ? 'FULL' : 'INCREMENT';
      await pool.query("INSERT INTO hub.sync_run (id, department, stream, mode, status, requested_by, parameters) VALUES ($1, $2, $3, $4, 'DUE', $5, $6)", [
        id, department, stream.name, mode, request.requestedBy, JSON.stringify({ full: request.full ?? false }),
      ]);
      ids.push(id);
    }
  }
  return ids;
}

/** An operator has seen how much a held snapshot would delete: the same stream runs again and may. Returns the new run. */
export async function approveHeldRun(pool: Pool, runId: string, approvedBy: string): Promise<string> {
  const id = randomUUID();
  const { rowCount } = await pool.query(
    `WITH held AS (UPDATE hub.sync_run SET status = 'FAILED', message = message || ' (approved)' WHERE id = $2 AND status = 'HELD' RETURNING department, stream, mode)
     INSERT INTO hub.sync_run (id, department, stream, mode, status, requested_by, parameters) SELECT $1, department, stream, mode, 'DUE', $3, '{"approveDeletes": true}' FROM held`,
    [id, runId, approvedBy],
  );
  if (!rowCount) throw new YiwangError('NOT_FOUND', { hint: 'there is no held run of that id' });
  return id;
}

export interface WaitOptions {
  timeoutMs?: number;
  signal?: AbortSignal;
  onProgress?: (progress: { runsLeft: number; settling: boolean }) => void;
}

const pollMs = 200;
const timeoutMsDefault = 15 * 60_000;

/** Ends when the runs are over and every record they touched is linked and clustered. */
export async function waitForSync(pool: Pool, ids: readonly string[], options: WaitOptions = {}): Promise<FinishedRun[]> {
  const deadline = Date.now() + (options.timeoutMs ?? timeoutMsDefault);
  while (Date.now() < deadline) {
    options.signal?.throwIfAborted();
    const { rows } = await pool.query<{ left: number; settling: boolean }>(
      `SELECT (SELECT count(*) FROM hub.sync_run WHERE id = ANY($1::uuid[]) AND status IN ('DUE', 'RUNNING')) AS left,
         EXISTS (SELECT 1 FROM hub.outbox WHERE done_at IS NULL) OR EXISTS (SELECT 1 FROM hub.received_event WHERE applied_at IS NULL) AS settling`,
      [ids],
    );
    const { left, settling } = rows[0]!;
    options.onProgress?.({ runsLeft: left, settling });
    if (left === 0 && !settling) return finishedRuns(pool, ids);
    await pause(pollMs);
  }
  throw new YiwangError('SOURCE_UNAVAILABLE', { hint: 'the sync did not end in time; `yiwang status` shows what is still under way' });
}

async function finishedRuns(pool: Pool, ids: readonly string[]): Promise<FinishedRun[]> {
  const { rows } = await pool.query<FinishedRun>(
    'SELECT id, department, stream, mode, status, counts, error_code AS "errorCode", message FROM hub.sync_run WHERE id = ANY($1::uuid[]) ORDER BY department, stream',
    [ids],
  );
  return rows;
}
