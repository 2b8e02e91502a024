import { isFinished, recordState, recordStates, type RecordState } from '../schema/states.ts';

export type MatterStatus = RecordState | 'REOPENED';

/** What a matter's state is derived from. */
export interface StatedRecord {
  state: string | null;
  /** Milliseconds since 1970 UTC. */
  startedMs: number | null;
  /** When it was first finished, whether it still is or not. */
  finishedMs: number | null;
}

/** The state of a matter is that of its least finished record; a code that is not listed leaves it OPEN. */
export function matterStatus(states: readonly (string | null)[]): RecordState {
  if (states.length === 0) return 'OPEN';
  return states.map(recordState).reduce((least, state) => (recordStates.indexOf(state) < recordStates.indexOf(least) ? state : least));
}

/** The same with its history: OPEN after everything was settled is REOPENED, until somebody is assigned. */
export function matterState(records: readonly StatedRecord[]): MatterStatus {
  const state = matterStatus(records.map((record) => record.state));
  return state === 'OPEN' && reopenedMs(records) !== null ? 'REOPENED' : state;
}

/**
 * When a matter last came up again: a record came in after all earlier ones had been finished, or a finished record was
 * taken up once more (then: when that was is not told by its source, and the time it was finished stands for it).
 */
export function reopenedMs(records: readonly StatedRecord[]): number | null {
  const ordered = [...records].sort((a, b) => (a.startedMs ?? 0) - (b.startedMs ?? 0));
  let found: number | null = null;
  ordered.forEach((record, index) => {
    const earlier = ordered.slice(0, index);
    const started = record.startedMs;
    if (started !== null && earlier.length > 0 && earlier.every((one) => one.finishedMs !== null && one.finishedMs < started)) found = started;
    if (record.finishedMs !== null && !isFinished(recordState(record.state))) found = Math.max(found ?? 0, record.finishedMs);
  });
  return found;
}
