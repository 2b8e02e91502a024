import type { StatedRecord } from './status.ts';

/** What timeline, docking, mediation and recurrence of a matter read of one of its records. WORK facts only. */
export interface HistoryRecord {
  rid: string;
  department: string;
  status: string | null;
  occurredMs: number | null;
  /** When the source last changed it. */
  updatedMs: number | null;
  assistOrgs: readonly string[];
  facts: Readonly<Record<string, unknown>>;
  firstSeen: Readonly<Record<string, string>>;
  /** The organisation that handles it mediates. */
  handledByMediator: boolean;
}

export function stated(record: HistoryRecord): StatedRecord {
  return { state: record.status, startedMs: record.occurredMs, finishedMs: instantMs(record.firstSeen['FINISHED']) };
}

/** An instant, or 0:00 in Shanghai of a day; null for anything else. */
export function instantMs(value: unknown): number | null {
  if (typeof value !== 'string') return null;
  const ms = Date.parse(isDay(value) ? `${value}T00:00:00+08:00` : value);
  return Number.isNaN(ms) ? null : ms;
}

export function isDay(value: unknown): boolean {
  return typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value);
}

/** A code of a record's facts. */
export function codeOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
