import { z } from 'zod';
import { YiwangError, invariant } from '../../base/errors.ts';
import { ahead } from '../ahead.ts';
import type { Row, Stream } from '../contract.ts';
import { addCounts, noCounts } from '../counts.ts';
import { offeredEvent, type StoredCounts, type StoredEvent } from '../events.ts';
import type { Offered } from '../judge.ts';
import type { Limits } from '../limits.ts';
import { sourceTime } from '../repairs/times.ts';
import { valueAt } from '../rules.ts';
import type { OpenSource, ReadFrom, SourceContext, SourcePage } from '../source.ts';
import { absentProtections, requireFields, rowShape } from './fields.ts';
import { askSource } from './http.ts';
import { presentOf, trusted } from './present.ts';

const pagesMax = 100_000;
/** Before any ticket: the whole of what the source still serves. */
const beginning = '1970-01-01T00:00:00Z';

/**
 * Events that were acknowledged and wait to be applied, in the order received, and then what the push lost, asked for over
 * REST (`since` inclusive). A ticket and sequence received before is not counted again.
 */
export async function openEventsSource(context: SourceContext): Promise<OpenSource> {
  return { pages: (stream, from) => pages(context, stream, from), close: async () => undefined };
}

async function* pages(context: SourceContext, stream: Stream, from: ReadFrom): AsyncGenerator<SourcePage> {
  const { connector, env } = context;
  invariant(connector.source.kind === 'events', 'an event source is opened for an event declaration');
  if (!from.comparing) yield* received(context, stream);
  const url = env[connector.source.urlEnv];
  const pushOnly = (from.watermark as { pushOnly?: boolean } | null)?.pushOnly === true;
  if (url && !pushOnly) yield* ahead(backfill(context, stream, url, from)); // the source makes a page while the one before is judged
}

/** Pages of acknowledged events only; for runs that a push started. */
export async function* received(context: SourceContext, stream: Stream): AsyncGenerator<SourcePage> {
  for (let after = 0; ; ) {
    const { rows, isLast } = await waitingAfter(context, stream, after);
    if (rows.length > 0) yield receivedPage(stream, rows);
    if (isLast) return;
    after = rows.at(-1)!.id;
  }
}

interface Waiting {
  id: number;
  events: number;
  /** JSON of a list of `StoredEvent` and `StoredCounts`. */
  content: string;
}

/** Events are here already, so that a page of them may be larger than what a source is asked for: the versions of a ticket that wait together are written once. */
const readsPerPage = 8;
/** A page that is longer than this takes no further row. */
const pageBytesEnough = 8 * 1024 * 1024;

/** So many events are a page. */
export function eventsPerPage({ pageRowsMax }: Pick<Limits, 'pageRowsMax'>): number {
  return pageRowsMax * readsPerPage;
}

async function waitingAfter({ connector, pool, limits }: SourceContext, stream: Stream, after: number): Promise<{ rows: Waiting[]; isLast: boolean }> {
  const eventsEnough = eventsPerPage(limits);
  const { rows } = await pool.query<Waiting & { bytes: number }>(
    `SELECT id, events, content, bytes FROM (
       SELECT id, events, content, octet_length(content) AS bytes, sum(events) OVER before AS events_before, sum(octet_length(content)) OVER before AS bytes_before
       FROM (SELECT id, events, content FROM hub.waiting_event WHERE department = $1 AND stream = $2 AND id > $3 ORDER BY id LIMIT $4) w
       WINDOW before AS (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) w
     WHERE coalesce(events_before, 0) < $4 AND coalesce(bytes_before, 0) < $5 ORDER BY id`,
    [connector.department, stream.name, after, eventsEnough, pageBytesEnough],
  );
  const sum = (of: 'events' | 'bytes') => rows.reduce((total, row) => total + row[of], 0);
  return { rows, isLast: rows.length < eventsEnough && sum('events') < eventsEnough && sum('bytes') < pageBytesEnough };
}

