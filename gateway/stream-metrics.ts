import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { allDone, givenUpAfter, type Pool } from '../base/db.ts';
import { withinMs } from '../base/within.ts';
import { YiwangError } from '../base/errors.ts';
import { isOpenSql } from '../connectors/sources/deliveries.ts';

/** Jobs by state, of each queue; from whoever has the queue open. */
export type QueueDepths = () => Promise<Record<string, { waiting: number; active: number; failed: number }>>;

export interface StreamMetrics {
  /** Reads what is to be told; at most once in `readEveryMs`. Never throws and never hangs: a database that is away is a metric too. */
  refresh(): Promise<void>;
}

const readEveryMs = 5_000;
/** A scrape waits no longer for the database, nor for the queue. */
const answerMsMax = 3_000;
/** A statement may be slow where a hub is large: what it tells is then told by a later scrape. */
const statementMsMax = 30_000;
/** A run that ended is committed a little after the time it writes. */
const overlapSeconds = 60;
const runsPerReadMax = 10_000;
const of = ['department', 'stream'] as const;

/** Metrics of streams, runs and queues, read from PostgreSQL, which holds the truth of them: any gateway tells the same. */
export function streamMetrics(register: Registry, { pool, queueDepths, now }: { pool: Pool; queueDepths?: QueueDepths | undefined; now: () => Date }): StreamMetrics {
  const gauges = streamGauges(register);
  const up = new Gauge({ name: 'yiwang_database_up', help: 'whether the database answered the last scrape: 1 or 0', registers: [register] });
  const depth = new Gauge({ name: 'yiwang_queue_jobs', help: 'jobs of a queue, by state', labelNames: ['queue', 'state'], registers: [register] });
  const ended = endedRuns(register, now());
  let readAtMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;

  let asking: Promise<unknown> | undefined;
  /** One at a time, also beyond the scrape that asked: a late one would count its runs again. */
  const askDatabase = () => (asking ??= allDone([readStreams(pool, gauges), ended(pool)]).finally(() => (asking = undefined)));

  const readDatabase = async () => {
    try {
      await withinMs(answerMsMax, askDatabase(), late('DATABASE_UNAVAILABLE'));
      up.set(1);
    } catch {
      up.set(0); // told by the metric itself; readiness tells it too
    }
  };
  /** A queue that cannot be asked has no depth: neither the last one nor 0. */
  const readQueues = async () => {
    const depths = queueDepths ? await withinMs(answerMsMax, queueDepths(), late('QUEUE_UNAVAILABLE')).catch(() => undefined) : undefined;
    depth.reset();
    for (const [queue, states] of Object.entries(depths ?? {})) for (const [state, jobs] of Object.entries(states)) depth.set({ queue, state }, jobs);
  };
  const read = async () => void (await Promise.all([readDatabase(), readQueues()]));

  return {
    async refresh() {
      if (performance.now() - readAtMs < readEveryMs) return;
      reading ??= read().finally(() => {
        readAtMs = performance.now();
        reading = undefined;
      });
      await reading;
    },
  };
}

const late = (code: 'DATABASE_UNAVAILABLE' | 'QUEUE_UNAVAILABLE') => () => new YiwangError(code, { detail: 'no answer in time' });
const asked = (text: string, values?: unknown[]) => givenUpAfter(statementMsMax, text, values);

function streamGauges(register: Registry) {
  const registers = [register];
  const gauge = <L extends string>(name: string, help: string, ...labels: L[]) => new Gauge({ name, help, labelNames: [...of, ...labels], registers });
  return {
    fresh: gauge('yiwang_stream_freshness_seconds', 'age of the newest change that was read from the source'),
    stale: gauge('yiwang_stream_stale', 'whether the stream shows its last good data only: 1 or 0'),
    paused: gauge('yiwang_stream_paused', 'whether an operator paused the stream: 1 or 0'),
    unknownColumns: gauge('yiwang_stream_unknown_columns', 'columns that the declaration does not know'),
    due: gauge('yiwang_runs_pending', 'runs that are due, under way or held for an operator', 'status'),
    quarantine: gauge('yiwang_quarantine_records', 'quarantined records that nobody released, by reason', 'reason'),
    deliveries: new Gauge({ name: 'yiwang_deliveries_open', help: 'deliveries of files that somebody has to look at, by state; an accepted one holds another number of rows than it says', labelNames: ['department', 'state'], registers }),
    reconciliation: gauge('yiwang_reconciliation_records', 'records in which the last comparison with the source differed, by kind', 'kind'),
    // Counted by the database since the hub was created: set, not incremented.
    offered: new Counter({ name: 'yiwang_rows_offered_total', help: 'versions that sources offered since the hub was created', labelNames: of, registers }),
    rows: new Counter({ name: 'yiwang_rows_total', help: 'versions by where they ended since the hub was created; quarantined ones are a gauge, because a release moves them', labelNames: [...of, 'outcome'], registers }),
  };
}

type Gauges = ReturnType<typeof streamGauges>;
const outcomes = ['published', 'unchanged', 'superseded', 'tombstones'] as const;
const compared = ['missing', 'different', 'extra'] as const;

