import type { GraphQLDataSource, GraphQLDataSourceProcessOptions } from '@apollo/gateway';
import { z } from 'zod';
import { sha256Hex } from '../base/canonical.ts';
import { YiwangError, type ErrorCode } from '../base/errors.ts';
import { log, safeError } from '../base/log.ts';
import { addReport, type Seen } from '../policy/seen.ts';
import { signViewer, viewerHeader, type Viewer } from '../policy/viewer.ts';
import type { Deadline } from './deadline.ts';
import { codeOf, isErrorCode, subgraphError } from './errors.ts';
import type { JsonObject } from './shape.ts';
import type { Transport } from './transport.ts';

/** What a call to a subgraph takes from the operation it belongs to, and where it reports what was seen. */
export interface Calling {
  viewer: Viewer;
  seen: Seen;
}

export type CallHeaders = (subgraph: string, body: string, calling: Calling) => Record<string, string>;

/** The hub's headers: the viewer, signed for this subgraph and this body. */
export function signedHeaders(viewerKey: Uint8Array, now: () => Date): CallHeaders {
  return (subgraph, body, { viewer }) => ({ [viewerHeader]: signViewer(viewer, { audience: subgraph, bodyHash: sha256Hex(body), key: viewerKey, now: now() }) });
}

/** What a subgraph gave. Of its errors only codes of our table and places survive. */
export interface SubgraphAnswer {
  data: JsonObject | null;
  errors: readonly Fault[];
  /** It is down, slow or answers garbage: the errors hold one, which is ours. */
  failed: boolean;
}

export interface Fault {
  code: ErrorCode;
  /** In the subgraph's own answer. */
  path: readonly (string | number)[] | undefined;
}

export interface CallOptions {
  transport: Transport;
  headers: CallHeaders;
}

/**
 * Calls a subgraph with the body of a request. Never rejects: a subgraph that is down, slow or answers garbage gives null
 * and one typed error without host or stack.
 */
export async function askSubgraph({ transport, headers }: CallOptions, name: string, body: string, calling: Calling, deadline?: Deadline): Promise<SubgraphAnswer> {
  try {
    const answer = readAnswer(await transport.send(name, body, headers(name, body, calling), deadline));
    if (answer.extensions?.seen) addReport(calling.seen, answer.extensions.seen);
    return { data: answer.data, errors: answer.errors ?? noFaults, failed: false };
  } catch (error) {
    log.warn({ err: safeError(error), subgraph: name, traceId: calling.viewer.traceId }, 'a subgraph did not answer');
    const code = codeOf(error) === 'INTERNAL' ? 'SUBGRAPH_UNAVAILABLE' : codeOf(error);
    return { data: null, errors: [{ code, path: undefined }], failed: true };
  }
}

/** One subgraph as @apollo/gateway calls it. */
export function subgraphSource(name: string, options: CallOptions): GraphQLDataSource {
  return {
    async process({ request, context }: GraphQLDataSourceProcessOptions) {
      const body = JSON.stringify({ query: request.query, variables: request.variables, operationName: request.operationName });
      const { data, errors } = await askSubgraph(options, name, body, context as unknown as Calling);
      return { data, ...(errors.length > 0 ? { errors: errors.map(({ code, path }) => subgraphError(code, path, name)) } : {}) };
    },
  };
}

const noFaults: readonly Fault[] = [];
const errorsMax = 1_000;
const faultShape = z
  .object({ path: z.array(z.union([z.string(), z.number()])).optional().catch(undefined), extensions: z.object({ code: z.unknown() }).partial().optional().catch(undefined) })
  .transform(({ path, extensions }): Fault => ({ code: isErrorCode(extensions?.code) ? extensions.code : 'INTERNAL', path }));
const answerShape = z.object({
  errors: z.array(faultShape).max(errorsMax).nullish().transform((errors) => errors ?? undefined),
  extensions: z
    .object({
      seen: z
        .object({
          fields: z.array(z.object({ coordinate: z.string(), effect: z.enum(['FULL', 'MASKED', 'WITHHELD']), policy: z.string(), reason: z.string(), count: z.int().min(0) })),
          subjects: z.array(z.string()),
          records: z.array(z.string()),
        })
        .optional(),
    })
    .nullish(),
});

type ReadAnswer = z.output<typeof answerShape> & { data: JsonObject | null };

// `data` is the part that may be large; it is passed on as it is and completed against the schema later.
function readAnswer(answer: unknown): ReadAnswer {
  const { data, errors, extensions } = isObject(answer) ? answer : ({} as JsonObject);
  const told = errors || extensions ? answerShape.parse({ errors, extensions }) : {};
  const read = { ...told, data: isObject(data) ? data : null } as ReadAnswer;
  if (read.data === null && !read.errors?.length) throw new YiwangError('SUBGRAPH_UNAVAILABLE', { detail: 'its answer has neither data nor errors' });
  return read;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