function receivedPage(stream: Stream, rows: readonly Waiting[]): SourcePage {
  const offered: Offered[] = [];
  const arrived = { ids: [] as number[], counts: noCounts() };
  for (const { id, content } of rows) {
    for (const [index, item] of (JSON.parse(content) as (StoredEvent | StoredCounts)[]).entries()) {
      if ('counts' in item) {
        arrived.ids.push(id);
        addCounts(arrived.counts, item.counts);
        continue;
      }
      const event = offeredEvent(item, `event ${id}.${index + 1}`, id);
      event.isSound = item.fault === undefined && item.row !== null;
      offered.push(event);
    }
  }
  const absent = absentProtections(stream, rowsOf(offered));
  for (const one of offered) one.absent = absent;
  return { offered, watermark: undefined, ...(arrived.ids.length > 0 ? { arrived } : {}) };
}

const ticketPage = z.object({ tickets: z.array(rowShape), last: z.boolean() });

/**
 * The source's list shifts when a ticket changes between two pages, so the next page is asked for by the last time read, and
 * by number only while that time stands still. No contract says that the list is in the order of time: what was asked for by
 * time is asked for once more by number alone. Tickets that are read twice count once; most reads are one page.
 */
async function* backfill(context: SourceContext, stream: Stream, url: string, from: { watermark: unknown; full: boolean }): AsyncGenerator<SourcePage> {
  const present = await presentOf(context.pool, undefined); // the source tells no time of its own
  const stored = trusted((from.watermark as { since?: string } | null)?.since, present);
  const first = stored === undefined || from.full ? beginning : new Date(Date.parse(stored) - stream.overlapSeconds * 1000).toISOString();
  let newest = stored;
  let at = { since: first, page: 1 };
  let byTime = true;
  for (let page = 1; page <= pagesMax; page += 1) {
    const { tickets, last } = await askTickets(context, url, at);
    // In UTC and of one length: they sort as text.
    const times = tickets.flatMap((ticket) => sourceTime(valueAt(ticket, stream.watermark))?.instant ?? []);
    for (const time of times) if (time <= present.instant && (newest === undefined || time > newest)) newest = time;
    const offered = tickets.map((ticket, index) => offeredTicket(stream, ticket, `page ${page} item ${index + 1}`));
    const absent = requireFields(stream, rowsOf(offered));
    for (const one of offered) one.absent = absent;
    yield { offered, watermark: newest === undefined ? undefined : { since: newest }, present };
    const isOrdered = times.every((time, index) => index === 0 || time >= times[index - 1]!);
    if (byTime && at.since !== first && (last || !isOrdered)) {
      byTime = false;
      at = { since: first, page: 1 };
      continue;
    }
    if (last) return;
    byTime &&= isOrdered;
    const next = times.at(-1) ?? at.since;
    at = byTime && next > at.since ? { since: next, page: 1 } : { since: at.since, page: at.page + 1 };
  }
}

function rowsOf(offered: readonly Offered[]): Row[] {
  return offered.flatMap(({ row }) => (row === null ? [] : [row]));
}

function askTickets({ connector, env, limits }: SourceContext, url: string, { since, page }: { since: string; page: number }): Promise<z.infer<typeof ticketPage>> {
  invariant(connector.source.kind === 'events', 'an event source is opened for an event declaration');
  const target = `${url.replace(/\/$/, '')}${connector.source.backfillPath}?${new URLSearchParams({ since, page: String(page), size: String(limits.pageRowsMax) })}`;
  return askSource(target, { headers: { authorization: `Bearer ${env[connector.source.tokenEnv] ?? ''}`, accept: 'application/json' } }, readTickets, { limits });
}

function readTickets(answer: { status: number; text: string }): z.infer<typeof ticketPage> {
  if (answer.status === 401 || answer.status === 403) throw new YiwangError('SOURCE_REFUSED', { detail: `status ${answer.status}` });
  let value: unknown;
  try {
    value = JSON.parse(answer.text);
  } catch {
    throw new YiwangError('SOURCE_SCHEMA', { detail: `status ${answer.status}, no JSON` });
  }
  const parsed = ticketPage.safeParse(value);
  if (answer.status !== 200 || !parsed.success) throw new YiwangError('SOURCE_SCHEMA', { detail: `status ${answer.status}` });
  return parsed.data;
}

/** A ticket of the back-fill carries its sequence and last type beside its fields. */
function offeredTicket(stream: Stream, ticket: Row, position: string): Offered {
  const { sequence, type, ...row } = ticket;
  const subject = stream.key.apply(row, { spreadsheet: false, eventDate: null, repairs: [], quarantined: [] });
  return offeredEvent({ id: '', subject, sequence, type: typeof type === 'string' ? type : '', row }, position, undefined);
}
