import { isUtf8 } from 'node:buffer';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { sha256Hex } from '../base/canonical.ts';
import { arrayText } from '../base/columns.ts';
import { asOperatingError, type Pool } from '../base/db.ts';
import { YiwangError, invariant } from '../base/errors.ts';
import type { Row } from './contract.ts';
import { add } from './counts.ts';
import type { StoredEvent } from './events.ts';
import { elementBytes } from './elements.ts';
import { isStorable, isTooDeep, storable, tooLarge, unsound } from './sound.ts';
import { connectorOf } from './registry.ts';

export interface ReceiveRequest {
  pool: Pool;
  department: string;
  /** The raw body: the signature is over these bytes. */
  body: Buffer;
  /** `X-Signature: sha256=<hex>`. */
  signature: string | undefined;
  contentType: string | undefined;
  secret: string;
}

export interface ReceiveAnswer {
  status: number;
  body: Record<string, unknown>;
}

export const bodyBytesMax = 5 * 1024 * 1024;
/** Of what is no event so many are named, to the sender and in quarantine; all are counted. Two bytes may be one. */
const badNamedMax = 10_000;

/**
 * Takes a delivery of CloudEvents 1.0, structured or batched. 202 only after they are durable; 401 for a wrong signature,
 * 413 over 5 MiB, 400 with the index of what is no CloudEvent (the good ones of the batch are kept).
 */
export async function receiveEvents({ pool, department, body, signature, secret }: ReceiveRequest): Promise<ReceiveAnswer> {
  if (body.length > bodyBytesMax) return refused('PAYLOAD_TOO_LARGE');
  if (secret === '' || !signed(body, signature, secret)) return refused('SIGNATURE_INVALID');
  const { accepted, duplicates, bad } = await storeEvents(pool, department, body);
  if (bad.length > 0) return { status: 400, body: { error: { code: 'BAD_REQUEST', message: 'not a CloudEvent · 不是 CloudEvent' }, index: bad[0], indexes: bad, accepted, duplicates } };
  return { status: 202, body: { accepted, duplicates } };
}

export interface StoredOutcome {
  accepted: number;
  duplicates: number;
  /** Indexes of what is no CloudEvent, of the first so many. */
  bad: number[];
}

/** Makes the events of one body durable, in one transaction with their counts. The jobs find them there. */
export async function storeEvents(pool: Pool, department: string, body: Buffer): Promise<StoredOutcome> {
  const connector = await connectorOf(department);
  const stream = connector.streams[0];
  invariant(connector.source.kind === 'events' && stream, 'events are received for an event source');
  return stored(pool, department, stream.name, parsedItems(body));
}

/** A body that could not be kept, though nothing that may pass was in the way: it is counted and quarantined as no event, by its hash. */
export async function refuseBody(pool: Pool, department: string, body: Buffer): Promise<void> {
  const { name } = (await connectorOf(department)).streams[0]!;
  await stored(pool, department, name, [noEvent(body)]);
}

async function stored(pool: Pool, department: string, stream: string, items: readonly Item[]): Promise<StoredOutcome> {
  const once = new Map<string, ArrivedEvent>();
  let events = 0;
  for (const { event } of items) {
    if (!event) continue;
    events += 1;
    const hash = eventHash(event);
    if (!once.has(hash)) once.set(hash, event); // the first received stands
  }
  const none = items.flatMap((item, index) => (item.event ? [] : [{ ...item, index }]));
  const named = none.slice(0, badNamedMax);
  const bad = named.map(({ index }) => index);
  const reasons: Record<string, number> = {};
  for (const { reason } of none) add(reasons, reason);
  const accepted = await kept(pool, [
    department, stream, arrayText([...once.keys()]), [...once.values()].map(storedText).join('\n'), events,
    bad, named.map(({ sha256 }) => sha256), none.length, named.map(({ reason }) => reason), JSON.stringify(reasons),
  ]);
  return { accepted, duplicates: events - accepted, bad };
}

