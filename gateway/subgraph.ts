import type { GraphQLDataSource, GraphQLDataSourceProcessOptions } from '@apollo/gateway';
import { z } from 'zod';
import { sha256Hex } from '../base/canonical.ts';
import { YiwangError, type ErrorCode } from '../base/errors.ts';
import { log, safeError } from '../base/log.ts';
import { addReport, type Seen, type SeenReport } from '../policy/seen.ts';
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
  /** What goes with a call beside its body: the hub's signed viewer context. Nothing of the client's own headers does. */
  headers: CallHeaders;
  /** The subgraphs are the hub's: the access log rests on what they report to have given. Of others no report is read. */
  counts?: boolean;
}

/**
 * Calls a subgraph with the body of a request. Never rejects: a subgraph that is down, slow or answers garbage gives null
 * and one typed error without host or stack.
 */
export async function askSubgraph({ transport, headers, counts = false }: CallOptions, name: string, body: string, calling: Calling, deadline?: Deadline): Promise<SubgraphAnswer> {
  try {
    const answer = await transport.send(name, body, headers(name, body, calling), deadline);
    const { data, errors, extensions } = isObject(answer) ? answer : ({} as JsonObject);
    const read = { data: isObject(data) ? data : null, errors: readFaults(errors) };
    if (read.data === null && read.errors.length === 0) throw garbled('its answer has neither data nor errors');
    const seen = counts ? readReport(extensions, read.data) : undefined;
    if (seen) addReport(calling.seen, seen);
    if (Array.isArray(errors) && errors.length > errorsMax) log.warn({ subgraph: name, traceId: calling.viewer.traceId }, `of a subgraph's errors only ${errorsMax} were read`);
    return { ...read, failed: false };
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
const faultsShape = z.array(
  z
    .object({ path: z.array(z.union([z.string(), z.number()])).optional().catch(undefined), extensions: z.object({ code: z.unknown() }).partial().optional().catch(undefined) })
    .transform(({ path, extensions }): Fault => ({ code: isErrorCode(extensions?.code) ? extensions.code : 'INTERNAL', path })),
);
/** Says that errors were left out; first, because what gathers errors has a bound of its own. Its place is none. */
const cut: Fault = { code: 'LIMIT_EXCEEDED', path: [] };

/** Errors beyond the bound are left out, whatever they say: the data beside them is as good as without them. */
function readFaults(errors: unknown): readonly Fault[] {
  if (errors === undefined || errors === null) return noFaults;
  if (!Array.isArray(errors) || errors.length <= errorsMax) return faultsShape.parse(errors);
  return [cut, ...faultsShape.parse(errors.slice(0, errorsMax))];
}

const reportShape = z.object({
  seen: z.object({
    fields: z.array(z.object({ coordinate: z.string(), effect: z.enum(['FULL', 'MASKED', 'WITHHELD']), policy: z.string(), reason: z.string(), count: z.int().min(0) })),
    subjects: z.array(z.string()),
    records: z.record(z.string(), z.int().min(0)),
  }),
});

/**
 * What a subgraph of the hub says it gave. Data whose report is missing or cannot be read is not released: nobody could say
 * afterwards who saw it. Where nothing is logged (`gateway --supergraph`) a foreign `seen` is no report of ours, so it is
 * neither checked nor believed, and what else stands in `extensions` is nobody's fault.
 */
function readReport(extensions: unknown, data: JsonObject | null): SeenReport | undefined {
  const { success, data: report } = reportShape.safeParse(extensions);
  if (!success && data !== null) throw garbled('its answer does not say what was seen');
  return report?.seen;
}

function garbled(detail: string): YiwangError {
  return new YiwangError('SUBGRAPH_UNAVAILABLE', { detail });
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
