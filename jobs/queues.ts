import { createPostgresBackend, Queue as RedisQueue, runMigrations, withBackend, Worker as RedisWorker } from 'bullmq';
import pg from 'pg';
import { sha256Hex } from '../base/canonical.ts';
import { YiwangError } from '../base/errors.ts';
import { log, safeError } from '../base/log.ts';
import { timing, type Timing } from './timing.ts';

export const queueNames = ['sync', 'settle'] as const;
export type QueueName = (typeof queueNames)[number];

export interface QueueDepth {
  waiting: number;
  active: number;
  failed: number;
}

/** The doorbell. Jobs carry ids of runs and never data: what is due stands in PostgreSQL, whatever the queue loses. */
export interface Queues {
  /** Rings once for `id` and `turn`, however often it is called while that job waits or runs; a new turn is not held up by a dead worker's job. */
  ring(queue: QueueName, id: string, turn?: number): Promise<void>;
  work(queue: QueueName, concurrency: number, process: (id: string) => Promise<void>): void;
  depths(): Promise<Record<QueueName, QueueDepth>>;
  /** BullMQ's own objects, one a queue, for the board. */
  handles(): readonly object[];
  close(): Promise<void>;
}

export interface QueueOptions {
  redisUrl: string | undefined;
  databaseUrl: string;
  timing?: Timing;
}

const schema = 'bullmq';
const connectionsMax = 3;

/** BullMQ on Redis where `redisUrl` is given, otherwise on the hub's own PostgreSQL. */
export async function openQueues(options: QueueOptions): Promise<Queues> {
  if (options.redisUrl !== undefined) return queuesOn(RedisQueue as unknown as QueueClass, RedisWorker as unknown as WorkerClass, { connection: redisConnection(options.redisUrl), prefix: prefixOf(options.databaseUrl) }, options.timing);
  await migrateQueues(options.databaseUrl);
  const { Queue, Worker } = withBackend(createPostgresBackend);
  const connection = { connectionString: options.databaseUrl, schema, max: connectionsMax, application_name: 'yiwang-queue' };
  return queuesOn(Queue as unknown as QueueClass, Worker as unknown as WorkerClass, { connection }, options.timing);
}

interface AnyQueue {
  add(name: string, data: object, options: object): Promise<unknown>;
  getJobCounts(...states: string[]): Promise<Record<string, number>>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  close(): Promise<void>;
}
type QueueClass = new (name: string, options: object) => AnyQueue;
type WorkerClass = new (name: string, process: (job: { data: { id: string } }) => Promise<void>, options: object) => { on(event: 'error', listener: (error: Error) => void): unknown; close(force?: boolean): Promise<void> };

function queuesOn(Queue: QueueClass, Worker: WorkerClass, options: object, waits: Timing = timing): Queues {
  const onError = (error: Error) => log.warn({ err: safeError(error) }, 'queue');
  const opened = new Map<QueueName, AnyQueue>();
  const workers: { close(force?: boolean): Promise<void> }[] = [];
  const queue = (name: QueueName) => {
    let one = opened.get(name);
    if (!one) {
      one = new Queue(name, { ...options, skipWaitingForReady: true });
      one.on('error', onError);
      opened.set(name, one);
    }
    return one;
  };
  return {
    async ring(name, id, turn = 0) {
      try {
        await queue(name).add(name, { id }, { jobId: `${name}-${id}-${turn}`, removeOnComplete: true, removeOnFail: true });
      } catch (error) {
        throw new YiwangError('QUEUE_UNAVAILABLE', { cause: error });
      }
    },
    work(name, concurrency, process) {
      const worker = new Worker(name, (job) => process(job.data.id), { ...options, concurrency, lockDuration: waits.jobLockMs, stalledInterval: waits.stalledCheckMs });
      worker.on('error', onError);
      workers.push(worker);
    },
    async depths() {
      const counts = await Promise.all(queueNames.map((name) => queue(name).getJobCounts('waiting', 'active', 'failed')));
      return Object.fromEntries(queueNames.map((name, index) => [name, { waiting: counts[index]!['waiting'] ?? 0, active: counts[index]!['active'] ?? 0, failed: counts[index]!['failed'] ?? 0 }])) as Record<QueueName, QueueDepth>;
    },
    handles: () => queueNames.map((name) => queue(name)),
    async close() {
      await Promise.all(workers.map((worker) => worker.close()));
      await Promise.all([...opened.values()].map((one) => one.close()));
    },
  };
}

async function migrateQueues(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  try {
    await client.connect();
    await runMigrations(client, schema);
  } catch (error) {
    throw new YiwangError('DATABASE_UNAVAILABLE', { detail: 'the queue could not be set up', cause: error });
  } finally {
    await client.end().catch(() => undefined); // was never connected
  }
}

/** Commands wait no longer than this while Redis is away: the outbox keeps what could not be rung. */
function redisConnection(redisUrl: string): object {
  return { url: redisUrl, maxRetriesPerRequest: null, connectTimeout: 10_000 };
}

/** Two hubs may share a Redis. */
function prefixOf(databaseUrl: string): string {
  const { host, pathname } = new URL(databaseUrl);
  return `yiwang-${sha256Hex(host + pathname).slice(0, 12)}`;
}
