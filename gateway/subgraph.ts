import type { GraphQLDataSource, GraphQLDataSourceProcessOptions } from '@apollo/gateway';
import { z } from 'zod';
import { sha256Hex } from '../base/canonical.ts';
import { YiwangError } from '../base/errors.ts';
import { log, safeError } from '../base/log.ts';
import { addReport, type Seen } from '../policy/seen.ts';
import { signViewer, viewerHeader, type Viewer } from '../policy/viewer.ts';
import { codeOf, subgraphError } from './errors.ts';
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

/**
 * One subgraph as @apollo/gateway calls it. A subgraph that is down, slow or answers garbage gives null and one typed error
 * without host or stack; errors it answers with keep their code only.
 */
export function subgraphSource(name: string, options: { transport: Transport; headers: CallHeaders }): GraphQLDataSource {
  return {
    async process({ request, context }: GraphQLDataSourceProcessOptions) {
      const calling = context as unknown as Calling;
      const body = JSON.stringify({ query: request.query, variables: request.variables, operationName: request.operationName });
      try {
        const answer = readAnswer(await options.transport.send(name, body, options.headers(name, body, calling)));
        if (answer.extensions?.seen) addReport(calling.seen, answer.extensions.seen);
        const errors = answer.errors?.map((error) => subgraphError(error.extensions?.code, error.path, name));
        return { data: answer.data, ...(errors?.length ? { errors } : {}) };
      } catch (error) {
        log.warn({ err: safeError(error), subgraph: name, traceId: calling.viewer.traceId }, 'a subgraph did not answer');
        const code = codeOf(error) === 'INTERNAL' ? 'SUBGRAPH_UNAVAILABLE' : codeOf(error);
        return { data: null, errors: [subgraphError(code, undefined, name)] };
      }
    },
  };
}

const errorsMax = 1_000;
const answerShape = z.object({
  errors: z.array(z.object({ path: z.array(z.union([z.string(), z.number()])).optional().catch(undefined), extensions: z.object({ code: z.unknown() }).partial().optional().catch(undefined) })).max(errorsMax).optional(),
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
    .optional(),
});

// `data` is the part that may be large; it is passed on as it is and completed against the schema later.
function readAnswer(answer: unknown): z.output<typeof answerShape> & { data: JsonObject | null } {
  const { data, ...rest } = isObject(answer) ? answer : {};
  const read = { ...answerShape.parse(rest), data: isObject(data) ? data : null };
  if (read.data === null && !read.errors?.length) throw new YiwangError('SUBGRAPH_UNAVAILABLE', { detail: 'its answer has neither data nor errors' });
  return read;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
