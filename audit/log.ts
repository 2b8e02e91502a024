import { randomBytes } from 'node:crypto';
import { connect, type Pool } from '../base/db.ts';
import type { ErrorCode, YiwangError } from '../base/errors.ts';
import { log } from '../base/log.ts';
import { sealEntry, type AccessEntry, type AccessEntryInput, type SealedEntry } from './entry.ts';
import { storedHead } from './flush.ts';
import { agreesWithOutside } from './outside.ts';
import { openSequencer, unwritten, type Place, type Sequencer } from './sequencer.ts';

/**
 * The only writer of the access log. `append` resolves when the entry is committed, and only then may the answer leave;
 * it rejects with `AUDIT_UNWRITTEN` when that has not happened within `timeoutMs`, and with `LOG_TAMPERED` when the stored
 * log is not the one this process or the newest outside checkpoint knows. Any number of processes may write.
 *
 * Give it a pool of its own (2 connections are enough), so that slow queries cannot starve it.
 */
export async function openAccessLog(options: AccessLogOptions): Promise<AccessLog> {
  const settings = { ...defaults, ...options };
  const client = await connect(settings.pool);
  try {
    const tree = await storedHead(client);
    if (settings.outside) await agreesWithOutside({ db: client, size: tree.size, ...settings.outside });
    const writer = Buffer.from(settings.randomBytes(4)).toString('hex');
    const sequencer = openSequencer({ ...settings, tree, writer });
    return accessLog({ ...settings, sequencer, refusals: new Map(), refusalsWaiting: new Set(), refusalTimer: null, unwrittenOperations: 0, withheldWaiting: 0, closed: false });
  } finally {
    client.release();
  }
}

export interface AccessLogOptions {
  pool: Pool;
  /** How long an answer waits for its entry; 2,000 ms by default. */
  timeoutMs?: number;
  /** A flush begins when this many entries wait (64), */
  flushEntries?: number;
  /** or when the oldest has waited this long (5 ms). */
  flushAfterMs?: number;
  /** Refuse to open on a database that is older than, or differs from, the newest checkpoint in this folder. */
  outside?: { folder: string; publicKey: string };
  now?: () => Date;
  randomBytes?: (count: number) => Uint8Array;
}

export interface AccessLog {
  /** Resolves after the commit, with the entry's index and the time that stands in it. */
  append: (entry: AccessEntryInput) => Promise<{ index: number; time: string }>;
  /** Counts a refusal of somebody who is not signed in: one entry a second for each code, with the number of them. */
  appendRefusals: (code: ErrorCode, operations?: number) => void;
  /** Entries committed, as far as this process knows. */
  size: () => number;
  /** Writes what waits, at most for `timeoutMs`, and stops. The pool stays open. */
  close: () => Promise<void>;
}

const defaults = { timeoutMs: 2_000, flushEntries: 64, flushAfterMs: 5, now: () => new Date(), randomBytes: (count: number): Uint8Array => randomBytes(count) };
const refusalsEveryMs = 1_000;
const withheldWaitingMax = 10_000;

interface Writer {
  sequencer: Sequencer;
  timeoutMs: number;
  now: () => Date;
  randomBytes: (count: number) => Uint8Array;
  refusals: Map<ErrorCode, number>;
  /** Codes whose last entry is not committed yet. */
  refusalsWaiting: Set<ErrorCode>;
  refusalTimer: NodeJS.Timeout | null;
  /** Answers withheld whose own refusals found no room to wait; they are written as one entry with a count. */
  unwrittenOperations: number;
  withheldWaiting: number;
  closed: boolean;
}

function accessLog(writer: Writer): AccessLog {
  return {
    append: async (entry) => append(writer, sealed(writer, entry)),
    appendRefusals: (code, operations = 1) => countRefusals(writer, code, operations),
    size: () => writer.sequencer.treeSize(),
    close: () => close(writer),
  };
}

/** No entry, no answer: what cannot be written down is as good as not committed. */
function sealed(writer: Writer, entry: AccessEntryInput): SealedEntry {
  try {
    return sealEntry(entry, { now: writer.now(), randomBytes: writer.randomBytes });
  } catch (error) {
    log.error({ err: error }, 'an access entry is malformed');
    throw unwritten('the entry is malformed', error);
  }
}

