import { shanghaiRfc3339, shanghaiText } from '../time.ts';
import { dayMs, watermarks, type Context } from './context.ts';
import { writtenAddress, writtenId, writtenName, writtenPhone, type WrittenId } from './dirt.ts';
import { divisionOf, planMatter, told, type Facility, type Matter } from './matter.ts';
import type { TextFile } from './output.ts';
import type { Person } from './people.ts';
import { random, type Random } from './random.ts';
import { records, type Records, type Written } from './records.ts';
import { disputes } from './texts.ts';

const minuteMs = 60_000;

interface Party {
  role: 'PLAINTIFF' | 'DEFENDANT' | 'AGENT';
  kind: 'PERSON' | 'ORG';
  name: string;
  idType: string;
  idNumber: string | null;
  phone: string | null;
  address: string | null;
}

export type CaseRow = Record<string, unknown> & { prelitNo: string; parties: Party[] };

export interface PlannedCase {
  row: CaseRow;
  ids: (WrittenId | undefined)[];
  persons: { ordinal: number; role: string; person: Person }[];
  updates: number[];
}

export interface Cases extends Records {
  add(matter: Matter, plaintiff: Person, receivedMs: number): string;
}

/** Pre-litigation cases of the court: `prelitigation-cases`. */
export function casesOf(context: Context, file: TextFile): Cases {
  const stream = records(file);
  let number = 0;
  return {
    ...stream,
    add(matter, plaintiff, receivedMs) {
      number += 1;
      const planned = plannedCase(context, matter, plaintiff, receivedMs, number);
      const last = planned.updates.length - 1;
      const versions = planned.updates.map((updatedMs, nth): Written => ({ row: { ...planned.row, ...(nth < last ? pending : {}), ...at(updatedMs, number), ...drift(number) } }));
      stream.emit(versions, 'live', planned.ids);
      keepTruth(context, matter, planned, true);
      return planned.row.prelitNo;
    },
  };
}

const pending = { outcome: 'PENDING', fulfilment: 'NONE', caseNo: null, filedAt: null, confirmationFiledAt: null, confirmedAt: null };

/** Some rows give the update time in UTC. */
function at(ms: number, number: number): { updatedAt: string } {
  return { updatedAt: number % 5 === 0 ? `${new Date(ms).toISOString().slice(0, 19)}Z` : shanghaiRfc3339(ms) };
}

/** A field that no contract names, in a few rows. */
function drift(number: number): Record<string, string> {
  return number % 60 === 7 ? { assignedDivision: '诉讼服务中心' } : {};
}

export function plannedCase(context: Context, matter: Matter, plaintiff: Person, receivedMs: number, number: number): PlannedCase {
  const chance = random(context.seed, 'case', number);
  const { county, organisations } = context;
  const dispute = matter.dispute ?? disputes.at(-1)!;
  const mediator = divertedTo(context, dispute.code, matter, chance);
  const outcome = chance.weighted([['PENDING', 22], ['AGREED', 40], ['NOT_AGREED', 20], ['WITHDRAWN', 6], ['FILED', 12]] as const);
  const received = dayOf(receivedMs, 0);
  const diverted = mediator === null ? null : dayOf(receivedMs, 2);
  const filed = outcome === 'FILED' || (outcome === 'NOT_AGREED' && chance.chance(0.4)) ? dayOf(receivedMs, chance.between(8, 32)) : null;
  const confirmation = outcome === 'AGREED' && chance.chance(0.5) ? dayOf(receivedMs, chance.between(6, 34)) : null;
  const year = shanghaiText(receivedMs, 4);
  const { parties, ids, persons } = partiesOf(context, matter, plaintiff, chance);
  const bracket = chance.chance(0.3) ? ['(', ')'] : ['（', '）'];
  const row: CaseRow = {
    prelitNo: `${county.code}SQ${year}${String(number).padStart(6, '0')}`, caseNo: filed ? `${bracket[0]}${year}${bracket[1]}${organisations.courtCode}民初${100 + number}号` : null, courtCode: organisations.courtCode,
    caseTypeCode: chance.pick(['0301', '0302', '0399']), causeCode: `90${dispute.code}`, causeName: dispute.cause, disputeType: dispute.code, receivedAt: received, filedAt: filed, divertedAt: diverted,
    mediationDueAt: diverted && dayOf(receivedMs, 32), confirmationFiledAt: confirmation, confirmedAt: confirmation && chance.chance(0.6) ? dayOf(receivedMs, chance.between(36, 50)) : null, divertedTo: mediator,
    outcome, fulfilment: outcome === 'AGREED' ? chance.weighted([['NONE', 3], ['VOLUNTARY', 5], ['ENFORCED', 1], ['UNFULFILLED', 1]]) : 'NONE', claimAmount: `${matter.amount}.00`, parties,
    summary: chance.pick([`诉前登记：${told(matter, chance)}。`, `原告称${told(matter, chance)}，申请诉前调解，标的${matter.amount}元。`]), region: divisionOf(context, matter.home, chance),
    address: chance.chance(0.6) ? writtenAddress(county, matter.home, chance, chance.chance(context.style.exact)) : null, closedHearing: false, minorInvolved: false, updatedAt: '', deleted: false,
  };
  const decidedMs = receivedMs + chance.between(1, 40) * dayMs + chance.below(86_400) * 1000;
  return { row, ids, persons, updates: watermarks(context, Math.floor(decidedMs / 1000) * 1000, chance).map((ms) => Math.floor(ms / 1000) * 1000) };
}

