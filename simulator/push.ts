import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type ChannelModel, type ConfirmChannel } from 'amqplib';
import { request } from 'undici';
import { YiwangError } from '../base/errors.ts';
import { log, safeError } from '../base/log.ts';
import type { Dataset } from './dataset.ts';
import { pushes, signed, type Push, type Tickets } from './hotline.ts';
import type { LineFile } from './lines.ts';
import type { Misbehaviours } from './misbehave.ts';

const retryFirstMs = 100;
const retryMostMs = 500;
const attemptTimeoutMs = 30_000;
const queueName = 'hotline.events';

/** Where the hotline delivers: the hub's ingest over HTTP, the AMQP queue, or both by turn (each event once). */
export interface PushTarget {
  ingestUrl?: string | undefined;
  amqpUrl?: string | undefined;
  secret: string;
}

export interface PushRun {
  /** Settles when the hub has answered for every event; rejects only where it refuses the signature. */
  done: Promise<void>;
  pushed(): number;
  stop(): Promise<void>;
}

/** Pushes every event in the order of the file, each until the hub has it. */
export function startPushing(dataset: Dataset, file: LineFile, tickets: Tickets, target: PushTarget, misbehaviours: Misbehaviours, progress?: (done: number, total: number, label: string) => void): PushRun {
  const aborted = new AbortController();
  const total = dataset.events.versions.length;
  let pushed = 0;
  const run = async () => {
    const deliver = await transports(target, file, aborted.signal);
    try {
      for (const [index, push] of reordered(pushes(dataset), misbehaviours)) {
        if (aborted.signal.aborted) return;
        const delivered = deliverOne(deliver(index), push, misbehaviours);
        delivered.catch(() => undefined); // waited for in its turn
        for (const event of push.events) tickets.offer(event); // a hotline knows its ticket before it tells anybody
        await delivered;
        pushed += push.events.length;
        progress?.(pushed, total, 'hotline');
      }
    } finally {
      await deliver.close();
    }
  };
  const done = run().catch((error: unknown) => {
    if (!aborted.signal.aborted) throw error;
  });
  done.catch(() => undefined); // whoever awaits `done` is told; nobody awaiting must not end the process
  return { done, pushed: () => pushed, stop: async () => void (aborted.abort(), await done.catch(() => undefined)) };
}

type Deliver = (push: Push) => Promise<void>;

/** `disorder` swaps a push with the one after it. */
function* reordered(planned: Push[], misbehaviours: Misbehaviours): Generator<[number, Push]> {
  for (let index = 0; index < planned.length; index += 1) {
    const swap = index + 1 < planned.length && misbehaviours.peek('hotline', 'disorder');
    if (!swap) {
      yield [index, planned[index]!];
      continue;
    }
    misbehaviours.use('hotline', 'disorder');
    yield [index, { ...planned[index + 1]!, events: planned[index + 1]!.events.toReversed() }];
    yield [index + 1, planned[index]!];
    index += 1;
  }
}

async function deliverOne(deliver: Deliver, push: Push, misbehaviours: Misbehaviours): Promise<void> {
  if (misbehaviours.use('hotline', 'lose')) return;
  await deliver(push);
  if (misbehaviours.use('hotline', 'duplicates')) await deliver(push);
}

async function transports(target: PushTarget, file: LineFile, signal: AbortSignal): Promise<((index: number) => Deliver) & { close(): Promise<void> }> {
  const overHttp = target.ingestUrl === undefined ? undefined : httpDeliver(target.ingestUrl, file, target.secret, signal);
  const queue = target.amqpUrl === undefined ? undefined : await openQueue(target.amqpUrl, file, target.secret);
  const choose = (index: number) => (overHttp && (!queue || index % 2 === 0) ? overHttp : queue!.deliver);
  return Object.assign(choose, { close: async () => queue?.close() });
}

/** Posts until 202. 400 and 413 are final: the hub has kept what it could, and asking again would count twice. */
function httpDeliver(url: string, file: LineFile, secret: string, signal: AbortSignal): Deliver {
  return async (push) => {
    const { body, headers } = signed(push, file, secret);
    for (let waitMs = retryFirstMs; !signal.aborted; waitMs = Math.min(waitMs * 2, retryMostMs)) {
      const status = await posted(url, body, headers, signal);
      if (status === 202 || status === 400 || status === 413) return;
      if (status === 401) throw new YiwangError('CONFIG', { hint: 'the hub refuses the signature of the hotline: both sides need the same HOTLINE_SECRET' });
      await sleep(waitMs, undefined, { signal }).catch(() => undefined);
    }
  };
}

/** The status, or 0 where nobody answered. */
async function posted(url: string, body: Buffer, headers: Record<string, string>, signal: AbortSignal): Promise<number> {
  try {
    const answer = await request(url, { method: 'POST', body, headers, signal, headersTimeout: attemptTimeoutMs, bodyTimeout: attemptTimeoutMs });
    await answer.body.dump();
    return answer.statusCode;
  } catch (error) {
    log.debug({ err: safeError(error) }, 'the hub does not take the push yet');
    return 0;
  }
}

async function openQueue(url: string, file: LineFile, secret: string): Promise<{ deliver: Deliver; close(): Promise<void> }> {
  let connection: ChannelModel;
  let channel: ConfirmChannel;
  try {
    connection = await connect(url);
    connection.on('error', () => undefined);
    channel = await connection.createConfirmChannel();
    channel.on('error', () => undefined);
    await channel.assertQueue(queueName, { durable: true });
  } catch (cause) {
    throw new YiwangError('CONFIG', { hint: 'the AMQP server of `HOTLINE_AMQP_URL` does not answer', cause });
  }
  const deliver: Deliver = async (push) => {
    for (const event of push.events) {
      // CloudEvents over AMQP 0-9-1 has no batched mode: one message an event.
      const { body, headers } = signed({ events: [event], batched: false }, file, secret);
      channel.sendToQueue(queueName, body, { persistent: true, contentType: headers['content-type']!, headers: { 'x-signature': headers['x-signature'] } });
    }
    await channel.waitForConfirms();
  };
  return { deliver, close: () => connection.close() };
}
