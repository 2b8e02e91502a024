import { YiwangError, errorTable } from '../base/errors.ts';
import { log, logged, safeError } from '../base/log.ts';
import type { Config } from '../base/config.ts';
import type { Pool } from '../base/db.ts';
import { recordKeys } from '../base/keys.ts';
import { span } from '../base/trace.ts';
import type { Connector } from '../connectors/contract.ts';
import { noCounts } from '../connectors/counts.ts';
import type { Limits } from '../connectors/limits.ts';
import { pullStream, type RunMode } from '../connectors/pull.ts';
import { connectorOf, streamOf } from '../connectors/registry.ts';
import { releaseStream } from '../connectors/release.ts';
import { reconcile } from './reconcile.ts';
import { retain } from './retain.ts';
import { waitsForResume } from './streams.ts';
import { timing, type Timing } from './timing.ts';

export interface RunContext {
  config: Config;
  pool: Pool;
  now: () => Date;
  timing?: Timing;
  limits?: Partial<Limits>;
}

/** A person who asked is told soon; a scheduled run is tried until the next schedule takes over. */
const attemptsMax = 6;
const scheduledAttemptsMax = 40;

/**
 * Does one run: claims it, pulls its stream, writes how it ended. A run that fails in a way that may pass is due again
 * later. Never throws for what a source does: the run's row says it.
 */
export async function doRun(context: RunContext, runId: string): Promise<void> {
  const run = await claim(context.pool, runId);
  if (!run) return; // done, or another worker has it
  await logged({ runId, department: run.department, stream: run.stream }, () => did(context, run));
}

async function did(context: RunContext, run: Run): Promise<void> {
  log.info({ mode: run.mode, attempt: run.attempt }, 'run begins');
  try {
    const done = await span('run', { 'run.id': run.id, department: run.department, stream: run.stream, mode: run.mode, attempt: run.attempt }, () => worked(context, run));
    if (done.held) await fail(context, run, done.held, done);
    else await finish(context.pool, run, done);
    log.info({ status: done.held ? 'HELD' : 'SUCCEEDED' }, 'run ended');
  } catch (error) {
    await fail(context, run, error);
    if (error instanceof YiwangError && error.code === 'STREAM_BUSY') return;
  }
  await context.pool.query("UPDATE hub.sync_run SET due_at = now() WHERE department = $1 AND stream = $2 AND status = 'DUE' AND error_code = 'STREAM_BUSY' AND due_at > now()", [run.department, run.stream]);
}

interface Done {
  epoch: number | null;
  counts: object;
  held?: YiwangError | null;
}

async function worked(context: RunContext, run: Run): Promise<Done> {
  const { config, pool, now, limits } = context;
  const connector = await connectorOf(run.department);
  const keys = recordKeys(config.masterSecret);
  const { full, since, until, approveDeletes = 0, dryRun = false, ids, reason, upTo } = run.parameters;
  if (run.mode === 'RELEASE') {
    const released = await releaseStream(pool, keys, { department: run.department, stream: run.stream, ids, reason, upTo }, run.requested_by, now());
    return { epoch: null, counts: { released } };
  }
  const common = { pool, keys, connector, stream: streamOf(connector, run.stream), runId: run.id, approveDeletes, env: sourceEnvironment(config, connector), now, ...(limits ? { limits } : {}) };
  if (run.mode === 'RECONCILE') {
    const { found, epoch, touched, held } = await reconcile({ ...common, dryRun });
    return { epoch, held, counts: { ...noCounts(), touched, reconciliation: found } };
  }
  if (run.mode === 'RETAIN') {
    const { due, removed, epoch, held } = await retain({ ...common, dryRun });
    return { epoch, held, counts: { ...noCounts(), touched: dryRun ? due : removed, retention: { due, removed } } };
  }
  const period = { ...(since === undefined ? {} : { since }), ...(until === undefined ? {} : { until }) };
  const { counts, touched, epoch } = await pullStream({ ...common, mode: run.mode, ...(full === undefined ? {} : { full }), ...(isBackfill(run) ? { period } : {}) });
  return { epoch, counts: { ...counts, touched } };
}

function isBackfill({ parameters: { since, until } }: Run): boolean {
  return since !== undefined || until !== undefined;
}

/** What a connector may read of the configuration: its own URL and secrets. */
export function sourceEnvironment(config: Config, connector: Connector): Record<string, string> {
  const source = config.sources[connector.department];
  return source ? { ...source.secrets, [connector.source.urlEnv]: source.url } : {};
}