function dayOf(ms: number, days: number): string {
  return shanghaiText(ms + days * dayMs, 10);
}

/** A specialist where there is one, else the township's mediation association; a third of the cases stay in court. */
function divertedTo(context: Context, disputeType: string, matter: Matter, chance: Random): string | null {
  if (chance.chance(0.35)) return null;
  const specialist = context.organisations.specialists.find((association) => association.mediates.includes(disputeType));
  const local = context.organisations.mediators.get(matter.home.estate.village.township.code);
  return (specialist && chance.chance(0.5) ? specialist : (local ?? specialist))?.creditCode ?? null;
}

function partiesOf(context: Context, matter: Matter, plaintiff: Person, chance: Random): Pick<PlannedCase, 'ids' | 'persons'> & { parties: Party[] } {
  const parties: Party[] = [];
  const ids: PlannedCase['ids'] = [];
  const persons: PlannedCase['persons'] = [];
  const person = (role: Party['role'], who: Person, idRate: number) => {
    const id = chance.chance(idRate) ? writtenId(who, chance) : undefined;
    persons.push({ ordinal: parties.length, role, person: who });
    ids.push(id);
    parties.push({ role, kind: 'PERSON', name: writtenName(who, chance, true), idType: '111', idNumber: id?.text ?? null, phone: chance.chance(0.6) ? writtenPhone(who, chance) : null, address: chance.chance(0.7) ? writtenAddress(context.county, who.home, chance) : null });
  };
  person('PLAINTIFF', plaintiff, 0.6);
  const agent = matter.requesters.find((other) => other.index !== plaintiff.index);
  if (agent && chance.chance(0.15)) person('AGENT', agent, 0.4);
  if (matter.respondent && 'person' in matter.respondent) person('DEFENDANT', matter.respondent.person, 0.5);
  if (matter.respondent && 'organisation' in matter.respondent) {
    const { name, creditCode } = matter.respondent.organisation;
    parties.push({ role: 'DEFENDANT', kind: 'ORG', name, idType: '统一社会信用代码', idNumber: creditCode, phone: null, address: matter.home.estate.street });
  }
  return { parties, ids, persons };
}

function keepTruth(context: Context, matter: Matter, planned: PlannedCase, named: boolean): void {
  const recordKey = planned.row.prelitNo;
  context.truth.matter('court', 'prelitigation-cases', recordKey, matter.id);
  if (named) for (const { ordinal, role, person } of planned.persons) context.truth.person({ department: 'court', stream: 'prelitigation-cases', recordKey, role, ordinal, person: person.index });
}

