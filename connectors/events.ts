import { solidText } from '../linkage/standardise/text.ts';
import type { Row } from './contract.ts';
import type { Counts } from './counts.ts';
import type { Offered } from './judge.ts';

/** An acknowledged event as `hub.waiting_event` keeps it, in a list, until it is applied. */
export interface StoredEvent {
  id: string;
  subject: unknown;
  sequence: unknown;
  type: string;
  /** null where `data` is no object. */
  row: Row | null;
  /** Found when it arrived, because afterwards its size is not kept. */
  fault?: { reason: 'TOO_LARGE' | 'INVALID_BYTES' | 'SCHEMA'; field?: string };
}

/** What of a delivery was no event, or none that is new. */
export interface StoredCounts {
  counts: Partial<Counts>;
}

/** A version whose identity is its ticket and sequence, whatever way it came. */
export function offeredEvent(event: StoredEvent, position: string, receivedId: number | undefined): Offered {
  const subject = typeof event.subject === 'string' || typeof event.subject === 'number' ? solidText(event.subject) : null;
  const sequence = sequenceText(event.sequence);
  const identity = subject !== null && sequence !== null ? `${subject}|${sequence}` : undefined;
  return { position, row: event.row, beside: { eventType: event.type }, event: { subject, sequence }, ...(event.fault ? { fault: event.fault } : event.row === null ? { fault: { reason: 'SCHEMA' as const, field: 'data' } } : {}), ...(identity === undefined ? {} : { identity }), ...(receivedId === undefined ? {} : { receivedId }) };
}

/** Integer text; leading zeros say nothing. */
function sequenceText(raw: unknown): string | null {
  const text = typeof raw === 'number' && Number.isSafeInteger(raw) ? String(raw) : typeof raw === 'string' ? raw.trim() : '';
  const digits = text.replace(/^0+(?=\d)/, '');
  return digits.length <= sequenceDigitsMax && /^\d+$/.test(digits) ? digits : null;
}

const sequenceDigitsMax = 100;