interface Run {
  id: string;
  department: string;
  stream: string;
  mode: RunMode | 'RELEASE';
  attempt: number;
  requested_by: string;
  parameters: { full?: boolean; since?: string; until?: string; approveDeletes?: number; dryRun?: boolean; ids?: number[]; reason?: string; upTo?: number };
}

async function claim(pool: Pool, runId: string): Promise<Run | undefined> {
  const { rows } = await pool.query<Run>(
    `UPDATE hub.sync_run r SET status = 'RUNNING', started_at = coalesce(started_at, now()), claimed_at = now(), attempt = attempt + 1 WHERE id = $1 AND status = 'DUE' AND due_at <= now() AND NOT ${waitsForResume}
     RETURNING id, department, stream, mode, attempt, requested_by, parameters`,
    [runId],
  );
  return rows[0];
}

/** Only as long as the run is still this worker's: one that was thought dead must not overwrite what its successor says. */
async function finish(pool: Pool, run: Run, { counts, epoch }: Done): Promise<void> {
  await pool.query("UPDATE hub.sync_run SET status = 'SUCCEEDED', finished_at = now(), epoch = $2, counts = $3, error_code = NULL, message = NULL WHERE id = $1 AND status = 'RUNNING' AND attempt = $4", [run.id, epoch, JSON.stringify(counts), run.attempt]);
  if ((run.mode === 'INCREMENT' || run.mode === 'FULL' || run.mode === 'RECONCILE' || run.mode === 'RETAIN') && !isBackfill(run) && run.parameters.dryRun !== true) await supersedeHeld(pool, run);
}

/** What an earlier run of its kind was held for is decided by this one: nobody approves what is no longer so. */
async function supersedeHeld(pool: Pool, { id, department, stream, mode }: Run): Promise<void> {
  await pool.query(
    `UPDATE hub.sync_run SET status = 'FAILED', message = coalesce(message, '') || ' (superseded)'
     WHERE department = $1 AND stream = $2 AND status = 'HELD' AND mode <> 'DRY_RUN' AND id <> $3
       AND CASE WHEN mode IN ('RECONCILE', 'RETAIN') THEN mode ELSE 'SYNC' END = $4`,
    [department, stream, id, mode === 'RECONCILE' || mode === 'RETAIN' ? mode : 'SYNC'],
  );
}

async function fail({ pool, timing: waits = timing }: RunContext, run: Run, error: unknown, done?: Done): Promise<void> {
  const code = error instanceof YiwangError ? error.code : 'INTERNAL';
  log.warn({ err: safeError(error), code }, 'run failed');
  if (code === 'STREAM_BUSY') {
    const final = run.requested_by === 'schedule' && run.mode === 'INCREMENT'; // comes again in some minutes; what is done once a night, beside such runs, waits for its stream
    await pool.query('UPDATE hub.sync_run SET status = $2, finished_at = $3, attempt = attempt - 1, error_code = $4, due_at = now() + make_interval(secs => $5) WHERE id = $1 AND status = \'RUNNING\' AND attempt = $6', [run.id, final ? 'BUSY' : 'DUE', final ? new Date() : null, code, waits.busyRetrySeconds, run.attempt]);
    return;
  }
  const retryable = error instanceof YiwangError && error.retryable && run.attempt < (run.requested_by === 'schedule' ? scheduledAttemptsMax : attemptsMax);
  const backoffSeconds = Math.min(waits.retryBaseSeconds * 2 ** run.attempt, waits.retryMaxSeconds) * (0.5 + Math.random() / 2);
  const waitSeconds = Math.max(backoffSeconds, error instanceof YiwangError ? (error.retryAfterSeconds ?? 0) : 0);
  const message = error instanceof YiwangError ? (error.hint ?? errorTable[error.code].en) : errorTable.INTERNAL.en;
  await pool.query('UPDATE hub.sync_run SET status = $2, finished_at = $3, error_code = $4, message = $5, due_at = now() + make_interval(secs => $6), counts = coalesce($7, counts) || $9 WHERE id = $1 AND status = \'RUNNING\' AND attempt = $8', [
    run.id,
    retryable ? 'DUE' : code === 'HELD' ? 'HELD' : 'FAILED',
    retryable ? null : new Date(),
    code,
    message,
    waitSeconds,
    done ? JSON.stringify(done.counts) : null,
    run.attempt,
    JSON.stringify(code === 'HELD' ? { held: Number((error as YiwangError).detail) } : {}),
  ]);
  if (code === 'HELD' && run.mode !== 'DRY_RUN') await supersedeHeld(pool, run);
}