/** The rare cases: closed hearings, minors, deletions, refused values. */
export function plantCases(context: Context, cases: Records, facilities: readonly Facility[]): void {
  const chance = random(context.seed, 'planted cases');
  const [end1, end2, end3] = context.roundEndMs;
  let number = 900_000;
  const planted = (make: (row: CaseRow) => { versions: Written[]; end: 'live' | 'deleted' | 'neither'; named?: boolean; refused?: string[] }) => {
    number += 1;
    const matter = planMatter(context, facilities, 30_000_000 + number, 30_000_000);
    const receivedMs = Math.floor(context.fromMs + chance.next() * (end1 - 60 * dayMs - context.fromMs));
    const planned = plannedCase(context, { ...matter, facility: undefined, dispute: matter.dispute ?? disputes[3]!, story: matter.story ?? disputes[3]!.stories[0]! }, matter.requesters[0]!, receivedMs, number);
    const row = { ...planned.row, ...at(planned.updates[0]!, 1) };
    const { versions, end, named = true, refused = [] } = make(row);
    cases.emit(versions, end, end === 'live' && named ? planned.ids : [], refused);
    if (end === 'live') keepTruth(context, matter, planned, named);
  };
  const later = (ms: number) => at(Math.floor(ms / 1000) * 1000, 1);
  const marked = (row: CaseRow, kind: string, rule: string): CaseRow => markedCase(context, row, kind, rule);
  const minor = (row: CaseRow, kind = 'minor') => ({ ...marked(row, kind, 'prelitigation-cases.minorInvolved'), minorInvolved: true });
  const minorFields = (row: CaseRow) => ({ parties: 1, summary: 1, address: row['address'] === null ? 0 : 1 });
  const closed = (row: CaseRow) => ({ ...marked(row, 'closed', 'prelitigation-cases.closedHearing'), closedHearing: true });
  for (let rarity = 0; rarity < context.rarities; rarity += 1) {
    const one = (change: Record<string, unknown>, quarantined: string) => planted((row) => ({ versions: [{ row: { ...row, ...change }, outcome: { quarantined } }], end: 'neither' }));
    planted((row) => ({ versions: [{ row: closed(row), outcome: { dropped: 'CLOSED_HEARING' } }], end: 'neither' }));
    // Never stored comes before tombstone.
    planted((row) => ({ versions: [{ row: { ...closed(row), deleted: true }, outcome: { dropped: 'CLOSED_HEARING' } }], end: 'neither' }));
    planted((row) => ({ versions: [{ row: marked(row, 'purged', 'prelitigation-cases.purged') }, { row: { ...closed(row), ...later(end2 - 7_000) }, outcome: { dropped: 'CLOSED_HEARING' } }], end: 'neither' }));
    planted((row) => ({ versions: [{ row: closed(row), outcome: { dropped: 'CLOSED_HEARING' } }, { row: { ...row, ...later(end2 - 8_000) } }], end: 'live' }));
    planted((row) => ({ versions: [{ row: minor(row), fields: minorFields(row) }], end: 'live', named: false }));
    planted((row) => {
      const child = minor(row);
      return { versions: [{ row: { ...child, ...pending }, fields: minorFields(row) }, { row: { ...child, ...later(end2 - 9_000), outcome: 'AGREED' }, fields: minorFields(row) }], end: 'live', named: false };
    });
    // It turns out later that a minor is involved: what was stored of the parties is purged.
    planted((row) => ({ versions: [{ row: marked(row, 'purged', 'prelitigation-cases.purged') }, { row: { ...minor(row), ...later(end2 - 10_000) }, fields: minorFields(row) }], end: 'live', named: false }));
    planted((row) => ({ versions: [{ row }, { row: { ...row, receivedAt: '待定', deleted: true, ...later(end2 - 11_000) }, outcome: { tombstone: true } }], end: 'deleted' }));
    planted((row) => ({ versions: [{ row: { ...row, deleted: true }, outcome: { tombstone: true } }], end: 'deleted' }));
    planted((row) => ({ versions: [{ row }, { row: { ...row, deleted: true, ...later(end2 - 12_000) }, outcome: { tombstone: true } }, { row: { ...row, ...later(end3 - 4_000) } }], end: 'live' }));
    planted((row) => ({ versions: [{ row: { ...row, ...later(end1 - minuteMs) } }, { row: { ...row, ...pending, summary: '（较早的登记）', ...later(end1 - 7 * minuteMs) } }], end: 'live' }));
    planted((row) => ({ versions: [{ row }, { row: { ...row, ...later(end2 - 13_000) } }], end: 'live' }));
    one({ outcome: 'MEDIATED' }, 'SCHEMA');
    one({ minorInvolved: null }, 'REQUIRED_MISSING');
    one({ receivedAt: null }, 'REQUIRED_MISSING');
    one({ receivedAt: '2026-13-40' }, 'UNPARSABLE_TIME');
    one({ summary: '述'.repeat(24_000) }, 'TOO_LARGE');
    // What decides the drop cannot be read: nothing of the row may be kept, not even in quarantine.
    planted((row) => ({ versions: [{ row: { ...marked(row, 'closed', 'prelitigation-cases.closedHearing'), closedHearing: '待定' }, outcome: { quarantined: 'SCHEMA' } }], end: 'neither' }));
    planted((row) => ({ versions: [{ row: { ...row, divertedAt: '近日' } }], end: 'live', refused: ['UNPARSABLE_TIME'] }));
  }
}

function markedCase(context: Context, row: CaseRow, kind: string, rule: string): CaseRow {
  const canary = () => context.truth.canary(kind, rule);
  const parties = row.parties.map((party) => ({ ...party, name: `${party.name}${canary()}`, idNumber: party.kind === 'PERSON' ? canary() : party.idNumber, phone: canary(), address: `${context.county.name}${canary()}` }));
  return { ...row, parties, summary: `${String(row['summary'])}${canary()}`, address: row['address'] === null ? null : `${context.county.name}${canary()}` };
}
