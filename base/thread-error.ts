import { YiwangError, type ErrorCode } from './errors.ts';

/** What is left of an error that crosses to another thread: a structured clone forgets its class. */
export interface CrossingError {
  code: ErrorCode | undefined;
  hint: string | undefined;
  text: string;
}

export function crossing(error: unknown): CrossingError {
  if (error instanceof YiwangError) return { code: error.code, hint: error.hint, text: error.message };
  return { code: undefined, hint: undefined, text: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

/** The error on the other side: an operating error with its code, or what it was, a mistake of ours. */
export function crossed({ code, hint, text }: CrossingError): Error {
  if (code === undefined) return new Error(text);
  return new YiwangError(code, hint === undefined ? {} : { hint });
}
