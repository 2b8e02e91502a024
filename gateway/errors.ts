import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { asOperatingError } from '../base/db.ts';
import { YiwangError, errorTable, type ErrorCode } from '../base/errors.ts';
import { log, safeError } from '../base/log.ts';

/**
 * The only door by which an error leaves. What callers see is a code of the closed table, its text in Chinese and
 * English, and for faults of their own document the parser's or validator's sentence without suggestions. Stack, SQL,
 * host names and causes stay in the log, found by trace id (threats.md, 8 and 10).
 */
export function publicError(error: unknown, traceId: string | null = null): GraphQLFormattedError {
  const own = ownError(error);
  if (own) return tableError(own.code, own.hint, error);
  if (error instanceof GraphQLError && isCallersFault(error)) return callersFault(error);
  log.error({ err: safeError(error), traceId }, 'an operation failed');
  return tableError('INTERNAL', undefined, error);
}

/** The HTTP status of an answer that holds no data, only this error. */
export function statusOf(error: unknown): number {
  const own = ownError(error);
  if (own) return errorTable[own.code].http;
  return error instanceof GraphQLError && isCallersFault(error) ? errorTable.BAD_REQUEST.http : errorTable.INTERNAL.http;
}

/** The code under which an error is counted and logged. */
export function codeOf(error: unknown): ErrorCode {
  const own = ownError(error);
  if (own) return own.code;
  return error instanceof GraphQLError && isCallersFault(error) ? 'BAD_REQUEST' : 'INTERNAL';
}

/** An error of a subgraph as an operating error of ours: only its code survives, and only when it is in the table. */
export function subgraphError(code: unknown, path: GraphQLError['path'], subgraph: string): GraphQLError {
  const known = isErrorCode(code) ? code : 'INTERNAL';
  return new GraphQLError(errorTable[known].en, { ...(path?.length ? { path } : {}), extensions: { code: known, subgraph } });
}

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(errorTable, code);
}

/** Faults of the document that graphql-js and Apollo Server name; their sentences speak of the schema and the text only. */
const documentFaults = new Set<unknown>(['GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED', 'BAD_USER_INPUT', 'OPERATION_RESOLUTION_FAILURE', 'BAD_REQUEST', 'PERSISTED_QUERY_NOT_SUPPORTED', 'PERSISTED_QUERY_NOT_FOUND']);
const suggestion = / ?(?:Did you mean|Perhaps you meant)[^?]*\?(?: To [^.]*\.)?/g;
const sentenceCharsMax = 500;

function ownError(thrown: unknown): { code: ErrorCode; hint: string | undefined } | undefined {
  // A driver's own error of a database that is away. A sentence of graphql-js may quote what a caller wrote.
  const error = thrown instanceof GraphQLError ? thrown : asOperatingError(thrown);
  if (error instanceof YiwangError) return { code: error.code, hint: error.hint };
  if (!(error instanceof GraphQLError)) return undefined;
  if (error.originalError instanceof YiwangError) return { code: error.originalError.code, hint: error.originalError.hint };
  const { code, subgraph } = error.extensions;
  // Apollo Server has a `BAD_REQUEST` too, whose sentence is of the document; a subgraph's is about one field and keeps its place.
  return isErrorCode(code) && (code !== 'BAD_REQUEST' || typeof subgraph === 'string') ? { code, hint: undefined } : undefined;
}

function isCallersFault(error: GraphQLError): boolean {
  if (documentFaults.has(error.extensions['code'])) return true;
  // Errors of `parse` and `validate` carry nodes or a source, no original error and no code.
  return error.originalError === undefined && error.extensions['code'] === undefined && error.path === undefined;
}

/** A sentence of graphql-js about the caller's own document or variables: it speaks of the schema and of what was sent. */
export function callersFault(error: GraphQLError): GraphQLFormattedError {
  const message = error.message.replace(suggestion, '').slice(0, sentenceCharsMax);
  const { zh, retryable } = errorTable.BAD_REQUEST;
  return { message, ...(error.locations ? { locations: error.locations } : {}), extensions: { code: 'BAD_REQUEST', zh, retryable } };
}

function tableError(code: ErrorCode, hint: string | undefined, error: unknown): GraphQLFormattedError {
  const { en, zh, retryable } = errorTable[code];
  const path = error instanceof GraphQLError ? error.path : undefined;
  const subgraph = error instanceof GraphQLError ? error.extensions['subgraph'] : undefined;
  return {
    message: hint ?? en,
    ...(path ? { path } : {}),
    extensions: { code, zh, retryable, ...(typeof subgraph === 'string' ? { subgraph } : {}) },
  };
}
