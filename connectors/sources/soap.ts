import { createHash, randomBytes } from 'node:crypto';
import { YiwangError, invariant } from '../../base/errors.ts';
import { log } from '../../base/log.ts';
import type { Pool } from '../../base/db.ts';
import type { Row, Stream } from '../contract.ts';
import { sourceTime } from '../repairs/times.ts';
import { valueAt } from '../rules.ts';
import type { OpenSource, SourceContext, SourcePage } from '../source.ts';
import { requireFields } from './fields.ts';
import { askSource, type SourceAnswer } from './http.ts';
import { presentOf, trusted } from './present.ts';
import { childElements, element, parsedXml, textOf, type XmlElement } from './xml.ts';

const pageRowsMax = 200;
const pagesMax = 100_000;
const emptyPagesMax = 2;
const beginning = '1970-01-01 00:00:00';

/**
 * A SOAP 1.1 service with WS-Security UsernameToken. Its pages shift when a record changes between two of them, so the next
 * page is asked for by the last time read (`since` is inclusive) and by number only while that time stands still.
 */
export async function openSoapSource({ connector, env, limits, pool }: SourceContext): Promise<OpenSource> {
  invariant(connector.source.kind === 'soap', 'a SOAP source is opened for a SOAP declaration');
  const { urlEnv, usernameEnv, passwordEnv, namespace, operation } = connector.source;
  const url = env[urlEnv];
  if (!url) throw new YiwangError('CONFIG', { hint: `${urlEnv} is not set` });
  if (!isPrivate(new URL(url))) throw new YiwangError('CONFIG', { hint: `${urlEnv} must be https, or on the loopback: the password goes as text` });
  const ask = (stream: Stream, since: string, pageNo: number) =>
    askSource(
      url,
      {
        method: 'POST',
        headers: { 'content-type': 'text/xml; charset=utf-8', soapaction: `"${namespace}/${operation}"` },
        body: envelope(namespace, operation, { username: env[usernameEnv] ?? '', password: env[passwordEnv] ?? '' }, { since, pageNo, pageSize: pageRowsMax }),
      },
      (answer) => readAnswer(answer, operation, stream),
      { limits, readsStatus: (status) => status === 500 },
    );
  return { pages: (stream, from) => pages(stream, from, ask, pool), close: async () => undefined };
}

interface Answer {
  rows: Row[];
  /** Of all pages from `since` on, as the service counted them for this page. */
  total: number | null;
  /** The service's clock, of HTTP's `Date`. */
  sourceMs: number;
}

type Ask = (stream: Stream, since: string, pageNo: number) => Promise<Answer>;

async function* pages(stream: Stream, from: { watermark: unknown; full: boolean }, ask: Ask, pool: Pool): AsyncGenerator<SourcePage> {
  let stored = from.full ? undefined : (from.watermark as { since?: string } | null)?.since;
  let newest = stored;
  const start = () => (stored === undefined ? beginning : localText(new Date(Date.parse(stored) - stream.overlapSeconds * 1000).toISOString()));
  let since = start();
  let pageNo = 1;
  /** Records of the pages since `since`. */
  let read = 0;
  let empty = 0;
  for (let page = 1; page <= pagesMax; page += 1) {
    const { rows, total, sourceMs } = await ask(stream, since, pageNo);
    const present = await presentOf(pool, sourceMs);
    if (trusted(stored, present) !== stored) {
      newest = stored = trusted(stored, present);
      [since, pageNo, read] = [start(), 1, 0];
      continue;
    }
    read += rows.length;
    // The total may change between pages, but while it says that more is to come a short page is no end; an empty one is asked for again.
    const isEnd = rows.length < pageRowsMax && (total === null || total <= read);
    if (rows.length === 0 && !isEnd) {
      empty += 1;
      if (empty <= emptyPagesMax) continue;
      log.warn({ stream: stream.name, total, read }, 'the source counts more records than it gives');
      return;
    }
    const absent = requireFields(stream, rows);
    let last: string | undefined;
    for (const row of rows) {
      const time = sourceTime(valueAt(row, stream.watermark))?.instant;
      if (time === undefined) continue;
      last = time;
      if (time <= present.instant && (newest === undefined || time > newest)) newest = time;
    }
    yield { offered: rows.map((row, index) => ({ row, position: `page ${page} item ${index + 1}`, absent })), watermark: newest === undefined ? undefined : { since: newest }, present };
    if (isEnd) return;
    const next = last === undefined ? since : localText(last);
    if (next > since) [since, pageNo, read] = [next, 1, 0];
    else pageNo += 1;
  }
}

