import { shanghaiRfc3339, shanghaiText } from '../time.ts';
import { count, dayMs, type Context } from './context.ts';
import { nothing, writtenAddress, writtenId, writtenName, writtenPhone, type WrittenId } from './dirt.ts';
import { Queue } from './queue.ts';
import { ledger, type Ledger } from './ledger.ts';
import { divisionOf, handlerOf, told, type Matter } from './matter.ts';
import type { TextFile } from './output.ts';
import type { Person } from './people.ts';
import { random, type Random } from './random.ts';
import { valuesOf } from './records.ts';
import { closings, replies } from './texts.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

export type Ticket = Record<string, unknown> & { ticketNo: string; updatedAt: string };
type EventKind = 'created' | 'updated' | 'closed' | 'withdrawn';

export interface TicketSample {
  stream: 'tickets';
  key: string;
  field: 'status';
  value: unknown;
  versions: number;
}

export interface Tickets {
  ledger: Ledger;
  /** A ticket about a matter with all its events; returns its number. */
  add(matter: Matter, person: Person, receivedMs: number, options?: TicketOptions): string;
  /** One event as given, for what is planted. */
  post(event: Record<string, unknown>, atMs: number): void;
  event(kind: EventKind, ticket: Ticket, sequence: number, atMs: number): Record<string, unknown>;
  nextNumber(receivedMs: number): string;
  /** Writes the events that are delivered before `ms`. */
  writeUntil(ms: number): void;
  samples: TicketSample[];
  outOfOrder(): number;
  distinct(): number;
  countDistinct(): void;
}

export interface TicketOptions {
  parent?: string | undefined;
  channel?: string;
  text?: { title: string; body: string; address: string };
  confidential?: boolean;
  respondentIsLead?: boolean;
  withId?: boolean;
}

/** Hotline tickets and their events, which are written in the order of delivery: nearly that of time. */
export function ticketsOf(context: Context, file: TextFile): Tickets {
  const book = ledger();
  const pending = new Queue<string>();
  const state = { number: 0, events: 0, outOfOrder: 0, distinct: 0 };
  const samples: TicketSample[] = [];
  const nextNumber = (receivedMs: number) => {
    state.number += 1;
    return `${context.county.cityCode}${shanghaiText(receivedMs, 10).replaceAll('-', '')}${String(state.number).padStart(6, '0')}`;
  };
  const event = (kind: EventKind, ticket: Ticket, sequence: number, atMs: number) => {
    state.events += 1;
    return {
      specversion: '1.0', id: `ev-${context.seed}-${String(state.events).padStart(8, '0')}`, source: `/12345/${context.county.cityCode}`, type: `cn.gov.12345.ticket.${kind}`,
      subject: ticket.ticketNo, time: shanghaiRfc3339(atMs), datacontenttype: 'application/json', sequence: String(sequence), data: ticket,
    };
  };
  const post = (value: Record<string, unknown>, atMs: number) => pending.add(atMs, JSON.stringify(value));
  const add = (matter: Matter, person: Person, receivedMs: number, options: TicketOptions = {}) => {
    const chance = random(context.seed, 'ticket', state.number);
    const planned = plannedTicket(context, matter, person, nextNumber(receivedMs), receivedMs, chance, options);
    const life = lifeOf(context, matter, planned, receivedMs, chance);
    let previousMs = -Infinity;
    for (const [index, step] of life.entries()) {
      const delayed = index > 0 && chance.chance(0.006);
      // A delayed event arrives after the one that follows it.
      const deliveredMs = delayed && life[index + 1] ? life[index + 1]!.atMs + 30_000 : step.atMs + chance.below(2_000);
      if (deliveredMs < previousMs) state.outOfOrder += 1;
      previousMs = Math.max(previousMs, deliveredMs);
      const written = event(step.kind, step.ticket, index + 1, step.atMs);
      post(written, deliveredMs);
      book.version();
      if (chance.chance(0.03)) {
        post(written, deliveredMs + chance.below(3 * hourMs));
        book.version({ dropped: 'DUPLICATE_EVENT' });
      }
    }
    const last = life.at(-1)!.ticket;
    book.record('live', valuesOf([planned.id]));
    keepTruth(context, matter, person, last);
    state.distinct += 1;
    if (samples.length < 30 && chance.chance(0.1)) samples.push({ stream: 'tickets', key: last.ticketNo, field: 'status', value: last['status'], versions: life.length });
    return last.ticketNo;
  };
  const writeUntil = (ms: number) => {
    for (let text = pending.takeBefore(ms); text !== undefined; text = pending.takeBefore(ms)) file.line(text);
  };
  return { ledger: book, add, post, event, nextNumber, writeUntil, samples, outOfOrder: () => state.outOfOrder, distinct: () => state.distinct, countDistinct: () => void (state.distinct += 1) };
}

