import { clockRules } from './clock-rules.ts';
import { clockOf } from './clocks.ts';
import { codeOf, instantMs, type HistoryRecord } from './history.ts';

export type DockingChannel = 'LITIGATION' | 'POLICE' | 'PETITION';
export type Confirmation = 'NONE' | 'FILED' | 'CONFIRMED';

/** One record handed to mediation. What its source does not know is null. */
export interface Docking {
  channel: DockingChannel;
  rid: string;
  divertedMs: number | null;
  divertedTo: string | null;
  acceptedInTime: boolean | null;
  outcome: string | null;
  agreementKept: boolean | null;
  confirmation: Confirmation | null;
}

export interface Mediation {
  organization: string | null;
  divertedMs: number | null;
  outcome: string | null;
  endedMs: number | null;
  agreementKept: boolean | null;
  confirmation: Confirmation | null;
}

const acceptance = clockRules.find((rule) => rule.id === 'PETITION-15D')!;

/** How the records of a matter were handed to mediation, in their order. */
export function dockingOf(records: readonly HistoryRecord[]): Docking[] {
  return records.flatMap((record) => fromCourt(record) ?? fromPolice(record) ?? fromPetition(record) ?? []);
}

/** What mediation of a matter came to: the latest diversion names who mediates, the latest result is the result. */
export function mediationOf(records: readonly HistoryRecord[]): Mediation | null {
  const dockings = dockingOf(records);
  const mediated = records.filter((record) => record.facts['outcome'] !== undefined && record.facts['outcome'] !== 'PENDING' && record.firstSeen['MEDIATED'] !== undefined);
  const [result] = [...mediated].sort((a, b) => (instantMs(b.firstSeen['MEDIATED']) ?? 0) - (instantMs(a.firstSeen['MEDIATED']) ?? 0) || (a.rid < b.rid ? -1 : 1));
  const [latest] = [...dockings].sort((a, b) => (b.divertedMs ?? 0) - (a.divertedMs ?? 0) || (a.rid < b.rid ? -1 : 1));
  if (!latest && !result) return null;
  return {
    organization: latest?.divertedTo ?? null,
    divertedMs: latest?.divertedMs ?? null,
    outcome: codeOf(result?.facts['outcome']) ?? latest?.outcome ?? null,
    endedMs: result ? instantMs(result.firstSeen['MEDIATED']) : null,
    agreementKept: result ? kept(result) : null,
    confirmation: result ? confirmationOf(result) : null,
  };
}

/** An agreement that was not kept, or only when it was enforced. */
export function isAgreementBroken(records: readonly HistoryRecord[]): boolean {
  return records.some((record) => kept(record) === false);
}

function fromCourt(record: HistoryRecord): Docking[] | null {
  const { facts } = record;
  if (facts['divertedTo'] === undefined && facts['divertedOn'] === undefined) return null;
  return [{ channel: 'LITIGATION', rid: record.rid, divertedMs: instantMs(facts['divertedOn']), divertedTo: codeOf(facts['divertedTo']), acceptedInTime: null, outcome: codeOf(facts['outcome']), agreementKept: kept(record), confirmation: confirmationOf(record) }];
}

function fromPolice(record: HistoryRecord): Docking[] | null {
  if (record.facts['handedOver'] !== true) return null;
  return [{ channel: 'POLICE', rid: record.rid, divertedMs: instantMs(record.facts['handedOverAt']), divertedTo: record.assistOrgs[0] ?? null, acceptedInTime: null, outcome: null, agreementKept: null, confirmation: null }];
}

/** A petition went to mediation where the organisation that handles it mediates. */
function fromPetition(record: HistoryRecord): Docking[] | null {
  if (!record.handledByMediator) return null;
  const { startedMs: registered, stoppedMs: accepted, dueMs } = clockOf(acceptance, record);
  const inTime = accepted === null || dueMs === null ? null : accepted <= dueMs;
  return [{ channel: 'PETITION', rid: record.rid, divertedMs: registered, divertedTo: codeOf(record.facts['handledBy']), acceptedInTime: inTime, outcome: null, agreementKept: null, confirmation: null }];
}

function kept({ facts }: HistoryRecord): boolean | null {
  if (facts['outcome'] !== 'AGREED') return null;
  return facts['fulfilment'] === 'VOLUNTARY' ? true : facts['fulfilment'] === 'ENFORCED' || facts['fulfilment'] === 'UNFULFILLED' ? false : null;
}

function confirmationOf({ facts }: HistoryRecord): Confirmation | null {
  if (facts['outcome'] !== 'AGREED') return null;
  return facts['confirmedOn'] !== undefined ? 'CONFIRMED' : facts['confirmationFiledOn'] !== undefined ? 'FILED' : 'NONE';
}
