import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type Client, type Pool } from '../base/db.ts';
import { YiwangError } from '../base/errors.ts';
import { log } from '../base/log.ts';
import type { SealedEntry } from './entry.ts';
import { beginFlush, caughtUp, insertBatch } from './flush.ts';
import { sameBytes } from './merkle.ts';
import { treeRoot, type Tree } from './tree.ts';

/**
 * The queue in front of the log: entries gather until 64 wait or the oldest has waited 5 ms, then go in one transaction.
 *
 * What an answer may rely on: `committed` is called after COMMIT was acknowledged and never otherwise. An entry that is
 * not committed by its deadline is given up: its answer is withheld, and the entry itself is never written later. The one
 * thing nobody can know at the deadline is the fate of a COMMIT already under way. So the batch stays in doubt, its
 * callers are refused, and the next transaction, which holds the sequencer's lock and therefore starts after the old one
 * ended, reads whether the batch is there. Whatever was given up leaves a refusal of its own (`withheld`), which names the
 * entry it withdraws when that one did commit: the log may say more than what was answered, and says so; never less.
 */
export function openSequencer(options: SequencerOptions): Sequencer {
  const state: State = { ...options, queue: new Set(), doubt: null, flushing: null, timer: null, retryAt: 0, retryMs: 0, tampered: null, closed: false };
  return {
    push: (place) => push(state, place),
    giveUp: (place) => giveUp(state, place),
    treeSize: () => state.tree.size,
    close: () => close(state),
  };
}

export interface SequencerOptions {
  pool: Pool;
  tree: Tree;
  writer: string;
  timeoutMs: number;
  flushEntries: number;
  flushAfterMs: number;
}

export interface Sequencer {
  push: (place: Place) => void;
  /** At an entry's deadline, when its caller has been refused. */
  giveUp: (place: Place) => void;
  /** Entries committed so far, as far as this process knows. */
  treeSize: () => number;
  close: () => Promise<void>;
}

/** One entry on its way into the log. */
export interface Place {
  /** Asked each time the entry goes into a transaction: one that no answer waits for is sealed then, with the time it is then. */
  sealed: () => SealedEntry;
  queuedAt: number;
  /** True once its caller was refused. */
  givenUp: boolean;
  committed: (index: number) => void;
  refused: (error: YiwangError) => void;
  /** The fate of an entry that was given up: the index under which it committed all the same, or null. */
  withheld: (index: number | null) => void;
}

interface State extends SequencerOptions {
  queue: Set<Place>;
  doubt: Doubt | null;
  flushing: Promise<void> | null;
  timer: NodeJS.Timeout | null;
  retryAt: number;
  retryMs: number;
  tampered: YiwangError | null;
  closed: boolean;
}

/** A batch whose COMMIT was sent and not answered yet. */
interface Doubt {
  batch: Place[];
  grown: Tree;
  from: number;
}

const batchEntriesMax = 512;
const queueEntriesMax = 20_000;
const retryMsMin = 20;
const retryMsMax = 500;
const closePollMs = 5;

function push(state: State, place: Place): void {
  if (state.tampered) return place.refused(state.tampered);
  if (state.closed || state.queue.size >= queueEntriesMax) {
    place.givenUp = true;
    place.refused(unwritten(state.closed ? 'the log is closed' : 'too many entries wait'));
    return place.withheld(null);
  }
  state.queue.add(place);
  arrange(state);
}

/** Out of the queue at once; what is in a transaction is settled when its fate is known. */
function giveUp(state: State, place: Place): void {
  place.givenUp = true;
  if (state.queue.delete(place)) place.withheld(null);
}

export function unwritten(detail: string, cause?: unknown): YiwangError {
  return new YiwangError('AUDIT_UNWRITTEN', { detail, ...(cause === undefined ? {} : { cause }) });
}

/** Starts the next flush when it is due, or sets the timer for it. */
function arrange(state: State): void {
  if (state.flushing || state.tampered) return;
  const oldest = state.queue.values().next().value;
  if (!oldest && !state.doubt) return;
  const full = state.queue.size >= state.flushEntries;
  const dueAt = Math.max(state.retryAt, full || !oldest ? 0 : oldest.queuedAt + state.flushAfterMs);
  const waitMs = dueAt - performance.now();
  if (state.timer) clearTimeout(state.timer);
  state.timer = waitMs > 0 ? setTimeout(() => start(state), waitMs) : null;
  if (!state.timer) start(state);
}

