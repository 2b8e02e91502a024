import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { createPostgresBackend, Queue as RedisQueue, runMigrations, withBackend, Worker as RedisWorker } from 'bullmq';
import pg from 'pg';
import { sha256Hex } from '../base/canonical.ts';
import { YiwangError } from '../base/errors.ts';
import { log, safeError } from '../base/log.ts';
import { withinMs } from '../base/within.ts';
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
  /** `QUEUE_UNAVAILABLE` where they are not known within five seconds. */
  depths(): Promise<Record<QueueName, QueueDepth>>;
  /** BullMQ's own objects, one a queue, for the board. */
  handles(): readonly object[];
  close(): Promise<void>;
}

export interface QueueOptions {
  redisUrl: string | undefined;
  databaseUrl: string;
  timing?: Timing;
  /** Hears of every failed try to connect, of which there are several a second while Redis is away; logs each unless given. */
  onError?: (error: Error) => void;
}

const schema = 'bullmq';
/** Each worker keeps one to listen on; the rest is for commands. */
const connectionsMax = 10;

/** BullMQ on Redis where `redisUrl` is given, otherwise on the hub's own PostgreSQL. */
export async function openQueues(options: QueueOptions): Promise<Queues> {
  if (options.redisUrl !== undefined) return queuesOn(RedisQueue as unknown as QueueClass, RedisWorker as unknown as WorkerClass, { connection: redisConnection(options.redisUrl), prefix: prefixOf(options.databaseUrl) }, options);
  await migrateQueues(options.databaseUrl);
  const { Queue, Worker } = withBackend(createPostgresBackend);
  const pool = queuePool(options.databaseUrl);
  const queues = queuesOn(Queue as unknown as QueueClass, Worker as unknown as WorkerClass, { connection: pool }, options);
  return { ...queues, close: () => queues.close().finally(() => pool.end()) };
}

/** A connection has a listener from its first moment: one lost in mid-transaction, or just made, would end the process. What waits for it rejects. */
export class HeardClient extends pg.Client {
  constructor(config?: pg.ClientConfig) {
    super(config);
    this.on('error', heard);
  }

  /** BullMQ takes every listener off a connection that it gives back; the next to use it would have none. */
  override removeAllListeners(event?: string | symbol): this {
    super.removeAllListeners(event);
    if (!this.listeners('error').includes(heard)) this.on('error', heard);
    return this;
  }
}

function heard(error: Error): void {
  log.debug({ err: safeError(error) }, 'queue connection lost in use');
}

/** Not the pool that BullMQ would make, which hears of idle connections only. It looks for its tables on the search path. */
function queuePool(connectionString: string): pg.Pool {
  const config = { connectionString, max: connectionsMax, keepAlive: true, application_name: 'yiwang-queue', options: `-c search_path=${schema}`, Client: HeardClient };
  const pool = new pg.Pool(config);
  pool.on('error', (error) => log.warn({ err: safeError(error) }, 'idle queue connection lost'));
  return pool;
}

interface AnyQueue {
  add(name: string, data: object, options: object): Promise<unknown>;
  getJobCounts(...states: string[]): Promise<Record<string, number>>;
  waitUntilReady(): Promise<unknown>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  close(): Promise<void>;
  disconnect(): Promise<void>;
}
type QueueClass = new (name: string, options: object) => AnyQueue;
interface AnyWorker {
  on(event: 'error', listener: (error: Error) => void): unknown;
  waitUntilReady(): Promise<unknown>;
  run(): Promise<void>;
  close(force?: boolean): Promise<void>;
}
type WorkerClass = new (name: string, process: (job: { data: { id: string } }) => Promise<void>, options: object) => AnyWorker;

