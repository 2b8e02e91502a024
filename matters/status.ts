/**
 * How a department's own status reads as a state of the matter. Data: a code that is not listed leaves the matter OPEN.
 * The state of a matter is that of its least finished record, so that closing one door never hides another.
 */
export type MatterStatus = 'OPEN' | 'ASSIGNED' | 'IN_PROGRESS' | 'RESOLVED' | 'CLOSED' | 'WITHDRAWN';

const order: readonly MatterStatus[] = ['OPEN', 'ASSIGNED', 'IN_PROGRESS', 'RESOLVED', 'CLOSED', 'WITHDRAWN'];

export function matterStatus(recordStates: readonly (string | null)[]): MatterStatus {
  const states = recordStates.map((state) => (order.includes(state as MatterStatus) ? (state as MatterStatus) : 'OPEN'));
  const live = states.filter((state) => state !== 'WITHDRAWN');
  if (live.length === 0) return states.length === 0 ? 'OPEN' : 'WITHDRAWN';
  return live.reduce((least, state) => (order.indexOf(state) < order.indexOf(least) ? state : least));
}
