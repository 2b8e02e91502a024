import { randomUUID } from 'node:crypto';
import { Cron } from 'croner';
import type { Config } from '../base/config.ts';
import type { Pool } from '../base/db.ts';
import type { Connector } from '../connectors/contract.ts';
import { limits } from '../connectors/limits.ts';
import { connectors } from '../connectors/registry.ts';
import { eventsPerPage } from '../connectors/sources/events.ts';
import type { Queues } from './queues.ts';
import { retainSchedule } from './retain.ts';
import { waitsForResume } from './streams.ts';
import type { Timing } from './timing.ts';

/** Linking waits for runs that are under way and for a pause in what is pushed, but no longer than this. */
const settleWaitSeconds = 60;
/** Where so large a part of the hub is touched, as in a first sync, it would be linked and clustered whole, and soon again: that waits longer. */
const bulkShare = 1 / 5;
const bulkRecordsMin = 200;
const bulkSettleWaitSeconds = 600;
/** Events of a push in full flow are gathered up to a page, so that the versions of one ticket are written once; none waits longer than this. */
const gatherSeconds = 3;

/** Rings for everything that is due, as PostgreSQL tells it. What the queue lost is rung again. Returns whether anything is due, under way or unsettled. */
export async function dispatch(pool: Pool, queues: Queues, { pushQuietMs, settleQuietMs }: Pick<Timing, 'pushQuietMs' | 'settleQuietMs'>): Promise<boolean> {
  const pushesWait = await duePushes(pool, pushQuietMs);
  const { rows } = await pool.query<{ id: string; attempt: number }>(`SELECT id, attempt FROM hub.sync_run r WHERE status = 'DUE' AND due_at <= now() AND NOT ${waitsForResume} ORDER BY requested_at LIMIT 200`);
  for (const { id, attempt } of rows) await queues.ring('sync', id, attempt);
  const { rows: unsettled } = await pool.query<{ isDue: boolean; isBusy: boolean }>(
    `SELECT count(*) > 0 OR EXISTS (SELECT 1 FROM hub.sync_run WHERE status = 'RUNNING') AS "isBusy", coalesce(bool_or(
       o.created_at < now() - make_interval(secs => $3)
       OR o.created_at < now() - make_interval(secs => $1) AND (SELECT count(*) FROM hub.touched) <= (SELECT greatest($4 * reltuples, $5) FROM pg_class WHERE oid = 'hub.record'::regclass)
       OR NOT EXISTS (SELECT 1 FROM hub.outbox n WHERE n.kind = 'TOUCHED' AND n.done_at IS NULL AND n.payload ? 'pushed' AND n.created_at > now() - make_interval(secs => $2 / 1000.0)) AND NOT EXISTS (SELECT 1 FROM hub.sync_run r WHERE r.status = 'RUNNING' OR (r.status = 'DUE' AND r.due_at <= now() AND NOT ${waitsForResume})) AND NOT $6), false) AS "isDue"
     FROM hub.outbox o WHERE o.kind IN ('TOUCHED', 'SNAPSHOT') AND o.done_at IS NULL`,
    [settleWaitSeconds, settleQuietMs, bulkSettleWaitSeconds, bulkShare, bulkRecordsMin, pushesWait],
  );
  const { isDue, isBusy } = unsettled[0]!;
  if (isDue) await queues.ring('settle', 'all');
  return isBusy || pushesWait || rows.length > 0;
}

/**
 * Acknowledged events that wait get a run, one per stream, when no more of them come, they fill a page or the first has
 * waited long enough. A run that takes them itself is waited for where it is due, and not where it waits for a source that
 * does not answer. Returns whether any wait, of streams that are not paused.
 */
async function duePushes(pool: Pool, quietMs: number): Promise<boolean> {
  let wait = false;
  for (const connector of (await connectors()).values()) {
    if (connector.source.kind !== 'events') continue;
    for (const { name } of connector.streams) {
      const due = await isPushDue(pool, connector.department, name, quietMs);
      if (due !== null) wait = true;
      if (due) {
        await pool.query(
          `INSERT INTO hub.sync_run (id, department, stream, mode, status, requested_by)
           SELECT $1, $2, $3, 'PUSH', 'DUE', 'push' WHERE NOT EXISTS (SELECT 1 FROM hub.sync_run WHERE department = $2 AND stream = $3 AND (status = 'RUNNING' OR status = 'DUE' AND (mode = 'PUSH' OR mode IN ('INCREMENT', 'FULL') AND due_at <= now())))`,
          [randomUUID(), connector.department, name],
        );
      }
    }
  }
  return wait;
}

