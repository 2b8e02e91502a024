import type { Pool } from '../base/db.ts';
import { connectors } from '../connectors/registry.ts';
import type { Reconciliation } from '../connectors/reconcile.ts';
import { streamCounts, type StreamCounts } from '../connectors/totals.ts';
import type { QueueDepth } from './queues.ts';
import { waitsForResume } from './streams.ts';
import { eventsWait } from './sync.ts';
import { isOpenSql } from '../connectors/sources/deliveries.ts';

export interface HubStatus {
  ready: boolean;
  streams: StreamStatus[];
  persons: number;
  matters: number;
  reviewQueue: number;
  queues: Record<string, QueueDepth>;
  /** Deliveries of files that were refused, wait, or hold another number of rows than they say; newest folders first. */
  deliveries: OpenDelivery[];
  log: { size: number; checkpointAt: string | null };
}

export interface OpenDelivery {
  department: string;
  folder: string;
  state: 'REFUSED' | 'WAITING' | 'ACCEPTED' | 'REPEATED';
  reason: string | null;
  /** Since when it is known to be so. */
  seenAt: string;
}

export interface StreamStatus extends StreamCounts {
  department: string;
  stream: string;
  freshThrough: string | null;
  /** Why the stream shows its last good data only; null while it is in order. */
  stale: string | null;
  paused: boolean;
  pausedAt: string | null;
  /** Runs that would delete too much and wait for `yiwang approve`. */
  held: { id: string; requestedAt: string; message: string | null }[];
  drift: Record<string, number>;
  lastRun: { id: string; status: string; startedAt: string | null; finishedAt: string | null } | null;
  /** The last comparison with the source; null before the first. */
  lastReconciliation: ({ id: string; status: string; finishedAt: string | null } & Partial<Omit<Reconciliation, 'positions'>>) | null;
}

/** What `yiwang status --json` prints (interfaces.md). `queues` comes from whoever has the queue open. */
export async function hubStatus(pool: Pool, queues: Record<string, QueueDepth> = {}): Promise<HubStatus> {
  const streams: StreamStatus[] = [];
  for (const connector of (await connectors()).values()) {
    for (const stream of connector.streams) streams.push(await streamStatus(pool, connector.department, stream.name));
  }
  const { rows } = await pool.query<{ persons: number; matters: number; review: number; size: number; checkpoint: string | null; pending: boolean }>(`
    SELECT (SELECT count(*) FROM hub.entity WHERE merged_into IS NULL) AS persons, (SELECT count(*) FROM hub.matter WHERE merged_into IS NULL) AS matters,
      (SELECT count(*) FROM hub.review) AS review, (SELECT coalesce(max(size), 0) FROM audit.batch) AS size,
      (SELECT to_char(max(at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') FROM audit.checkpoint) AS checkpoint,
      EXISTS (SELECT 1 FROM hub.outbox WHERE done_at IS NULL) OR ${eventsWait}
        OR EXISTS (SELECT 1 FROM hub.sync_run r WHERE status = 'RUNNING' OR status = 'DUE' AND NOT ${waitsForResume}) AS pending`);
  const totals = rows[0]!;
  return {
    ready: !totals.pending && streams.some((stream) => stream.lastRun !== null),
    streams,
    persons: totals.persons,
    matters: totals.matters,
    reviewQueue: totals.review,
    queues,
    deliveries: await openDeliveries(pool),
    log: { size: totals.size, checkpointAt: totals.checkpoint },
  };
}

const deliveriesMax = 200;

async function openDeliveries(pool: Pool): Promise<OpenDelivery[]> {
  const { rows } = await pool.query<Omit<OpenDelivery, 'seenAt'> & { seen_at: Date }>(
    `SELECT department, folder, state, reason, seen_at FROM hub.delivery WHERE ${isOpenSql} ORDER BY department, folder DESC LIMIT $1`,
    [deliveriesMax],
  );
  return rows.map(({ seen_at, ...row }) => ({ ...row, seenAt: seen_at.toISOString() }));
}

const heldMax = 20;

async function streamStatus(pool: Pool, department: string, stream: string): Promise<StreamStatus> {
  const counts = await streamCounts(pool, department, stream);
  const { rows } = await pool.query<{ fresh: string | null; stale_reason: string | null; paused: boolean; paused_at: Date | null; drift: Record<string, number> }>(
    'SELECT fresh_through AS fresh, stale_reason, paused, paused_at, drift FROM hub.stream WHERE department = $1 AND stream = $2',
    [department, stream],
  );
  const runs = await pool.query<{ id: string; status: string; started_at: Date | null; finished_at: Date | null }>(
    "SELECT id, status, started_at, finished_at FROM hub.sync_run WHERE department = $1 AND stream = $2 AND mode NOT IN ('DRY_RUN', 'RECONCILE', 'RETAIN') ORDER BY requested_at DESC, id DESC LIMIT 1",
    [department, stream],
  );
  const held = await pool.query<{ id: string; requested_at: Date; message: string | null }>(
    "SELECT id, requested_at, message FROM hub.sync_run WHERE department = $1 AND stream = $2 AND status = 'HELD' AND mode <> 'DRY_RUN' ORDER BY requested_at LIMIT $3",
    [department, stream, heldMax],
  );
  const run = runs.rows[0];
  return {
    department,
    stream,
    ...counts,
    freshThrough: isoOf(rows[0]?.fresh ?? null),
    stale: rows[0]?.stale_reason ?? null,
    paused: rows[0]?.paused ?? false,
    pausedAt: isoOf(rows[0]?.paused_at ?? null),
    held: held.rows.map((row) => ({ id: row.id, requestedAt: row.requested_at.toISOString(), message: row.message })),
    drift: rows[0]?.drift ?? {},
    lastRun: run ? { id: run.id, status: run.status, startedAt: isoOf(run.started_at), finishedAt: isoOf(run.finished_at) } : null,
    lastReconciliation: await lastReconciliation(pool, department, stream),
  };
}

async function lastReconciliation(pool: Pool, department: string, stream: string): Promise<StreamStatus['lastReconciliation']> {
  const { rows } = await pool.query<{ id: string; status: string; finished_at: Date | null; counts: { reconciliation?: Reconciliation } }>(
    "SELECT id, status, finished_at, counts FROM hub.sync_run WHERE department = $1 AND stream = $2 AND mode = 'RECONCILE' ORDER BY requested_at DESC, id LIMIT 1",
    [department, stream],
  );
  const run = rows[0];
  if (!run) return null;
  const { positions: _, ...found } = run.counts.reconciliation ?? {};
  return { id: run.id, status: run.status, finishedAt: isoOf(run.finished_at), ...found };
}

function isoOf(time: string | Date | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