function append(writer: Writer, entry: SealedEntry): Promise<{ index: number; time: string }> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(unwritten(`not committed within ${writer.timeoutMs} ms`));
      writer.sequencer.giveUp(place);
    }, writer.timeoutMs);
    const place: Place = {
      sealed: () => entry,
      queuedAt: performance.now(),
      givenUp: false,
      committed: (index) => {
        clearTimeout(timer);
        settleUnwritten(writer);
        resolve({ index, time: entry.entry.time });
      },
      refused: (error: YiwangError) => {
        clearTimeout(timer);
        reject(error);
      },
      withheld: (index) => appendWithheld(writer, entry.entry, index),
    };
    writer.sequencer.push(place);
  });
}

/**
 * The answer of `given` was withheld because its entry was late, so the log owes it a refusal, under the same trace id.
 * Nobody waits for this one: it is written when the log can be written again.
 */
function appendWithheld(writer: Writer, given: AccessEntry, index: number | null): void {
  if (writer.withheldWaiting >= withheldWaitingMax) {
    writer.unwrittenOperations += given.operations;
    return;
  }
  const { viewer, client, org, department, tier, division, purpose, matter, legalBasis, operation, policyVersion, traceId, operations } = given;
  const who = { viewer, client, org, department, tier, division, purpose, matter, legalBasis };
  const refusal: AccessEntryInput = { ...who, operation, policyVersion, traceId, operations, decision: 'REFUSED', code: 'AUDIT_UNWRITTEN', withdraws: index };
  writer.withheldWaiting += 1;
  pushUnawaited(writer, refusal, (written) => {
    writer.withheldWaiting -= 1;
    if (!written) writer.unwrittenOperations += operations;
  });
}

/**
 * An entry no answer waits for: it has no deadline, and is written when the log can be, with the time it is then. Behind
 * what other gateways wrote meanwhile an older one would look as if a clock had gone back.
 */
function pushUnawaited(writer: Writer, entry: AccessEntryInput, settled: (written: boolean) => void): void {
  const committed = () => settled(true);
  const refused = () => settled(false);
  writer.sequencer.push({ sealed: () => sealed(writer, entry), queuedAt: performance.now(), givenUp: false, committed, refused, withheld: () => undefined });
}

/** The log works again: put down how many answers were withheld without an entry of their own. */
function settleUnwritten(writer: Writer): void {
  if (writer.unwrittenOperations === 0) return;
  countRefusals(writer, 'AUDIT_UNWRITTEN', writer.unwrittenOperations);
  writer.unwrittenOperations = 0;
}

function countRefusals(writer: Writer, code: ErrorCode, operations: number): void {
  writer.refusals.set(code, (writer.refusals.get(code) ?? 0) + operations);
  if (!writer.closed) writer.refusalTimer ??= setTimeout(() => writeRefusals(writer), refusalsEveryMs);
}

/** One entry per code; while an earlier one still waits for the log, its code goes on counting. */
function writeRefusals(writer: Writer): void {
  if (writer.refusalTimer) clearTimeout(writer.refusalTimer);
  writer.refusalTimer = null;
  for (const [code, operations] of [...writer.refusals]) {
    if (writer.refusalsWaiting.has(code)) continue;
    writer.refusals.delete(code);
    writer.refusalsWaiting.add(code);
    pushUnawaited(writer, { decision: 'REFUSED', code, operations }, (written) => {
      writer.refusalsWaiting.delete(code);
      if (!written) countRefusals(writer, code, operations);
    });
  }
  if (writer.refusals.size > 0 && !writer.closed) writer.refusalTimer ??= setTimeout(() => writeRefusals(writer), refusalsEveryMs);
}

async function close(writer: Writer): Promise<void> {
  settleUnwritten(writer);
  writer.closed = true;
  writeRefusals(writer);
  await writer.sequencer.close();
  const refusals = [...writer.refusals.values()].reduce((sum, operations) => sum + operations, 0);
  const lost = writer.withheldWaiting + writer.unwrittenOperations + refusals;
  if (lost > 0) log.error({ answers: lost }, 'the access log closed before it could note all refusals');
}
