import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Dataset, EventVersion } from './dataset.ts';
import { json, type Answer, type Request } from './http.ts';
import type { Misbehaviour } from './misbehave.ts';
import { LineFile } from './lines.ts';
import { instantMs } from './time.ts';

const pageTicketsMax = 500;
const pageTicketsUsual = 100;
/** The hub refuses bodies over 5 MiB; a batch stays well below, unless one event alone is larger. */
const batchBytesMax = 2 << 20;
/** Of the pushes by turn: both modes and several sizes occur whatever the set holds. */
const pushSizes = [1, 40, 7, 1, 23, 250];

/** What is posted to the hub at once: one event in structured mode, or several in batched mode. */
export interface Push {
  events: EventVersion[];
  batched: boolean;
}

/**
 * The events in the order of the file, in pushes of both modes. All events are of round 1: a key of this stream is an
 * event, not a ticket, and a repeated id is a delivery repeated.
 */
export function pushes(dataset: Dataset): Push[] {
  const planned: Push[] = [];
  let current: EventVersion[] = [];
  let bytes = 0;
  const close = () => {
    if (current.length > 0) planned.push({ events: current, batched: current.length > 1 });
    current = [];
    bytes = 0;
  };
  for (const event of dataset.events.versions) {
    const size = pushSizes[planned.length % pushSizes.length]!;
    if (current.length >= size || bytes + event.length > batchBytesMax) close();
    current.push(event);
    bytes += event.length;
  }
  close();
  return planned;
}

/** What an event says of its ticket. `ticketNo` is empty where it says only that its id was used. */
export interface ToldTicket {
  id: string;
  ticketNo: string;
  sequence: bigint;
  type: string;
  updatedMs: number;
}

/** Read where a data set is opened: to look into each event again while it is pushed would take the hub's own time. */
export function toldTicket(event: Record<string, unknown>): ToldTicket | null {
  const { specversion, id, source, type, subject, sequence, data } = event;
  const isEvent = specversion === '1.0' && [id, source, type].every((attribute) => typeof attribute === 'string' && attribute !== '');
  if (!isEvent) return null;
  const record = (typeof data === 'object' && data !== null ? data : {}) as Record<string, unknown>;
  // A record that goes by another number than its event could be told under that one only: as a version that was never pushed.
  const isTold = typeof subject === 'string' && /^\d+$/.test(String(sequence)) && String(record['ticketNo'] ?? '').trim() === subject.trim();
  const ticket = isTold ? { ticketNo: subject, sequence: BigInt(String(sequence)), updatedMs: instantMs(record['updatedAt']) } : { ticketNo: '', sequence: 0n, updatedMs: Infinity };
  return { id: id as string, type: type as string, ...ticket };
}

interface Ticket extends ToldTicket {
  event: EventVersion;
}

/** `GET /tickets`: the newest version of each ticket that was pushed so far, by update time. */
export class Tickets {
  readonly #file: LineFile;
  readonly #token: string;
  readonly #newest = new Map<string, Ticket>();
  /** An event repeated says nothing new of its ticket, whatever it holds. */
  readonly #ids = new Set<string>();
  #ordered: Ticket[] | undefined;

  constructor(file: LineFile, token: string) {
    this.#file = file;
    this.#token = token;
  }

  /** Of two versions with one sequence the first received stays, here as in the hub. */
  offer(event: EventVersion): void {
    const { told } = event;
    if (told === null || this.#ids.has(told.id)) return;
    this.#ids.add(told.id);
    if (told.ticketNo === '') return;
    const known = this.#newest.get(told.ticketNo);
    if (known && known.sequence >= told.sequence) return;
    this.#newest.set(told.ticketNo, { ...told, event });
    this.#ordered = undefined;
  }

  answer(request: Request, wrong?: Misbehaviour): Answer {
    if (!sameText(request.headers.authorization ?? '', `Bearer ${this.#token}`)) return json(401, { error: 'invalid token' }, { 'www-authenticate': 'Bearer' });
    const since = request.url.searchParams.get('since');
    const sinceMs = since === null ? -Infinity : instantMs(since);
    const page = Number(request.url.searchParams.get('page') ?? 1);
    const size = Number(request.url.searchParams.get('size') ?? pageTicketsUsual);
    if (sinceMs === Infinity) return json(400, { error: '`since` is not a time' });
    if (!Number.isInteger(page) || page < 1) return json(400, { error: '`page` counts from 1' });
    if (!Number.isInteger(size) || size < 1 || size > pageTicketsMax) return json(400, { error: `\`size\` is 1 to ${pageTicketsMax}` });
    this.#ordered ??= [...this.#newest.values()].sort((a, b) => a.updatedMs - b.updatedMs || (a.ticketNo < b.ticketNo ? -1 : 1));
    const wanted = this.#ordered.filter((ticket) => ticket.updatedMs >= sinceMs);
    const tickets = thrice(wanted.slice((page - 1) * size, page * size), wrong?.kind === 'repeat').map((ticket) => ({
      ...(this.#file.value(ticket.event)['data'] as object),
      sequence: String(ticket.sequence),
      type: ticket.type,
    }));
    return json(200, { tickets, page, last: page * size >= wanted.length });
  }
}

/** The same records three times over, as a careless gateway in between does. */
export function thrice<T>(records: readonly T[], repeated: boolean): readonly T[] {
  return repeated ? [...records, ...records, ...records] : records;
}

/** The body of one push and its headers, signed as sources.md says. */
export function signed(push: Push, file: LineFile, secret: string): { body: Buffer; headers: Record<string, string> } {
  const lines = push.events.map((event) => file.bytes(event));
  const body = push.batched ? Buffer.concat([...lines.flatMap((line, index) => [index === 0 ? opening : comma, line]), closing]) : lines[0]!;
  const type = push.batched ? 'application/cloudevents-batch+json' : 'application/cloudevents+json';
  return { body, headers: { 'content-type': `${type}; charset=utf-8`, 'x-signature': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` } };
}

const [opening, comma, closing] = ['[', ',', ']'].map((sign) => Buffer.from(sign)) as [Buffer, Buffer, Buffer];

export function sameText(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
