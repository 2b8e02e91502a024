import { connect, type Channel, type ChannelModel, type ConsumeMessage } from 'amqplib';
import { setTimeout as pause } from 'node:timers/promises';
import type { Pool } from '../../base/db.ts';
import { YiwangError } from '../../base/errors.ts';
import { log, safeError } from '../../base/log.ts';
import { bodyBytesMax, refuseBody, storeEvents } from '../ingest.ts';

export interface EventConsumer {
  stop(): Promise<void>;
}

const prefetchMessages = 200;
const heartbeatSeconds = 20;
/** Until its connection is open no heartbeat tells a broker that is silent from one that is slow. */
const answerWithinMsDefault = 30_000;
const reconnectBaseMs = 500;
const reconnectMaxMs = 30_000;

/**
 * Consumes a department's event queue (AMQP 0-9-1): a message is acknowledged only after its events are durable, and goes
 * back where they could not be made so. One that can never be is quarantined and rejected, which is where a dead-letter
 * exchange takes it over: it would come back for ever. Reconnects by itself until stopped.
 */
export function startConsumer({ answerWithinMs = answerWithinMsDefault, ...consumed }: Omit<Consumed, 'answerWithinMs'> & Partial<Consumed>): EventConsumer {
  const stopping = new AbortController();
  const ended = consumeUntilStopped({ ...consumed, answerWithinMs }, stopping.signal);
  return {
    stop: async () => {
      stopping.abort();
      await ended;
    },
  };
}

interface Consumed {
  url: string;
  queue: string;
  department: string;
  pool: Pool;
  answerWithinMs: number;
}

async function consumeUntilStopped(consumed: Consumed, signal: AbortSignal): Promise<void> {
  for (let waitMs = reconnectBaseMs; !signal.aborted; waitMs = Math.min(waitMs * 2, reconnectMaxMs)) {
    try {
      await session(consumed, signal, () => (waitMs = reconnectBaseMs));
    } catch (error) {
      log.warn({ err: safeError(error), department: consumed.department }, 'event queue lost, reconnecting');
    }
    if (!signal.aborted) await pause(waitMs, undefined, { signal }).catch(() => undefined); // stopped while waiting
  }
}

/** One connection, until it is lost or the consumer is stopped. */
async function session({ url, queue, department, pool, answerWithinMs }: Consumed, signal: AbortSignal, connected: () => void): Promise<void> {
  const connection: ChannelModel = await connect(`${url}${url.includes('?') ? '&' : '?'}heartbeat=${heartbeatSeconds}`, { timeout: answerWithinMs });
  try {
    await new Promise<void>((resolve, reject) => {
      connection.once('error', reject);
      connection.once('close', resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
      consume(connection, queue, department, pool, signal, reject).then(connected, reject);
    });
  } finally {
    connection.removeAllListeners('error');
    connection.on('error', () => undefined);
    await connection.close().catch(() => undefined); // lost already
  }
}

async function consume(connection: ChannelModel, queue: string, department: string, pool: Pool, signal: AbortSignal, lost: (reason: Error) => void): Promise<void> {
  const channel = await connection.createChannel();
  channel.on('error', lost);
  channel.on('close', () => lost(new YiwangError('SOURCE_UNAVAILABLE', { detail: 'channel closed' })));
  await channel.assertQueue(queue, { durable: true });
  await channel.prefetch(prefetchMessages);
  let order = Promise.resolve();
  await channel.consume(queue, (message) => {
    if (message === null) return lost(new YiwangError('SOURCE_UNAVAILABLE', { detail: 'consumer cancelled' }));
    order = order.then(() => (signal.aborted ? undefined : receive(channel, message, department, pool)));
  });
}

/** Exported for its test. */
export async function receive(channel: Pick<Channel, 'ack' | 'nack'>, message: Pick<ConsumeMessage, 'content'>, department: string, pool: Pool): Promise<void> {
  try {
    if (message.content.length > bodyBytesMax) log.warn({ department, bytes: message.content.length }, 'a queued message is over 5 MiB');
    await storeEvents(pool, department, message.content);
    channel.ack(message as ConsumeMessage);
  } catch (error) {
    const isRefused = isPoison(error) && (await refuseBody(pool, department, message.content).then(() => true, () => false));
    log.warn({ err: safeError(error), department }, isRefused ? 'a queued message was quarantined' : 'events could not be made durable; they stay in the queue');
    if (!isRefused) await pause(reconnectBaseMs);
    try {
      channel.nack(message as ConsumeMessage, false, !isRefused);
    } catch {
      return; // the channel closed meanwhile: the broker puts the message back by itself
    }
  }
}

/** What the message itself is to blame for: the same bytes would fail again (SQLSTATE 22: a value, 54: a limit of the server). */
function isPoison(error: unknown): boolean {
  if (error instanceof RangeError || error instanceof TypeError) return true;
  return /^(?:22|54)/.test(String((error as { code?: unknown }).code ?? ''));
}
