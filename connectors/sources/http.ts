import { setTimeout as pause } from 'node:timers/promises';
import { YiwangError } from '../../base/errors.ts';
import { span } from '../../base/trace.ts';
import type { Limits } from '../limits.ts';
import { answerText } from './answer-text.ts';

export interface SourceAnswer {
  status: number;
  headers: Headers;
  text: string;
}

export interface Asking {
  limits: Limits;
  /** Names error statuses whose body says more. */
  readsStatus?: (status: number) => boolean;
}

const redirectsMax = 3;

/**
 * Asks a source over HTTP: a deadline for each whole answer (a source that sends a byte every five seconds is no answer)
 * and one for all attempts together, a bound on the size, waits with jitter where trying again can help.
 * `Retry-After` is honoured; where it asks for longer than the page may take, the run itself comes back later. A redirect
 * is followed on the same origin only: credentials and the hub's network position are for the configured host alone.
 * `read` turns the answer into a value and may throw: a cut body is tried again like a lost connection.
 */
export async function askSource<T>(url: string, init: RequestInit, read: (answer: SourceAnswer) => T, asking: Asking): Promise<T> {
  const { limits } = asking;
  const endsAtMs = performance.now() + limits.pageDeadlineMs;
  for (let attempt = 1; ; attempt += 1) {
    const leftMs = endsAtMs - performance.now();
    const outcome = await span('source request', { 'http.request.method': init.method ?? 'GET', attempt }, async (open) => {
      const tried = await oneAttempt(url, init, read, asking, Math.ceil(Math.max(1, Math.min(limits.attemptDeadlineMs, leftMs))));
      if ('error' in tried) open.fail(tried.error);
      return tried;
    }, { kind: 'CLIENT' });
    if ('value' in outcome) return outcome.value;
    const waitMs = outcome.waitMs ?? backoffMs(attempt, limits);
    if (!outcome.retryable || attempt >= limits.attemptsMax || performance.now() + waitMs >= endsAtMs) throw outcome.error;
    await pause(waitMs);
  }
}

type Outcome<T> = { value: T } | { error: YiwangError; retryable: boolean; waitMs?: number };

async function oneAttempt<T>(url: string, init: RequestInit, read: (answer: SourceAnswer) => T, { limits, readsStatus }: Asking, deadlineMs: number): Promise<Outcome<T>> {
  try {
    const response = await fetched(url, { ...init, redirect: 'manual', signal: AbortSignal.timeout(deadlineMs) });
    if (response.status === 429 || (response.status >= 500 && !readsStatus?.(response.status))) {
      await response.body?.cancel();
      const waitMs = retryAfterMs(response.headers, limits);
      const error = new YiwangError('SOURCE_UNAVAILABLE', { detail: `status ${response.status}`, ...(waitMs === undefined ? {} : { retryAfterSeconds: Math.ceil(waitMs / 1000) }) });
      return { error, retryable: true, ...(waitMs === undefined ? {} : { waitMs }) };
    }
    return { value: read({ status: response.status, headers: response.headers, text: answerText(await boundedBytes(response, limits.pageBytesMax), response.headers.get('content-type')) }) };
  } catch (error) {
    if (error instanceof YiwangError) return { error, retryable: error.code !== 'SOURCE_REFUSED' };
    return { error: new YiwangError('SOURCE_UNAVAILABLE', { cause: error }), retryable: true };
  }
}

/** One answer that is no redirect. */
async function fetched(url: string, init: RequestInit): Promise<Response> {
  const { origin } = new URL(url);
  let at = url;
  for (let hop = 0; hop <= redirectsMax; hop += 1) {
    const response = await fetch(at, init);
    if (![301, 302, 303, 307, 308].includes(response.status)) return response;
    await response.body?.cancel();
    const next = URL.parse(response.headers.get('location') ?? '', at);
    const repeats = init.method === undefined || init.method === 'GET' || response.status >= 307;
    if (next?.origin !== origin || !repeats) throw new YiwangError('SOURCE_REFUSED', { hint: 'the source redirects to another host, which is not followed' });
    at = next.href;
  }
  throw new YiwangError('SOURCE_REFUSED', { hint: `the source redirects more than ${redirectsMax} times` });
}

async function boundedBytes(response: Response, bytesMax: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new YiwangError('SOURCE_SCHEMA', { hint: `one answer of the source is over ${Math.ceil(bytesMax / 2 ** 20)} MiB` });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

/** Seconds, or a date (RFC 9110, 10.2.3) against the source's own clock where it tells it. */
function retryAfterMs(headers: Headers, limits: Limits): number | undefined {
  const header = headers.get('retry-after')?.trim();
  if (!header) return undefined;
  const sourceNow = Date.parse(headers.get('date') ?? '');
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - (Number.isNaN(sourceNow) ? Date.now() : sourceNow)) / 1000;
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), limits.retryAfterMaxSeconds) * 1000 : undefined;
}

function backoffMs(attempt: number, limits: Limits): number {
  return Math.min(limits.retryBaseMs * 2 ** (attempt - 1), limits.retryMaxMs) * (0.5 + Math.random() / 2);
}
