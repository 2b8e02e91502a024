import { YiwangError, errorTable } from '../base/errors.ts';
import { log, safeError } from '../base/log.ts';
import type { Config } from '../base/config.ts';
import type { Pool } from '../base/db.ts';
import { recordKeys } from '../base/keys.ts';
import type { Connector } from '../connectors/contract.ts';
import { pullStream, type PullOutcome, type RunMode } from '../connectors/pull.ts';
import { connectorOf, streamOf } from '../connectors/registry.ts';

export interface RunContext {
  config: Config;
  pool: Pool;
  now: () => Date;
}

const attemptsMax = 6;
const retryBaseSeconds = 1;
const retryMaxSeconds = 60;
const busyRetrySeconds = 1;

/**
 * Does one run: claims it, pulls its stream, writes how it ended. A run that fails in a way that may pass is due again
 * later. Never throws for what a source does: the run's row says it.
 */
export async function doRun(context: RunContext, runId: string): Promise<void> {
  const run = await claim(context.pool, runId);
  if (!run) return; // done, or another worker has it
  try {
    const connector = await connectorOf(run.department);
    const outcome = await pullStream({
      pool: context.pool,
      keys: recordKeys(context.config.masterSecret),
      connector,
      stream: streamOf(connector, run.stream),
      runId,
      mode: run.mode,
      ...(run.parameters.full === undefined ? {} : { full: run.parameters.full }),
      approveDeletes: run.parameters.approveDeletes ?? false,
      env: sourceEnvironment(context.config, connector),
      now: context.now,
    });
    await finish(context.pool, runId, outcome);
  } catch (error) {
    await fail(context.pool, run, error);
  }
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
  mode: RunMode;
  attempt: number;
  requested_by: string;
  parameters: { full?: boolean; approveDeletes?: boolean };
}

async function claim(pool: Pool, runId: string): Promise<Run | undefined> {
  const { rows } = await pool.query<Run>(
    `UPDATE hub.sync_run SET status = 'RUNNING', started_at = coalesce(started_at, now()), attempt = attempt + 1 WHERE id = $1 AND status = 'DUE' AND due_at <= now()
     RETURNING id, department, stream, mode, attempt, requested_by, parameters`,
    [runId],
  );
  return rows[0];
}

async function finish(pool: Pool, runId: string, { counts, touched, epoch }: PullOutcome): Promise<void> {
  await pool.query("UPDATE hub.sync_run SET status = 'SUCCEEDED', finished_at = now(), epoch = $2, counts = $3, error_code = NULL, message = NULL WHERE id = $1", [runId, epoch, JSON.stringify({ ...counts, touched })]);
}

async function fail(pool: Pool, run: Run, error: unknown): Promise<void> {
  const code = error instanceof YiwangError ? error.code : 'INTERNAL';
  log.warn({ err: safeError(error), department: run.department, stream: run.stream, runId: run.id, code }, 'run failed');
  if (code === 'STREAM_BUSY') {
    const final = run.requested_by === 'schedule';
    await pool.query('UPDATE hub.sync_run SET status = $2, finished_at = $3, attempt = attempt - 1, error_code = $4, due_at = now() + make_interval(secs => $5) WHERE id = $1', [run.id, final ? 'BUSY' : 'DUE', final ? new Date() : null, code, busyRetrySeconds]);
    return;
  }
  const retryable = error instanceof YiwangError && error.retryable && run.attempt < attemptsMax;
  const waitSeconds = Math.min(retryBaseSeconds * 2 ** run.attempt, retryMaxSeconds) * (0.5 + Math.random() / 2);
  const message = error instanceof YiwangError ? (error.hint ?? errorTable[error.code].en) : errorTable.INTERNAL.en;
  await pool.query('UPDATE hub.sync_run SET status = $2, finished_at = $3, error_code = $4, message = $5, due_at = now() + make_interval(secs => $6) WHERE id = $1', [
    run.id,
    retryable ? 'DUE' : code === 'HELD' ? 'HELD' : 'FAILED',
    retryable ? null : new Date(),
    code,
    message,
    waitSeconds,
  ]);
}