/** `2026-03-02 09:30:00` in Shanghai, which is what the service writes itself. */
function localText(instant: string): string {
  return new Date(Date.parse(instant) + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
}

function isPrivate(url: URL): boolean {
  return url.protocol === 'https:' || ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
}

const wsse = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
const passwordText = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText';

function envelope(namespace: string, operation: string, account: { username: string; password: string }, query: Record<string, string | number>): string {
  const asked = Object.entries(query).map(([name, value]) => `<${name}>${escaped(String(value))}</${name}>`);
  const nonce = createHash('sha256').update(randomBytes(16)).digest('base64').slice(0, 22);
  return `<?xml version="1.0" encoding="UTF-8"?>
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Header><wsse:Security xmlns:wsse="${wsse}" soap:mustUnderstand="1"><wsse:UsernameToken><wsse:Username>${escaped(account.username)}</wsse:Username><wsse:Password Type="${passwordText}">${escaped(account.password)}</wsse:Password><wsse:Nonce>${nonce}==</wsse:Nonce></wsse:UsernameToken></wsse:Security></soap:Header><soap:Body><${operation} xmlns="${namespace}">${asked.join('')}</${operation}></soap:Body></soap:Envelope>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function readAnswer(answer: SourceAnswer, operation: string, stream: Stream): Answer {
  if (answer.status === 401 || answer.status === 403) throw new YiwangError('SOURCE_REFUSED', { detail: `status ${answer.status}` });
  const body = element(element(parsedXml(answer.text), 'Envelope'), 'Body');
  const fault = body && element(body, 'Fault');
  if (fault) throw faultError(textOf(element(fault, 'faultcode')));
  const result = element(element(body, `${operation}Response`), `${operation}Result`);
  if (answer.status !== 200 || !result) throw new YiwangError('SOURCE_SCHEMA', { detail: `status ${answer.status}, no ${operation}Result` });
  const lists = new Set(Object.entries(stream.shape.shape).filter(([, type]) => isList(type)).map(([name]) => name));
  const total = /^\d{1,9}$/.test(result.attributes['total'] ?? '') ? Number(result.attributes['total']) : null;
  return { rows: childElements(result, stream.from).map((record) => rowOf(record, lists)), total, sourceMs: Date.parse(answer.headers.get('date') ?? '') };
}

/** What the caller did wrong does not get better by asking again. */
function faultError(code: string): YiwangError {
  const refused = /Authentication|Security|Client$/i.test(code);
  return new YiwangError(refused ? 'SOURCE_REFUSED' : 'SOURCE_UNAVAILABLE', { detail: `fault ${code.replace(/[^\w:.-]/g, '').slice(0, 60)}` });
}

function isList(type: unknown): boolean {
  let at = type as { def?: { type?: string; innerType?: unknown } } | undefined;
  for (let depth = 0; at?.def?.innerType !== undefined && depth < 5; depth += 1) at = at.def.innerType as typeof at;
  return at?.def?.type === 'array';
}

/** Elements by name; one that repeats, or that the shape says is a list, is a list. */
function rowOf(record: XmlElement, lists: ReadonlySet<string>): Row {
  const row: Row = {};
  for (const child of record.children) {
    if (typeof child === 'string') continue;
    const value = child.children.some((part) => typeof part !== 'string') ? rowOf(child, new Set()) : textOf(child);
    const known = Object.hasOwn(row, child.name) ? row[child.name] : undefined;
    const next = Array.isArray(known) ? [...known, value] : known !== undefined ? [known, value] : lists.has(child.name) ? [value] : value;
    Object.defineProperty(row, child.name, { value: next, enumerable: true, writable: true, configurable: true });
  }
  return row;
}
