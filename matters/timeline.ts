import { instantMs, isDay, stated, type HistoryRecord } from './history.ts';
import { matterState, type MatterStatus, type StatedRecord } from './status.ts';
import { isFinished, recordState, type RecordState } from '../schema/states.ts';

export type TimelineKind =
  | 'REGISTERED' | 'ASSIGNED' | 'CONTACTED' | 'DISPATCHED' | 'ACCEPTED' | 'RETURNED' | 'DIVERTED' | 'MEDIATED' | 'AGREED' | 'DECIDED' | 'CLOSED' | 'FOLLOWED_UP'
  | 'FILED' | 'CONFIRMATION_FILED' | 'CONFIRMED' | 'REVIEWED' | 'FINALLY_REVIEWED' | 'UPDATED';

export interface TimelineEntry {
  atMs: number;
  dayOnly: boolean;
  kind: TimelineKind;
  /** The matter's state from then on; null where it did not change. */
  status: MatterStatus | null;
  rid: string;
}

/** Data: which fact dates what, and the state that a record has from then on, as far as the event tells. */
const events: readonly { fact: string; kind: TimelineKind; state?: RecordState }[] = [
  { fact: 'receivedAt', kind: 'REGISTERED', state: 'OPEN' },
  { fact: 'registeredAt', kind: 'REGISTERED', state: 'OPEN' },
  { fact: 'registeredOn', kind: 'REGISTERED', state: 'OPEN' },
  { fact: 'assignedAt', kind: 'ASSIGNED', state: 'ASSIGNED' },
  { fact: 'contactedAt', kind: 'CONTACTED' },
  { fact: 'dispatchedAt', kind: 'DISPATCHED', state: 'ASSIGNED' },
  { fact: 'acceptedAt', kind: 'ACCEPTED', state: 'IN_PROGRESS' },
  { fact: 'acceptedOn', kind: 'ACCEPTED', state: 'IN_PROGRESS' },
  { fact: 'returnedAt', kind: 'RETURNED', state: 'SUSPENDED' },
  { fact: 'handedOverAt', kind: 'DIVERTED', state: 'IN_PROGRESS' },
  { fact: 'divertedOn', kind: 'DIVERTED', state: 'IN_PROGRESS' },
  { fact: 'finishedAt', kind: 'CLOSED', state: 'RESOLVED' },
  { fact: 'closedAt', kind: 'CLOSED', state: 'CLOSED' },
  { fact: 'decidedOn', kind: 'DECIDED', state: 'RESOLVED' },
  { fact: 'followUpAt', kind: 'FOLLOWED_UP' },
  { fact: 'filedOn', kind: 'FILED', state: 'TRANSFERRED_TO_LITIGATION' },
  { fact: 'confirmationFiledOn', kind: 'CONFIRMATION_FILED' },
  { fact: 'confirmedOn', kind: 'CONFIRMED' },
  { fact: 'reviewedOn', kind: 'REVIEWED' },
  { fact: 'finallyReviewedOn', kind: 'FINALLY_REVIEWED' },
];
const milestones: readonly { firstSeen: string; kind: TimelineKind; state: RecordState }[] = [
  { firstSeen: 'DECIDED', kind: 'DECIDED', state: 'RESOLVED' },
  { firstSeen: 'MEDIATED', kind: 'MEDIATED', state: 'CLOSED' },
  { firstSeen: 'AGREED', kind: 'AGREED', state: 'RESOLVED' },
];

/**
 * What happened to a matter, the earliest first. It follows from the records alone, so that it is the same whatever order
 * their versions came in; a record whose state its dates do not explain ends with UPDATED at its last change.
 */
export function timelineOf(records: readonly HistoryRecord[]): TimelineEntry[] {
  const dated = records.flatMap(entriesOf).sort((a, b) => a.atMs - b.atMs || order.indexOf(a.kind) - order.indexOf(b.kind) || (a.rid < b.rid ? -1 : 1));
  const own = new Map(records.map((record) => [record.rid, stated(record)]));
  const states = new Map<string, StatedRecord>();
  let before: MatterStatus | null = null;
  return dated.map(({ state, ...entry }) => {
    const known = states.get(entry.rid);
    const next = state ?? known?.state ?? 'OPEN';
    const { startedMs, finishedMs } = own.get(entry.rid)!;
    states.set(entry.rid, { state: next, startedMs, finishedMs: isFinished(next) || known?.finishedMs != null ? finishedMs : null });
    const after = matterState([...states.values()]);
    const status = after === before ? null : after;
    before = after;
    return { ...entry, status };
  });
}

type Dated = Omit<TimelineEntry, 'status'> & { state: RecordState | undefined };

const order: readonly TimelineKind[] = [...new Set([...events.map((event) => event.kind), ...milestones.map((one) => one.kind), 'UPDATED' as const])];

function entriesOf(record: HistoryRecord): Dated[] {
  const { rid, facts, firstSeen } = record;
  const found: Dated[] = [];
  for (const { fact, kind, state } of events) {
    const atMs = instantMs(facts[fact]);
    if (atMs !== null) found.push({ atMs, dayOnly: isDay(facts[fact]), kind, state, rid });
  }
  for (const { firstSeen: name, kind, state } of milestones) {
    const atMs = instantMs(firstSeen[name]);
    if (atMs !== null) found.push({ atMs, dayOnly: false, kind, state, rid });
  }
  // It was finished once, and no date of its newest version says when: it has been taken up again since, or was withdrawn.
  const finishedMs = instantMs(firstSeen['FINISHED']);
  if (finishedMs !== null && !isFinished(recordState(record.status)) && !found.some((entry) => isFinished(entry.state ?? null))) found.push({ atMs: finishedMs, dayOnly: false, kind: 'CLOSED', state: 'CLOSED', rid });
  found.sort((a, b) => a.atMs - b.atMs || order.indexOf(a.kind) - order.indexOf(b.kind));
  const told = found.map((entry) => ({ ...entry, state: stateTold(record, found, entry) }));
  return [...told, ...unexplained(record, told)];
}

/** The state of an entry in its record's whole history: nothing is opened again by being registered, or ends otherwise than the source says it did. */
function stateTold({ status }: HistoryRecord, found: readonly Dated[], entry: Dated): RecordState | undefined {
  const stated = found.filter(({ state }) => state !== undefined);
  // Registered at ten and accepted on that day, of which 0:00 is told: what was accepted stays so.
  if (entry.kind === 'REGISTERED' && stated[0] !== entry) return undefined;
  if (entry.kind !== 'MEDIATED') return entry.state;
  if (stated.some(({ kind, atMs }) => kind === 'AGREED' && atMs === entry.atMs)) return undefined; // the agreement tells it
  const state = recordState(status);
  return stated.at(-1) === entry && isFinished(state) ? state : entry.state;
}

/** The source says more than its dates tell: that it was withdrawn, closed without a day, taken up again. */
function unexplained(record: HistoryRecord, found: readonly Dated[]): Dated[] {
  const last = found.findLast((entry) => entry.state !== undefined)?.state ?? 'OPEN';
  const state = recordState(record.status);
  const atMs = Math.max(record.updatedMs ?? record.occurredMs ?? 0, ...found.map((entry) => entry.atMs));
  return state === last ? [] : [{ atMs, dayOnly: false, kind: 'UPDATED', state, rid: record.rid }];
}
