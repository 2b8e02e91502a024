import { setTimeout as pause } from 'node:timers/promises';
import { YiwangError } from '../../base/errors.ts';
import { limits } from '../limits.ts';

export interface SourceAnswer {
  status: number;
  headers: Headers;
  text: string;
}

/**
 * Asks a source over HTTP: a deadline for the whole answer (a source that sends a byte every five seconds is no answer), a
 * bound on its size, strict UTF-8, and `limits.attemptsMax` attempts with jitter where trying again can help; `Retry-After`
 * is honoured. `readsStatus` names error statuses whose body says more. `read` turns the answer into a value and may throw: a cut body is tried again like a lost connection.
 */
export async function askSource<T>(url: string, init: RequestInit, read: (answer: SourceAnswer) => T, readsStatus: (status: number) => boolean = () => false): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await oneAttempt(url, init, read, readsStatus);
    if ('value' in outcome) return outcome.value;
    if (!outcome.retryable || attempt >= limits.attemptsMax) throw outcome.error;
    await pause(outcome.waitMs ?? backoffMs(attempt));
  }
}

type Outcome<T> = { value: T } | { error: YiwangError; retryable: boolean; waitMs?: number };

async function oneAttempt<T>(url: string, init: RequestInit, read: (answer: SourceAnswer) => T, readsStatus: (status: number) => boolean): Promise<Outcome<T>> {
  try {
    const response = await fetch(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(limits.pageDeadlineMs) });
    if (response.status === 429 || (response.status >= 500 && !readsStatus(response.status))) {
      await response.body?.cancel();
      return { error: new YiwangError('SOURCE_UNAVAILABLE', { detail: `status ${response.status}` }), retryable: true, waitMs: retryAfterMs(response.headers.get('retry-after')) };
    }
    return { value: read({ status: response.status, headers: response.headers, text: await boundedText(response) }) };
  } catch (error) {
    if (error instanceof YiwangError && error.code === 'SOURCE_REFUSED') return { error, retryable: false };
    return { error: error instanceof YiwangError ? error : new YiwangError('SOURCE_UNAVAILABLE', { cause: error }), retryable: true };
  }
}

async function boundedText(response: Response): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text = '';
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > limits.pageBytesMax) throw new YiwangError('SOURCE_SCHEMA', { detail: 'the answer is over 64 MiB' });
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function retryAfterMs(header: string | null): number | undefined {
  if (header === null) return undefined;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), limits.retryAfterMaxSeconds) * 1000 : undefined;
}

function backoffMs(attempt: number): number {
  return Math.min(limits.retryBaseMs * 2 ** (attempt - 1), limits.retryMaxMs) * (0.5 + Math.random() / 2);
}
