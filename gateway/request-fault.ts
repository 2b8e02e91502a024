import type { GraphQLFormattedError } from 'graphql';
import { YiwangError } from '../base/errors.ts';
import { isRecord } from './body.ts';
import { publicError, statusOf } from './errors.ts';

/** What a route that is not `/graphql` tells of an error, and under which status. */
export function refusal(error: unknown): { status: number; told: GraphQLFormattedError } {
  const status = requestFaultStatus(error);
  const known = status === undefined ? error : requestFault(status, error);
  return { status: status ?? statusOf(known), told: publicError(known) };
}

/** The status under which Fastify or a parser refuses a request before any code of ours sees it; undefined for any other error. */
export function requestFaultStatus(error: unknown): number | undefined {
  const { code, statusCode } = isRecord(error) ? error : ({} as Record<string, unknown>);
  // A caller who hangs up before the body is whole: Fastify passes on what Node says of it.
  const isFastifys = error instanceof SyntaxError || (typeof code === 'string' && (code.startsWith('FST_') || code === 'ECONNRESET'));
  return isFastifys && typeof statusCode === 'number' && statusCode < 500 ? statusCode : undefined;
}

/** The same of what Node could not read as a request, by the code it gives. */
export function unreadable(cause: unknown): { status: number; told: GraphQLFormattedError } {
  const status = unreadStatus[String((cause as { code?: unknown }).code)] ?? 400;
  return { status, told: publicError(requestFault(status, cause)) };
}

const unreadStatus: Readonly<Record<string, number>> = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 };

/** In the terms of the closed table: Fastify's sentences repeat the address that was asked for. */
function requestFault(status: number, cause: unknown): YiwangError {
  if (status === 413) return new YiwangError('LIMIT_EXCEEDED', { hint: 'the body is larger than is taken here', cause });
  return new YiwangError('BAD_REQUEST', { hint: hints[status] ?? 'the address or the body cannot be read', cause });
}

const hints: Readonly<Record<number, string>> = {
  408: 'the request was not whole in time', 414: 'the address is too long', 415: 'the body is of a type that is not taken here', 431: 'the headers are longer than is taken here',
};
