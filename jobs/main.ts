import { setTimeout as pause } from 'node:timers/promises';
import type { Config } from '../base/config.ts';
import type { Pool } from '../base/db.ts';
import { log, safeError } from '../base/log.ts';
import { startConsumer, type EventConsumer } from '../connectors/sources/amqp.ts';
import type { Limits } from '../connectors/limits.ts';
import { connectors } from '../connectors/registry.ts';
import { dispatch, reviveAbandoned, runSchedules } from './dispatch.ts';
import { openQueues } from './queues.ts';
import { doRun } from './runs.ts';
import { settle } from './settle.ts';
import { askNightlySnapshot } from './snapshot.ts';
import { registerStreams } from './streams.ts';
import { timing as usual, type Timing } from './timing.ts';

export interface JobsOptions {
  config: Config;
  pool: Pool;
  /** Of the same database as `pool`; BullMQ keeps its own connections. */
  databaseUrl: string;
  now?: () => Date;
  /** Streams synced at once in this process. */
  concurrency?: number;
  timing?: Partial<Timing>;
  limits?: Partial<Limits>;
}

export interface RunningJobs {
  /** Lets what is under way end, and leaves nothing behind. */
  stop(): Promise<void>;
}

/** Each stream has a place of its own, so that a source that hangs holds up nobody else; but never every connection of the pool. */
const streamsAtOnceMin = 4;
const poolConnectionsLeft = 3;

/** Starts workers, dispatcher, schedules and event consumers of this process. Any number of processes may do so. */
export async function startJobs({ config, pool, databaseUrl, now = () => new Date(), concurrency, timing: changes, limits }: JobsOptions): Promise<RunningJobs> {
  const timing = { ...usual, ...changes };
  const queues = await openQueues({ redisUrl: config.redisUrl, databaseUrl, timing });
  queues.work('sync', concurrency ?? (await streamsAtOnce(pool)), (runId) => doRun({ config, pool, now, timing, ...(limits ? { limits } : {}) }, runId));
  queues.work('settle', 1, () => settle({ config, pool }));
  await registerStreams(pool);
  const consumers = await startConsumers(config, pool);
  const stopping = new AbortController();
  const fast = repeat(stopping.signal, timing.tickMs, async () => ((await dispatch(pool, queues, timing)) ? Math.min(timing.busyTickMs, timing.tickMs) : timing.tickMs));
  const slow = repeat(stopping.signal, timing.slowTickMs, async () => {
    await reviveAbandoned(pool, timing.abandonedAfterSeconds);
    await runSchedules(pool, config);
    await askNightlySnapshot(pool);
    return timing.slowTickMs;
  });
  return {
    stop: async () => {
      stopping.abort();
      await Promise.all([fast, slow, ...consumers.map((consumer) => consumer.stop())]);
      await queues.close();
    },
  };
}

async function streamsAtOnce(pool: Pool): Promise<number> {
  const streams = [...(await connectors()).values()].reduce((sum, connector) => sum + connector.streams.length, 0);
  return Math.max(streamsAtOnceMin, Math.min(streams, (pool.options.max ?? 0) - poolConnectionsLeft));
}

/** Does `work` until stopped, each time after the milliseconds that the last one gave. What fails is logged and done again after `failedMs`: its cause is in the table. */
async function repeat(signal: AbortSignal, failedMs: number, work: () => Promise<number>): Promise<void> {
  while (!signal.aborted) {
    let waitMs = failedMs;
    try {
      waitMs = await work();
    } catch (error) {
      log.warn({ err: safeError(error) }, 'dispatcher');
    }
    await pause(waitMs, undefined, { signal }).catch(() => undefined); // stopped while waiting
  }
}

async function startConsumers(config: Config, pool: Pool): Promise<EventConsumer[]> {
  return [...(await connectors()).values()].flatMap(({ source, department }) => {
    const url = source.kind === 'events' ? config.sources[department]?.secrets[source.amqpEnv] : undefined;
    return source.kind === 'events' && url ? [startConsumer({ url, queue: source.queue, department, pool })] : [];
  });
}