interface StreamRow {
  department: string;
  stream: string;
  age: number | null;
  stale: boolean;
  paused: boolean;
  unknown: number;
  totals: Record<string, unknown> | null;
  reconciliation: Record<string, unknown> | null;
}

async function readStreams(pool: Pool, gauges: Gauges): Promise<void> {
  const streams = await pool.query<StreamRow>(asked(`
    SELECT s.department, s.stream, extract(epoch FROM now() - s.fresh_through)::float8 AS age, s.stale_reason IS NOT NULL AS stale, s.paused, s.totals,
      (SELECT count(*) FROM jsonb_object_keys(s.drift)) AS unknown,
      (SELECT r.counts -> 'reconciliation' FROM hub.sync_run r WHERE r.department = s.department AND r.stream = s.stream AND r.mode = 'RECONCILE' AND r.finished_at IS NOT NULL ORDER BY r.finished_at DESC LIMIT 1) AS reconciliation
    FROM hub.stream s`));
  // A dry run that would have been held waits for nobody: it cannot be approved.
  const pending = await pool.query<{ department: string; stream: string; status: string; n: number }>(asked(`SELECT department, stream, status, count(*) AS n FROM hub.sync_run WHERE status IN ('DUE', 'RUNNING') OR (status = 'HELD' AND mode <> 'DRY_RUN') GROUP BY 1, 2, 3`));
  const quarantined = await pool.query<{ department: string; stream: string; reason: string; n: number }>(asked('SELECT department, stream, reason, count(*) AS n FROM hub.quarantine WHERE released_at IS NULL GROUP BY 1, 2, 3'));
  const deliveries = await pool.query<{ department: string; state: string; n: number }>(asked(`SELECT department, state, count(*) AS n FROM hub.delivery WHERE ${isOpenSql} GROUP BY 1, 2`));
  // Nothing is awaited from here on: a scrape never meets half of it.
  for (const metric of Object.values(gauges)) metric.reset();
  for (const row of streams.rows) tellStream(gauges, row);
  for (const { department, stream, status, n } of pending.rows) gauges.due.set({ department, stream, status }, n);
  for (const { department, state, n } of deliveries.rows) gauges.deliveries.set({ department, state }, n);
  for (const { department, stream, reason, n } of quarantined.rows) gauges.quarantine.set({ department, stream, reason }, n);
}

function tellStream(gauges: Gauges, { department, stream, age, stale, paused, unknown, totals, reconciliation }: StreamRow): void {
  const labels = { department, stream };
  if (age !== null) gauges.fresh.set(labels, Math.max(0, age));
  gauges.stale.set(labels, Number(stale));
  gauges.paused.set(labels, Number(paused));
  gauges.unknownColumns.set(labels, unknown);
  gauges.offered.inc(labels, Number(totals?.['offered'] ?? 0));
  for (const outcome of outcomes) gauges.rows.inc({ ...labels, outcome }, Number(totals?.[outcome] ?? 0));
  gauges.rows.inc({ ...labels, outcome: 'dropped' }, Object.values((totals?.['dropped'] ?? {}) as Record<string, number>).reduce((sum, n) => sum + n, 0));
  if (reconciliation) for (const kind of compared) gauges.reconciliation.set({ ...labels, kind }, Number(reconciliation[kind] ?? 0));
}

/** Counts each run that ended since this process started, once. */
function endedRuns(register: Registry, startedAt: Date): (pool: Pool) => Promise<void> {
  const registers = [register];
  const runs = new Counter({ name: 'yiwang_runs_total', help: 'runs that ended, by mode and status', labelNames: [...of, 'mode', 'status'], registers });
  const retries = new Counter({ name: 'yiwang_run_retries_total', help: 'attempts beyond the first, of runs that ended', labelNames: of, registers });
  const seconds = new Histogram({ name: 'yiwang_run_seconds', help: 'time from the first attempt of a run to its end', labelNames: of, buckets: [0.5, 1, 2, 5, 10, 30, 60, 120, 300, 900, 3600], registers });
  let since = startedAt;
  let known = new Set<string>();
  return async (pool) => {
    const { rows } = await pool.query<{ id: string; department: string; stream: string; mode: string; status: string; attempt: number; seconds: number; finished_at: Date }>(asked(
      `SELECT id, department, stream, mode, status, attempt, finished_at, extract(epoch FROM finished_at - coalesce(started_at, finished_at))::float8 AS seconds
       FROM hub.sync_run WHERE finished_at > $1::timestamptz - make_interval(secs => $2) AND finished_at > $3 ORDER BY finished_at LIMIT ${runsPerReadMax}`,
      [since, overlapSeconds, startedAt],
    ));
    for (const run of rows) {
      if (known.has(run.id)) continue;
      const labels = { department: run.department, stream: run.stream };
      runs.inc({ ...labels, mode: run.mode, status: run.status });
      retries.inc(labels, Math.max(0, run.attempt - 1));
      seconds.observe(labels, Math.max(0, run.seconds));
    }
    known = new Set(rows.map((run) => run.id));
    since = rows.at(-1)?.finished_at ?? since;
  };
}