/** The first 128 bits of the SHA-256 of its id. */
function eventHash({ id }: StoredEvent): string {
  return sha256Hex(id).slice(0, 32);
}

async function kept(pool: Pool, values: unknown[]): Promise<number> {
  try {
    const { rows } = await pool.query<{ accepted: number }>({ name: 'events received', text: keepSql, values });
    return rows[0]!.accepted;
  } catch (error) {
    throw asOperatingError(error);
  }
}

/** So many wait in one row, which a page takes whole. */
const eventsPerRow = 50;

/**
 * One statement, which is one transaction and one round trip: a source that pushes waits for each delivery.
 *
 * - Events: one JSON a line, and no line break in any, because of an array every quote would be escaped.
 * - Two deliveries that share events do not wait for each other crosswise: both write their hashes in one order.
 * - Repeats and what is no event end here. They wait beside the events and are counted with the next page: the row that holds
 *   a stream's counts belongs to whoever writes a page, and a delivery must not wait for one (`StoredCounts`).
 * - Of what is no event nothing is kept but its hash: its fields cannot be told apart.
 */
const keepSql = `
  WITH given AS MATERIALIZED (
    SELECT x.hash, x.content, x.n FROM unnest($3::uuid[], string_to_array($4, E'\\n')) WITH ORDINALITY AS x(hash, content, n)
  ), fresh AS (
    INSERT INTO hub.event_seen (event_hash, department, stream) SELECT hash, $1, $2 FROM given WHERE hash IS NOT NULL ORDER BY hash
    ON CONFLICT DO NOTHING RETURNING event_hash
  ), told AS (
    SELECT count(*)::int AS accepted, $5::int - count(*)::int AS repeated, $8::int AS bad FROM fresh
  ), kept AS (
    INSERT INTO hub.waiting_event (department, stream, events, content)
    SELECT $1, $2, count(*), '[' || string_agg(g.content, ',' ORDER BY g.n) || ']' FROM given g WHERE g.hash IN (SELECT event_hash FROM fresh)
    GROUP BY (g.n - 1) / ${eventsPerRow} ORDER BY min(g.n)
  ), counted AS (
    INSERT INTO hub.waiting_event (department, stream, events, content)
    SELECT $1, $2, 0, json_build_array(json_build_object('counts', json_build_object('offered', repeated + bad, 'dropped', json_build_object('DUPLICATE_EVENT', repeated), 'quarantined', $10::json)))
    FROM told WHERE repeated + bad > 0
  ), refused AS (
    INSERT INTO hub.quarantine (department, stream, reason, position, content_hmac)
    SELECT $1, $2, x.r, 'item ' || x.i, x.h FROM unnest($6::int[], $7::text[], $9::text[]) AS x(i, h, r)
    ON CONFLICT (department, stream, content_hmac, position) DO NOTHING
  )
  SELECT accepted FROM told`;

function signed(body: Buffer, signature: string | undefined, secret: string): boolean {
  const given = /^sha256=([0-9a-f]{64})$/i.exec(signature?.trim() ?? '')?.[1];
  if (given === undefined) return false;
  return timingSafeEqual(Buffer.from(given, 'hex'), createHmac('sha256', secret).update(body).digest());
}

function refused(code: 'PAYLOAD_TOO_LARGE' | 'SIGNATURE_INVALID'): ReceiveAnswer {
  const error = new YiwangError(code);
  return { status: error.http, body: { error: { code, message: error.message } } };
}

type Item = { event: ArrivedEvent } | NoEvent;

/** Its row is written once: its size is that text's, and the text is what is stored. */
interface ArrivedEvent extends StoredEvent {
  rowText: string;
}

interface NoEvent {
  event: null;
  sha256: string;
  /** What is too large is counted as such, whatever else it is. */
  reason: 'NOT_A_CLOUDEVENT' | 'TOO_LARGE';
}

