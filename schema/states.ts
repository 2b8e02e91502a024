/**
 * The states of records and matters, from the least finished to what no longer counts; the least finished record decides
 * for its matter, so that closing one door never hides another. A case that went on to litigation is under way there: it
 * outranks what is settled. REOPENED is a state of matters only: it follows from the history of their records.
 */
export const recordStates = ['OPEN', 'ASSIGNED', 'IN_PROGRESS', 'SUSPENDED', 'TRANSFERRED_TO_LITIGATION', 'RESOLVED', 'CLOSED', 'WITHDRAWN'] as const;
export type RecordState = (typeof recordStates)[number];

/** Nobody is to do anything more about a record in one of these. */
export const finishedStates: readonly RecordState[] = ['TRANSFERRED_TO_LITIGATION', 'RESOLVED', 'CLOSED', 'WITHDRAWN'];

export function isFinished(state: string | null): boolean {
  return (finishedStates as readonly (string | null)[]).includes(state);
}

/** A code that is not listed leaves the record open. */
export function recordState(state: string | null): RecordState {
  return (recordStates as readonly (string | null)[]).includes(state) ? (state as RecordState) : 'OPEN';
}

export const stateNames: Record<RecordState | 'REOPENED', string> = {
  OPEN: '已登记', ASSIGNED: '已交办', IN_PROGRESS: '办理中', SUSPENDED: '待重新交办', TRANSFERRED_TO_LITIGATION: '转入诉讼', RESOLVED: '已办结', CLOSED: '已归档', WITHDRAWN: '已撤回', REOPENED: '重新打开',
};