interface PlannedTicket {
  ticket: Ticket;
  id: WrittenId | undefined;
}

export function plannedTicket(context: Context, matter: Matter, person: Person, ticketNo: string, receivedMs: number, chance: Random, options: TicketOptions = {}): PlannedTicket {
  const id = options.withId ?? chance.chance(0.14) ? writtenId(person, chance) : undefined;
  const text = told(matter, chance);
  const lead = handlerOf(context, matter, chance);
  const company = matter.respondent && 'organisation' in matter.respondent ? matter.respondent.organisation.creditCode : undefined;
  const respondentOrg = options.respondentIsLead || chance.chance(0.03) ? lead.creditCode : company && chance.chance(0.35) ? company : null;
  const kind = matter.facility ? 'PUBLIC_FACILITY' : company ? 'ORGANIZATION' : matter.dispute?.code === '02' || matter.dispute?.code === '14' ? 'RESIDENTIAL' : 'OTHER';
  const path = matter.facility?.texts.path ?? matter.dispute!.path;
  const located = chance.chance(0.7);
  const { estate } = matter.home;
  const ticket: Ticket = {
    ticketNo, receivedAt: shanghaiRfc3339(receivedMs), channel: options.channel ?? chance.weighted([['PHONE_12345', 50], ['WECHAT_MINIAPP', 17], ['QR_CODE', 12], ['GRID_WORKER', 11], ['COUNTER', 5], ['WEB', 5]]),
    appealType: chance.weighted([['HELP', 42], ['COMPLAINT', 36], ['REPORT', 12], ['SUGGESTION', 6], ['CONSULT', 4]]), categoryCode: `${matter.dispute?.code ?? '90'}${String((matter.story?.topic.length ?? 1) % 9).padStart(2, '0')}01`, categoryPath: [...path],
    disputeType: matter.dispute && chance.chance(0.9) ? matter.dispute.code : null,
    requester: { name: writtenName(person, chance), phone: writtenPhone(person, chance), idNumber: id?.text ?? null, address: chance.chance(0.3) ? writtenAddress(context.county, person.home, chance) : nothing(chance) },
    confidential: options.confidential ?? chance.chance(0.07), title: options.text?.title ?? `反映${matter.facility?.name ?? matter.story!.topic}问题`, body: options.text?.body ?? `${text}。${chance.pick(closings)}`,
    address: options.text?.address ?? writtenAddress(context.county, matter.home, chance, chance.chance(context.style.exact)), regionCode: divisionOf(context, matter.home, chance), gridCode: `${estate.village.code}${String(1 + (estate.number % 6)).padStart(3, '0')}`,
    lng: located ? estate.lng : null, lat: located ? estate.lat : null, urgency: chance.weighted([['NORMAL', 80], ['URGENT', 16], ['CRITICAL', 4]]), leadOrg: null, assistOrgs: [], respondentOrg, assignedAt: null, contactedAt: null, acceptedAt: null,
    returnedAt: null, dueAt: null, closedAt: null, status: 'ACCEPTED', reply: null, followUpAt: null, resolvedByResident: null, satisfaction: null, parentTicketNo: options.parent ?? null, subjectKind: kind,
    facility: matter.facility && (options.text || !chance.chance(context.style.unnamedFacility)) ? { kind: matter.facility.texts.kind, name: matter.facility.name, identifier: chance.chance(0.75) ? matter.facility.identifier : null } : null, updatedAt: shanghaiRfc3339(receivedMs),
  };
  return { ticket, id };
}

interface Step {
  kind: EventKind;
  ticket: Ticket;
  atMs: number;
}