function queuesOn(Queue: QueueClass, Worker: WorkerClass, options: object, { timing: waits = timing, onError = warned }: Pick<QueueOptions, 'timing' | 'onError'>): Queues {
  const opened = new Map<QueueName, AnyQueue>();
  const workers = new Set<AnyWorker>();
  const starting: Promise<void>[] = [];
  const closing = new AbortController();
  let asking: Promise<Record<string, number>[]> | undefined;
  const queue = (name: QueueName) => {
    let one = opened.get(name);
    if (!one) {
      one = new Queue(name, { ...options, skipWaitingForReady: true });
      one.on('error', onError);
      opened.set(name, one);
    }
    return one;
  };
  /** BullMQ keeps the failure of a first connection for good: what could not begin is made anew by the next who asks. */
  const ready = async (name: QueueName) => {
    const one = queue(name);
    try {
      await one.waitUntilReady();
      return one;
    } catch (error) {
      if (opened.get(name) === one) opened.delete(name);
      void one.close().catch(() => undefined);
      throw error;
    }
  };
  return {
    async ring(name, id, turn = 0) {
      await inTime(ready(name).then((one) => one.add(name, { id }, { jobId: `${name}-${id}-${turn}`, removeOnComplete: true, removeOnFail: true })));
    },
    work(name, concurrency, process) {
      const made = () => {
        const worker = new Worker(name, (job) => process(job.data.id).catch((error: unknown) => told(name, error)), { ...options, concurrency, lockDuration: waits.jobLockMs, stalledInterval: waits.stalledCheckMs, autorun: false });
        worker.on('error', onError);
        return worker;
      };
      starting.push(running(made, workers, closing.signal));
    },
    async depths() {
      // One question at a time: while Redis is away each would be kept until it is back.
      asking ??= Promise.all(queueNames.map(async (name) => (await ready(name)).getJobCounts('waiting', 'active', 'failed'))).finally(() => (asking = undefined));
      const counts = await inTime(asking);
      return Object.fromEntries(queueNames.map((name, index) => [name, { waiting: counts[index]!['waiting'] ?? 0, active: counts[index]!['active'] ?? 0, failed: counts[index]!['failed'] ?? 0 }])) as Record<QueueName, QueueDepth>;
    },
    handles: () => queueNames.map((name) => queue(name)),
    async close() {
      closing.abort();
      await Promise.all([...workers].map((worker) => worker.close()));
      await Promise.all(starting);
      await Promise.all([...opened.values()].map((one) => inTime(one.close()).catch(() => cutOff(one))));
    },
  };
}

function warned(error: Error): void {
  log.warn({ err: safeError(error) }, 'queue');
}

/** BullMQ keeps it to itself, and the job rings again. */
function told(queue: QueueName, error: unknown): never {
  log.error({ err: safeError(error) }, `a job of the queue ${queue} failed; what is due is tried again`);
  throw error;
}

const answerMsMax = 5_000;

/** The answer, unless it fails or the queue keeps it back: Redis that is away rejects nothing, it is connected to for ever. */
async function inTime<T>(answer: Promise<T>): Promise<T> {
  try {
    return await withinMs(answerMsMax, answer, () => new YiwangError('QUEUE_UNAVAILABLE', { detail: `no answer within ${answerMsMax} ms` }));
  } catch (error) {
    throw error instanceof YiwangError ? error : new YiwangError('QUEUE_UNAVAILABLE', { cause: error });
  }
}

/** Without a farewell, for which Redis that is away would be waited for. */
function cutOff(queue: AnyQueue): void {
  void queue.disconnect().catch(() => undefined); // was never connected
}

const workerRetryMs = 500;

/** Starts a worker, and another where its first connection failed: it would ask the failed one for ever. */
async function running(made: () => AnyWorker, workers: Set<AnyWorker>, closing: AbortSignal): Promise<void> {
  const closed = once(closing, 'abort');
  while (!closing.aborted) {
    const worker = made();
    workers.add(worker);
    try {
      await Promise.race([worker.waitUntilReady(), closed]); // of a Redis that is away it never settles, not even closed
      if (closing.aborted) return;
      void worker.run().catch((error: Error) => log.warn({ err: safeError(error) }, 'queue'));
      return;
    } catch (error) {
      log.warn({ err: safeError(error) }, 'queue');
      workers.delete(worker);
      await worker.close(true).catch(() => undefined);
      await pause(workerRetryMs, undefined, { signal: closing }).catch(() => undefined);
    }
  }
}

async function migrateQueues(databaseUrl: string): Promise<void> {
  const client = new HeardClient({ connectionString: databaseUrl });
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
