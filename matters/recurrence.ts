import { stated, type HistoryRecord } from './history.ts';
import { reopenedMs } from './status.ts';

export interface Recurrence {
  recordsIn30Days: number;
  thirdRecordMs: number | null;
  reopenedMs: number | null;
  repeatPetition: boolean;
}

const windowMs = 30 * 86_400_000;
const thirdRecord = 3;

/** How a matter comes back: the fullest window of 30 days, its third record, and what was opened again. */
export function recurrenceOf(records: readonly HistoryRecord[]): Recurrence {
  const times = records.map((record) => record.occurredMs).filter((ms) => ms !== null).sort((a, b) => a - b);
  const within = times.map((end, index) => times.slice(0, index + 1).filter((start) => end - start <= windowMs).length);
  const third = within.findIndex((count) => count >= thirdRecord);
  return {
    recordsIn30Days: Math.max(0, ...within),
    thirdRecordMs: third < 0 ? null : times[third]!,
    reopenedMs: reopenedMs(records.map(stated)),
    repeatPetition: records.some((record) => record.facts['repeat'] === true),
  };
}
