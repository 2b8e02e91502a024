import { z } from 'zod';
import { YiwangError, invariant } from '../../base/errors.ts';
import type { Pool } from '../../base/db.ts';
import type { Row, Stream } from '../contract.ts';
import type { Limits } from '../limits.ts';
import { sourceTime } from '../repairs/times.ts';
import { valueAt } from '../rules.ts';
import type { OpenSource, SourceContext, SourcePage } from '../source.ts';
import { requireFields, rowShape } from './fields.ts';
import { askSource, type SourceAnswer } from './http.ts';
import { presentOf, trusted } from './present.ts';

const pagesMax = 100_000;
/** Without anything new between them. */
const restartsMax = 5;
/** A token is renewed this long before the source says it ends. */
const tokenMarginMs = 15_000;
const beginning = '1970-01-01T00:00:00Z';

/**
 * A REST service behind OAuth 2.0 client credentials, paged by an opaque cursor in the order of its watermark. A token that
 * ended early is renewed once, a cursor that ended starts again from the newest time read.
 */
export async function openRestSource({ connector, env, limits, pool }: SourceContext): Promise<OpenSource> {
  invariant(connector.source.kind === 'rest', 'a REST source is opened for a REST declaration');
  const { urlEnv, tokenPath, clientIdEnv, clientSecretEnv } = connector.source;
  const base = env[urlEnv]?.replace(/\/$/, '');
  if (!base) throw new YiwangError('CONFIG', { hint: `${urlEnv} is not set` });
  const tokens = tokenKeeper(base + tokenPath, env[clientIdEnv] ?? '', env[clientSecretEnv] ?? '', limits);
  return { pages: (stream, from) => pages(base, stream, from, tokens, limits, pool), close: async () => undefined };
}

async function* pages(base: string, stream: Stream, from: { watermark: unknown; full: boolean }, tokens: Tokens, limits: Limits, pool: Pool): AsyncGenerator<SourcePage> {
  let stored = from.full ? undefined : (from.watermark as { since?: string } | null)?.since;
  let newest = stored;
  const start = () => (stored === undefined ? beginning : new Date(Date.parse(stored) - stream.overlapSeconds * 1000).toISOString());
  let since = start();
  let cursor: string | null = null;
  /** The newest time that this run read: the watermark may stand beyond what is still to be read of the overlap. */
  let reached = '';
  let restarts = 0;
  for (let page = 1; page <= pagesMax; page += 1) {
    const query = new URLSearchParams({ updatedSince: since, pageSize: String(limits.pageRowsMax), ...(cursor === null ? {} : { cursor }) });
    const answer = await askedPage(`${base}${stream.from}?${query}`, tokens, limits);
    if (answer === 'CURSOR_EXPIRED') {
      restarts = reached > since ? 0 : restarts + 1;
      if (restarts > restartsMax) throw new YiwangError('SOURCE_UNAVAILABLE', { detail: 'cursors end before they can be used' });
      if (reached > since) since = reached;
      cursor = null;
      continue;
    }
    const present = await presentOf(pool, Date.parse(sourceTime(answer.asOf)?.instant ?? ''));
    if (trusted(stored, present) !== stored) {
      newest = stored = trusted(stored, present);
      [since, cursor] = [start(), null];
      continue;
    }
    const absent = requireFields(stream, answer.data);
    for (const row of answer.data) {
      const time = sourceTime(valueAt(row, stream.watermark))?.instant;
      if (time === undefined || time > present.instant) continue;
      if (newest === undefined || time > newest) newest = time;
      if (time > reached) reached = time;
    }
    yield { offered: answer.data.map((row, index) => ({ row, position: `page ${page} item ${index + 1}`, absent })), watermark: newest === undefined ? undefined : { since: newest }, present };
    if (answer.nextCursor === null) return;
    if (answer.nextCursor === cursor) throw new YiwangError('SOURCE_SCHEMA', { detail: 'the cursor does not move' });
    cursor = answer.nextCursor;
  }
}

const pageShape = z.object({ data: z.array(rowShape), nextCursor: z.string().nullable(), asOf: z.string() });
type Page = { data: Row[]; nextCursor: string | null; asOf: string };

async function askedPage(url: string, tokens: Tokens, limits: Limits): Promise<Page | 'CURSOR_EXPIRED'> {
  for (const attempt of [1, 2]) {
    const answer = await askSource(url, { headers: { authorization: `Bearer ${await tokens.get(attempt > 1)}`, accept: 'application/json' } }, readPage, { limits });
    if (answer !== 'TOKEN_EXPIRED') return answer;
  }
  throw new YiwangError('SOURCE_REFUSED', { detail: 'a fresh token is refused' });
}

function readPage(answer: SourceAnswer): Page | 'TOKEN_EXPIRED' | 'CURSOR_EXPIRED' {
  if (answer.status === 401) return 'TOKEN_EXPIRED';
  if (answer.status === 410) return 'CURSOR_EXPIRED';
  if (answer.status === 403) throw new YiwangError('SOURCE_REFUSED', { detail: 'status 403' });
  return readJson(answer, pageShape);
}

interface Tokens {
  get(renew: boolean): Promise<string>;
}

function tokenKeeper(url: string, id: string, secret: string, limits: Limits): Tokens {
  let known: { token: string; endsAtMs: number } | undefined;
  const issue = async () => {
    const headers = { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`, 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' };
    const answer = await askSource(url, { method: 'POST', headers, body: 'grant_type=client_credentials' }, readToken, { limits });
    known = { token: answer.access_token, endsAtMs: performance.now() + answer.expires_in * 1000 - tokenMarginMs };
    return known.token;
  };
  return { get: async (renew) => (!renew && known && performance.now() < known.endsAtMs ? known.token : issue()) };
}

const tokenShape = z.object({ access_token: z.string().min(1), token_type: z.string(), expires_in: z.coerce.number().positive() });

function readToken(answer: SourceAnswer): z.infer<typeof tokenShape> {
  if (answer.status === 400 || answer.status === 401 || answer.status === 403) throw new YiwangError('SOURCE_REFUSED', { hint: 'the source refused our client credentials' });
  return readJson(answer, tokenShape);
}

/** An HTML login page with status 200 is no answer. The parser's message would quote the body, so it is not kept. */
function readJson<T>(answer: SourceAnswer, shape: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(answer.text);
  } catch {
    throw new YiwangError('SOURCE_SCHEMA', { detail: `status ${answer.status}, no JSON` });
  }
  const parsed = shape.safeParse(value);
  if (answer.status !== 200 || !parsed.success) throw new YiwangError('SOURCE_SCHEMA', { detail: `status ${answer.status}, another form` });
  return parsed.data;
}
