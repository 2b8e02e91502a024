import { YiwangError } from '../base/errors.ts';

/** A request's body, checked for its form only. */
export interface Body {
  query: string | undefined;
  documentId: string | undefined;
  operationName: string | undefined;
  variables: Record<string, unknown>;
}

/** Reads what a POST carries; anything that is not one operation is `BAD_REQUEST` with a sentence that says why. */
export function readBody(body: unknown): Body {
  if (Array.isArray(body)) throw new YiwangError('BAD_REQUEST', { hint: 'requests are not batched: send one operation at a time' });
  if (!isRecord(body)) throw new YiwangError('BAD_REQUEST', { hint: 'the body is not a JSON object' });
  const text = (name: string) => {
    const value = body[name] ?? undefined;
    if (value === undefined || typeof value === 'string') return value;
    throw new YiwangError('BAD_REQUEST', { hint: `\`${name}\` is not a string` });
  };
  const record = (name: string) => {
    const value = body[name] ?? {};
    if (isRecord(value)) return value;
    throw new YiwangError('BAD_REQUEST', { hint: `\`${name}\` is not a JSON object` });
  };
  const persisted = record('extensions')['persistedQuery'];
  const persistedHash = isRecord(persisted) && typeof persisted['sha256Hash'] === 'string' ? persisted['sha256Hash'] : undefined;
  return { query: text('query'), documentId: text('documentId') ?? persistedHash, operationName: text('operationName'), variables: record('variables') };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