/** `item` is what could be read of the bytes. */
function noEvent(bytes: Buffer, item?: unknown): NoEvent {
  const isLarge = typeof item === 'object' && item !== null && largeData((item as Row)['data']) !== null;
  return { event: null, sha256: sha256Hex(bytes), reason: isLarge ? 'TOO_LARGE' : 'NOT_A_CLOUDEVENT' };
}

function parsedItems(body: Buffer): Item[] {
  let value: unknown;
  try {
    // Invalid bytes never end a string or an element, so that only the elements that hold them are lost.
    value = JSON.parse(body.toString('utf8').replace(/^\ufeff/, '')); // a byte-order mark is no fault; `toString` takes a third of a decoder's time
  } catch {
    return [noEvent(body)];
  }
  const isValid = isUtf8(body);
  const values: unknown[] = Array.isArray(value) ? value : [value];
  const events = values.map(cloudEvent);
  if (isValid && !events.includes(null)) return events.map((event) => ({ event: event! }));
  // The hash is of the bytes: what is no event may be nested deeper than it could be written again.
  return elementBytes(body).map((bytes, index) => {
    const event = isValid || isUtf8(bytes) ? events[index]! : null;
    return event ? { event } : noEvent(bytes, values[index]);
  });
}

/** An event is one when `specversion` is 1.0 and `id`, `source` and `type` are there. */
function cloudEvent(item: unknown): ArrivedEvent | null {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return null;
  const { specversion, id, source, type, subject, sequence, data } = item as Row;
  const present = [id, source, type].every((attribute) => typeof attribute === 'string' && attribute !== '');
  // Attributes are Unicode strings (CloudEvents 1.0, 2.2): a lone surrogate is none. One that is null is not there (JSON format, 2.2).
  const readable = [id, source, type, subject, sequence].every((attribute) => attribute === null || (typeof attribute !== 'object' && (typeof attribute !== 'string' || attribute.isWellFormed())));
  if (specversion !== '1.0' || !present || !readable) return null;
  const row = typeof data === 'object' && data !== null && !Array.isArray(data) ? (data as Row) : null;
  const rowText = row === null || isTooDeep(row) ? null : JSON.stringify(row);
  const fault = row === null ? largeData(data) : unstorable(row, rowText);
  return { id: id as string, type: type as string, subject, sequence, row: fault ? null : row, rowText: fault ? 'null' : (rowText ?? 'null'), ...(fault ? { fault } : {}) };
}

/** What keeps an event from being stored as it came; its key and sequence stay. `text`: its JSON, null where it is nested too deep. */
function unstorable(row: Row, text: string | null): NonNullable<StoredEvent['fault']> | null {
  if (text === null) return { reason: 'SCHEMA', field: 'depth' };
  const fault = tooLarge(row, text) ?? unsound(row);
  return fault ? { reason: fault.reason as NonNullable<StoredEvent['fault']>['reason'], ...(fault.field ? { field: fault.field } : {}) } : null;
}

/** Of data that may be no ticket. What is nested too deep to be written again is not measured. */
function largeData(data: unknown): NonNullable<StoredEvent['fault']> | null {
  if (data === undefined || isTooDeep(data)) return null;
  return tooLarge({ data }, JSON.stringify(data)) && { reason: 'TOO_LARGE', field: 'data' };
}

function storedText({ id, subject, sequence, type, rowText, fault }: ArrivedEvent): string {
  const envelope = JSON.stringify({ id, subject, sequence, type, ...(fault ? { fault } : {}) });
  const text = `{"row":${rowText},${envelope.slice(1)}`;
  return isStorable(rowText) && isStorable(envelope) ? text : JSON.stringify(storable(keptControls(JSON.parse(text) as StoredEvent)));
}

/** NUL, which no table takes, stays a character that nobody can read until its repair removes and records it. */
function keptControls<T>(event: T): T {
  const text = JSON.stringify(event);
  if (!text.includes('\\u0000')) return event;
  return JSON.parse(text, (_, part: unknown) => (typeof part === 'string' ? part.replaceAll('\u0000', '\u0001') : part)) as T;
}