/** Null where nothing waits, or waits for its stream to be resumed. */
async function isPushDue(pool: Pool, department: string, stream: string, quietMs: number): Promise<boolean | null> {
  const lookedAt = looksOf(pool);
  const before = lookedAt.get(`${department}/${stream}`);
  const known = before !== undefined && performance.now() < before.untilMs ? before : undefined;
  const { rows } = await pool.query<{ oldest: number; newest: number; due: boolean; paused: boolean }>(
    `SELECT oldest.id AS oldest, newest.id AS newest, oldest.received_at < now() - make_interval(secs => $3) OR newest.received_at < now() - make_interval(secs => $4 / 1000.0)
         OR (SELECT sum(events) FROM (SELECT events FROM hub.waiting_event WHERE department = $1 AND stream = $2 AND id >= oldest.id ORDER BY id LIMIT $6) w) >= $6 AS due,
       EXISTS (SELECT 1 FROM hub.stream WHERE department = $1 AND stream = $2 AND paused) AS paused
     FROM (SELECT id, received_at FROM hub.waiting_event WHERE department = $1 AND stream = $2 AND id >= $5 ORDER BY id LIMIT 1) oldest
     CROSS JOIN LATERAL (SELECT id, received_at FROM hub.waiting_event WHERE department = $1 AND stream = $2 AND id >= oldest.id ORDER BY id DESC LIMIT 1) newest`,
    [department, stream, gatherSeconds, quietMs, known?.from ?? 0, eventsPerPage(limits)],
  );
  const row = rows[0];
  lookedAt.set(`${department}/${stream}`, { from: row?.oldest ?? before?.newest ?? 0, newest: row?.newest ?? before?.newest ?? 0, untilMs: known?.untilMs ?? performance.now() + lookAgainMs });
  return row === undefined || row.paused ? null : row.due;
}

interface Look {
  /** The oldest event that waited; where none did, the newest that ever did. */
  from: number;
  newest: number;
  untilMs: number;
}

/**
 * After a bulk of events the index still holds those that were applied, until it is cleaned, and finding those that wait
 * reads past them all. Events are applied in the order of their numbers, so that the next look begins where the last one
 * found the first; at the beginning again only after a while, for one that was committed late.
 */
const lookAgainMs = 5_000;
const looks = new WeakMap<Pool, Map<string, Look>>();

function looksOf(pool: Pool): Map<string, Look> {
  const known = looks.get(pool) ?? new Map<string, Look>();
  looks.set(pool, known);
  return known;
}

/** Runs whose worker is gone are due again: their stream's lock is free, and the epoch fences off a worker that only slept. */
export async function reviveAbandoned(pool: Pool, abandonedAfterSeconds: number): Promise<void> {
  await pool.query(
    `WITH abandoned AS (
       SELECT id, pg_try_advisory_xact_lock(hashtext('yiwang stream'), hashtext(department || '/' || stream)) AS free
       FROM hub.sync_run WHERE status = 'RUNNING' AND coalesce(claimed_at, started_at) < now() - make_interval(secs => $1))
     UPDATE hub.sync_run r SET status = 'DUE', due_at = now() FROM abandoned a WHERE r.id = a.id AND a.free AND r.status = 'RUNNING'`,
    [abandonedAfterSeconds],
  );
}

/** Creates the runs whose schedule has come, and plans the next time. Schedules survive any loss of the queue. */
export async function runSchedules(pool: Pool, config: Config): Promise<void> {
  const { rows } = await pool.query<{ now: Date }>('SELECT now()'); // of many workers one may have a clock that is wrong
  const { now } = rows[0]!;
  for (const connector of (await connectors()).values()) {
    if (config.sources[connector.department]) {
      await runSchedule(pool, connector, 'SYNC', connector.schedule, now);
      await runSchedule(pool, connector, 'RECONCILE', connector.reconcile, now);
    }
    await runSchedule(pool, connector, 'RETAIN', retainSchedule, now); // what is stored goes in time, its source connected or not
  }
}

/** One statement: whoever dies in it has taken nothing, and the next who looks makes the runs. */
async function runSchedule(pool: Pool, { department, streams }: Connector, kind: 'SYNC' | 'RECONCILE' | 'RETAIN', { cron, tz }: Connector['schedule'], now: Date): Promise<void> {
  const next = new Cron(cron, { timezone: tz }).nextRun(now);
  if (!next) return;
  // Nothing is due later than next: where the clock was set back, or the schedule was changed, it is planned anew.
  await pool.query(
    `INSERT INTO hub.schedule AS s (department, kind, cron, tz, next_at) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (department, kind) DO UPDATE SET cron = excluded.cron, tz = excluded.tz, next_at = excluded.next_at WHERE s.next_at > excluded.next_at`,
    [department, kind, cron, tz, next],
  );
  await pool.query(
    `WITH due AS (UPDATE hub.schedule SET cron = $3, tz = $4, next_at = $5 WHERE department = $1 AND kind = $2 AND next_at <= now() RETURNING 1)
     INSERT INTO hub.sync_run (id, department, stream, mode, status, requested_by)
     SELECT gen_random_uuid(), $1, s.name, $7, 'DUE', 'schedule' FROM due, unnest($6::text[]) AS s(name)
     WHERE NOT EXISTS (SELECT 1 FROM hub.stream WHERE department = $1 AND stream = s.name AND paused) ${mayBegin[kind]}`,
    [department, kind, cron, tz, next, streams.map(({ name }) => name), kind === 'SYNC' ? 'INCREMENT' : kind],
  );
}

/** Last night's run is not still waiting for its stream. */
const notWaiting = "AND NOT EXISTS (SELECT 1 FROM hub.sync_run WHERE department = $1 AND stream = s.name AND mode = $7 AND requested_by = 'schedule' AND status IN ('DUE', 'RUNNING'))";
const mayBegin = { SYNC: '', RECONCILE: notWaiting, RETAIN: `AND EXISTS (SELECT 1 FROM hub.record WHERE department = $1 AND stream = s.name) ${notWaiting}` };