/** What happens to a ticket, step by step, as far as the set's end. */
function lifeOf(context: Context, matter: Matter, { ticket }: PlannedTicket, receivedMs: number, chance: Random): Step[] {
  const steps: Step[] = [{ kind: 'created', ticket, atMs: receivedMs }];
  let current = ticket;
  let atMs = receivedMs;
  const step = (afterMs: number, change: Record<string, unknown>, kind: EventKind = 'updated'): boolean => {
    atMs += Math.max(1_000, Math.round(afterMs / 1_000) * 1_000);
    if (atMs > context.asOfMs) return false;
    current = { ...current, ...change, updatedAt: shanghaiRfc3339(atMs) };
    steps.push({ kind, ticket: current, atMs });
    return true;
  };
  const now = (afterMs: number) => shanghaiRfc3339(atMs + Math.max(1_000, Math.round(afterMs / 1_000) * 1_000));
  const lead = respondentLead(ticket) ?? handlerOf(context, matter, chance).creditCode;
  const assist = chance.chance(0.2) ? [context.organisations.townshipOffice(matter.home.estate.village.township).creditCode].filter((code) => code !== lead) : [];
  const assigned = chance.between(4, chance.chance(0.08) ? 2_400 : 90) * minuteMs;
  if (!step(assigned, { leadOrg: lead, assistOrgs: assist, assignedAt: now(assigned), dueAt: shanghaiRfc3339(atMs + assigned + 7 * dayMs), status: 'DISPATCHED' })) return steps;
  if (chance.chance(0.05)) {
    const returned = chance.between(2, 30) * hourMs;
    if (!step(returned, { returnedAt: now(returned), status: 'ACCEPTED' })) return steps;
    const again = chance.between(1, 20) * hourMs;
    const next = context.organisations.townshipOffice(matter.home.estate.village.township).creditCode;
    if (!step(again, { leadOrg: ticket['respondentOrg'] === lead ? lead : next, assistOrgs: [], assignedAt: now(again), status: 'DISPATCHED' })) return steps;
  }
  const contacted = chance.between(5, chance.chance(0.3) ? 600 : 40) * minuteMs;
  if (!step(contacted, { contactedAt: now(contacted), acceptedAt: now(contacted), status: 'HANDLING' })) return steps;
  if (chance.chance(0.012)) for (let more = chance.between(8, 10); more > 0; more -= 1) if (!step(chance.between(3, 40) * hourMs, { status: more === 1 ? 'SUPERVISED' : 'HANDLING' })) return steps;
  if (chance.chance(0.015)) {
    step(chance.between(1, 90) * hourMs, {}, 'withdrawn');
    return steps;
  }
  if (chance.chance(0.06) || !step(chance.between(2, 130) * hourMs, { status: 'REPLIED', reply: chance.pick(replies) })) return steps;
  const closed = chance.between(1, 60) * hourMs;
  if (chance.chance(0.08) || !step(closed, { status: 'CLOSED', closedAt: now(closed) }, 'closed')) return steps;
  const followed = chance.between(4, 140) * hourMs;
  const resolved = chance.chance(0.68);
  if (chance.chance(0.35) || !step(followed, { status: 'FOLLOWED_UP', followUpAt: now(followed), resolvedByResident: resolved })) return steps;
  if (chance.chance(0.5)) step(chance.between(1, 48) * hourMs, { status: 'EVALUATED', satisfaction: resolved ? chance.between(3, 5) : chance.between(1, 3) });
  return steps;
}

/** Where the unit complained about is a public body, it is the one the ticket goes to: the case that must be refused. */
function respondentLead(ticket: Ticket): string | undefined {
  const respondent = ticket['respondentOrg'];
  return typeof respondent === 'string' && respondent.startsWith('11') ? respondent : undefined;
}

function keepTruth(context: Context, matter: Matter, person: Person, last: Ticket): void {
  context.truth.matter('hotline', 'tickets', last.ticketNo, matter.id);
  context.truth.person({ department: 'hotline', stream: 'tickets', recordKey: last.ticketNo, role: 'REQUESTER', ordinal: 0, person: person.index });
  if (last['confidential'] === true) count(context.protectedCases, 'tickets.confidential');
  if (last['respondentOrg'] !== null) count(context.protectedCases, 'tickets.respondentOrg');
  if (last['respondentOrg'] !== null && last['respondentOrg'] === last['leadOrg']) {
    count(context.protectedCases, 'tickets.respondentOrg=leadOrg');
    if (context.respondents.length < 200) context.respondents.push({ stream: 'tickets', recordKey: last.ticketNo, org: String(last['respondentOrg']), alsoIn: 'leadOrg' });
  }
}