function start(state: State): void {
  state.timer = null;
  if (state.flushing) return;
  state.flushing = flush(state).finally(() => {
    state.flushing = null;
    arrange(state);
  });
}

async function flush(state: State): Promise<void> {
  let client: Client | null = null;
  let lost: Error | undefined;
  let guard: NodeJS.Timeout | undefined;
  const release = () => {
    client?.release(lost);
    client = null;
  };
  try {
    client = await connect(state.pool);
    // A server that takes our bytes and never answers: dropping the connection ends the wait, and the doubt stays.
    guard = setTimeout(() => ((lost = new Error('no answer in time')), release()), state.timeoutMs);
    await writeNext(state, client);
    state.retryMs = 0;
  } catch (error) {
    lost = error instanceof Error ? error : new Error('unknown');
    failed(state, error);
  } finally {
    clearTimeout(guard);
    release();
  }
}

/** One transaction: settle what is in doubt, write the next batch, commit, answer. */
async function writeNext(state: State, client: Client): Promise<void> {
  const head = await beginFlush(client, state.timeoutMs);
  state.tree = await caughtUp(client, state.tree, head, (batch) => settleCommitted(state, batch));
  settleLost(state);
  const batch = nextBatch(state);
  try {
    if (batch.length === 0) return void (await client.query('ROLLBACK'));
    const grown = await insertBatch(client, state.tree, batch.map((place) => place.sealed()), state.writer);
    if (batch.some((place) => place.givenUp)) {
      await client.query('ROLLBACK');
      return requeue(state, batch);
    }
    state.doubt = { batch, grown, from: state.tree.size };
  } catch (error) {
    requeue(state, batch);
    throw error;
  }
  const { command } = await client.query('COMMIT');
  if (command !== 'COMMIT') throw unwritten('the server rolled the batch back');
  settleCommitted(state, { prevSize: state.tree.size, size: state.tree.size + batch.length, root: null });
}

function nextBatch(state: State): Place[] {
  const batch = [...state.queue.values().take(batchEntriesMax)];
  for (const place of batch) state.queue.delete(place);
  return batch;
}

/** A batch is there. Ours, when it is the one in doubt: one root, one content. */
function settleCommitted(state: State, batch: { prevSize: number; size: number; root: Buffer | null }): void {
  const doubt = state.doubt;
  if (!doubt || doubt.from !== batch.prevSize || doubt.grown.size !== batch.size) return;
  if (batch.root && !sameBytes(batch.root, treeRoot(doubt.grown))) return;
  state.doubt = null;
  state.tree = doubt.grown;
  for (const [offset, place] of doubt.batch.entries()) {
    if (place.givenUp) place.withheld(doubt.from + offset);
    else place.committed(doubt.from + offset);
  }
}

/** Under the lock, a batch that is not in the log will never be. */
function settleLost(state: State): void {
  const doubt = state.doubt;
  state.doubt = null;
  if (doubt) requeue(state, doubt.batch);
}

/** Back to the front, in order, those whose callers still wait; the others are known not to be in the log. */
function requeue(state: State, batch: readonly Place[]): void {
  state.queue = new Set([...batch.filter((place) => !place.givenUp), ...state.queue]);
  for (const place of batch) if (place.givenUp) place.withheld(null);
}

function failed(state: State, error: unknown): void {
  if (error instanceof YiwangError && error.code === 'LOG_TAMPERED') return stop(state, error);
  state.retryMs = Math.min(Math.max(state.retryMs * 2, retryMsMin), retryMsMax);
  state.retryAt = performance.now() + state.retryMs;
  log.warn({ err: error, waiting: state.queue.size }, 'the access log was not written; trying again');
}

/** The stored log contradicts what this process wrote: nothing is answered until an operator has looked. */
function stop(state: State, error: YiwangError): void {
  state.tampered = error;
  log.error({ err: error, detail: error.detail }, 'the access log was changed from outside; no answer leaves');
  for (const place of [...(state.doubt?.batch ?? []), ...state.queue]) place.refused(error);
  state.queue.clear();
  state.doubt = null;
}

async function close(state: State): Promise<void> {
  state.closed = true;
  const until = performance.now() + state.timeoutMs;
  while ((state.queue.size > 0 || state.doubt || state.flushing) && performance.now() < until) {
    arrange(state);
    await (state.flushing ?? sleep(closePollMs));
  }
  if (state.timer) clearTimeout(state.timer);
  for (const place of state.queue) place.refused(unwritten('the log was closed'));
}
