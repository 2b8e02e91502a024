import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import type pg from 'pg';
import { sha256Hex } from '../base/canonical.ts';
import { asOperatingError, connect, type Pool } from '../base/db.ts';
import { YiwangError, invariant } from '../base/errors.ts';
import type { Row } from './contract.ts';
import { noCounts, type Counts } from './counts.ts';
import type { StoredCounts, StoredEvent } from './events.ts';
import { isStorable, storable, tooLarge } from './judge.ts';
import { isTooDeep, unsound } from './sound.ts';
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
const eventsMax = 10_000;

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
  /** Indexes of what is no CloudEvent. */
  bad: number[];
}

/** Makes the events of one body durable, in one transaction with their counts. The jobs find them there. */
export async function storeEvents(pool: Pool, department: string, body: Buffer): Promise<StoredOutcome> {
  const connector = await connectorOf(department);
  const stream = connector.streams[0];
  invariant(connector.source.kind === 'events' && stream, 'events are received for an event source');
  const items = parsedItems(body);
  const bad = items.flatMap((item, index) => (item.event ? [] : [index]));
  const good = items.flatMap((item) => (item.event ? [item.event] : []));
  const client = await connect(pool);
  try {
    await client.query('BEGIN');
    const accepted = await insertEvents(client, department, stream.name, good);
    const counts = noCounts();
    const duplicates = good.length - accepted;
    if (duplicates > 0) counts.dropped['DUPLICATE_EVENT'] = duplicates;
    if (bad.length > 0) counts.quarantined['NOT_A_CLOUDEVENT'] = bad.length;
    counts.offered = duplicates + bad.length;
    if (counts.offered > 0) await countLater(client, department, stream.name, counts);
    if (bad.length > 0) await quarantineBad(client, department, stream.name, items.filter((item) => !item.event).map((item) => item.sha256), bad);
    await client.query('COMMIT');
    client.release();
    return { accepted, duplicates, bad };
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined); // gone with its connection
    client.release(error as Error);
    throw asOperatingError(error);
  }
}

function signed(body: Buffer, signature: string | undefined, secret: string): boolean {
  const given = /^sha256=([0-9a-f]{64})$/i.exec(signature?.trim() ?? '')?.[1];
  if (given === undefined) return false;
  return timingSafeEqual(Buffer.from(given, 'hex'), createHmac('sha256', secret).update(body).digest());
}

function refused(code: 'PAYLOAD_TOO_LARGE' | 'SIGNATURE_INVALID'): ReceiveAnswer {
  const error = new YiwangError(code);
  return { status: error.http, body: { error: { code, message: error.message } } };
}

interface Item {
  event: (StoredEvent & { data: unknown }) | null;
  sha256: string;
}

function parsedItems(body: Buffer): Item[] {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return [{ event: null, sha256: sha256Hex(body) }];
  }
  const items = Array.isArray(value) ? value : [value];
  if (items.length > eventsMax) throw new YiwangError('BAD_REQUEST', { hint: `a batch holds at most ${eventsMax} events` });
  return items.map((item: unknown) => {
    const event = cloudEvent(item);
    return { event, sha256: event ? '' : sha256Hex(JSON.stringify(item) ?? '') };
  });
}

/** An event is one when `specversion` is 1.0 and `id`, `source` and `type` are there. */
function cloudEvent(item: unknown): Item['event'] {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return null;
  const { specversion, id, source, type, subject, sequence, data } = item as Row;
  const present = [id, source, type].every((attribute) => typeof attribute === 'string' && attribute !== '');
  // Attributes are Unicode strings (CloudEvents 1.0, 2.2): a lone surrogate is none.
  const readable = [id, source, type, subject, sequence].every((attribute) => typeof attribute !== 'object' && (typeof attribute !== 'string' || attribute.isWellFormed()));
  if (specversion !== '1.0' || !present || !readable) return null;
  const row = typeof data === 'object' && data !== null && !Array.isArray(data) ? (data as Row) : null;
  const fault = row === null ? null : unstorable(row);
  return { id: id as string, type: type as string, subject, sequence, row: fault ? null : row, data, ...(fault ? { fault } : {}) };
}

/** What keeps an event from being stored as it came; its key and sequence stay. */
function unstorable(row: Row): NonNullable<StoredEvent['fault']> | null {
  if (isTooDeep(row)) return { reason: 'SCHEMA', field: 'depth' };
  const fault = tooLarge(row) ?? unsound(row);
  return fault ? { reason: fault.reason as NonNullable<StoredEvent['fault']>['reason'], ...(fault.field ? { field: fault.field } : {}) } : null;
}

async function insertEvents(client: pg.ClientBase, department: string, stream: string, events: readonly (StoredEvent & { data: unknown })[]): Promise<number> {
  if (events.length === 0) return 0;
  const { rowCount } = await client.query(
    // One JSON a line, and no line break in any: an array would have every quote of it escaped.
    `INSERT INTO hub.received_event (department, stream, event_hmac, content)
     SELECT $1, $2, x.id, x.content::json FROM unnest($3::text[], string_to_array($4, E'\\n')) WITH ORDINALITY AS x(id, content, n) ORDER BY x.n ON CONFLICT (department, stream, event_hmac) DO NOTHING`,
    [department, stream, events.map((event) => sha256Hex(event.id)), events.map(storedText).join('\n')],
  );
  return rowCount ?? 0;
}

function storedText({ id, subject, sequence, type, row, fault }: StoredEvent): string {
  const event = { id, subject, sequence, type, row, ...(fault ? { fault } : {}) };
  const text = JSON.stringify(event);
  return isStorable(text) ? text : JSON.stringify(storable(keptControls(event)));
}

/** NUL, which no table takes, stays a character that nobody can read until its repair removes and records it. */
function keptControls<T>(event: T): T {
  const text = JSON.stringify(event);
  if (!text.includes('\\u0000')) return event;
  return JSON.parse(text, (_, part: unknown) => (typeof part === 'string' ? part.replaceAll('\u0000', '\u0001') : part)) as T;
}

/**
 * Repeats and what is no event end here. They wait beside the events and are counted with the next page: the row that holds
 * a stream's counts belongs to whoever writes a page, and a delivery must not wait for one.
 */
async function countLater(client: pg.ClientBase, department: string, stream: string, counts: Counts): Promise<void> {
  await client.query('INSERT INTO hub.received_event (department, stream, event_hmac, content) VALUES ($1, $2, $3, $4)', [department, stream, randomUUID(), JSON.stringify({ counts } satisfies StoredCounts)]);
}

/** Nothing of it is kept: its fields cannot be told apart. */
async function quarantineBad(client: pg.ClientBase, department: string, stream: string, hashes: readonly string[], indexes: readonly number[]): Promise<void> {
  await client.query(
    `INSERT INTO hub.quarantine (department, stream, reason, position, content_hmac) SELECT $1, $2, 'NOT_A_CLOUDEVENT', 'item ' || x.i, x.h FROM unnest($3::int[], $4::text[]) AS x(i, h)
     ON CONFLICT (department, stream, content_hmac, position) DO NOTHING`,
    [department, stream, indexes, hashes],
  );
}
