import { Pool as UndiciPool, type Dispatcher } from 'undici';
import { YiwangError } from '../base/errors.ts';
import { span, traceHeaders } from '../base/trace.ts';
import type { Deadline } from './deadline.ts';

/** Carries one request to a subgraph and its answer, read as JSON, back. Throws `SUBGRAPH_UNAVAILABLE` when none comes. */
export interface Transport {
  /** Gives up after `callMsMax`, or when the operation's own deadline passes. */
  send(subgraph: string, body: string, headers: Record<string, string>, deadline?: Deadline): Promise<unknown>;
  close(): Promise<void>;
}

export interface TransportLimits {
  /** For the whole call, however the answer trickles in. */
  callMsMax: number;
  answerBytesMax: number;
}

const defaults: TransportLimits = { callMsMax: 15_000, answerBytesMax: 32 * 1024 * 1024 };

/** Over HTTP, with pooled connections kept alive, one request on each at a time. `endpoints`: subgraph → URL. */
export function httpTransport(endpoints: Readonly<Record<string, string>>, limits: Partial<TransportLimits> = {}): Transport {
  const bounds = { ...defaults, ...limits };
  const pools = new Map<string, { pool: UndiciPool; path: string }>();
  for (const [name, url] of Object.entries(endpoints)) {
    const { origin, pathname, search } = new URL(url);
    pools.set(name, { pool: new UndiciPool(origin, { connections: connectionsMax, pipelining: 1, headersTimeout: bounds.callMsMax, bodyTimeout: bounds.callMsMax, connect: { timeout: connectTimeoutMs } }), path: pathname + search });
  }
  return {
    async send(subgraph, body, headers, deadline) {
      const to = pools.get(subgraph);
      if (!to) throw unavailable(`no endpoint for the subgraph ${subgraph}`);
      const request = { path: to.path, method: 'POST', body, headers: { ...headers, 'content-type': 'application/json', accept: `${responseType}, application/json;q=0.9` } } as const;
      return parsed(await answerText(to.pool, request, bounds, deadline).catch((error: unknown) => {
        throw error instanceof YiwangError ? error : unavailable(`the subgraph ${subgraph} does not answer`, error);
      }), subgraph);
    },
    async close() {
      await Promise.all([...pools.values()].map(({ pool }) => pool.destroy()));
    },
  };
}

/** Into subgraphs that share this process; the same signature and the same checks as over HTTP. */
export function processTransport(inject: (subgraph: string, body: string, headers: Record<string, string>) => Promise<{ body: unknown }>, { callMsMax }: Partial<TransportLimits> = {}): Transport {
  return {
    async send(subgraph, body, headers, deadline) {
      try {
        return (await inTime(inject(subgraph, body, headers), callMsMax ?? defaults.callMsMax, deadline)).body;
      } catch (error) {
        throw error instanceof YiwangError && error.code === 'SUBGRAPH_UNAVAILABLE' ? error : unavailable(`the subgraph ${subgraph} failed`, error);
      }
    },
    close: async () => undefined,
  };
}

/** Each call in a span of its own; the subgraph goes on in the same trace. */
export function tracedTransport(transport: Transport): Transport {
  return {
    send: (subgraph, body, headers, deadline) => span('subgraph', { subgraph }, () => transport.send(subgraph, body, { ...headers, ...traceHeaders() }, deadline), { kind: 'CLIENT' }),
    close: () => transport.close(),
  };
}

/** GraphQL over HTTP: what bears this type was written by a GraphQL server, whatever the status. */
const responseType = 'application/graphql-response+json';

const connectionsMax = 32;
const connectTimeoutMs = 2_000;

/**
 * The text of an answer. JSON of another type counts with a status of success only: beside any other it may be what a
 * proxy says, or data that its server gave up. undici's lowest door: its streams and abort signals would cost more than the
 * rest of a call.
 */
function answerText(pool: UndiciPool, request: Dispatcher.DispatchOptions, { callMsMax, answerBytesMax }: TransportLimits, deadline: Deadline | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let controller: Dispatcher.DispatchController | undefined;
    let stopped: YiwangError | undefined;
    let refused: YiwangError | undefined;
    let release: (() => void) | undefined;
    const settle = () => {
      clearTimeout(timer);
      release?.();
    };
    const stop = (detail: string) => {
      stopped = unavailable(detail);
      controller?.abort(stopped);
      settle();
      reject(stopped);
    };
    const timer = setTimeout(() => stop('a call took longer than it may'), callMsMax);
    release = deadline?.onPassed(() => stop('the operation took longer than it may'));
    if (stopped) return;
    pool.dispatch(request, {
      onRequestStart(started) {
        controller = started;
        if (stopped) started.abort(stopped);
      },
      onResponseStart(_controller, status, headers) {
        const counts = (status >= 200 && status <= 299) || isResponseType(headers['content-type']);
        refused = counts ? undefined : unavailable(`an answer has the status ${status}`); // early hints (103) come before the last one
      },
      onResponseData(_controller, chunk) {
        bytes += chunk.length;
        if (bytes > answerBytesMax) stop(`an answer is over ${answerBytesMax} bytes`);
        else chunks.push(chunk);
      },
      onResponseEnd() {
        settle();
        if (refused) reject(refused);
        else resolve((chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)).toString('utf8'));
      },
      onResponseError(_controller, error) {
        settle();
        reject(error);
      },
    });
  });
}

function isResponseType(contentType: string | string[] | undefined): boolean {
  return typeof contentType === 'string' && contentType.split(';')[0]!.trim().toLowerCase() === responseType;
}

/** What runs in this process cannot be stopped from outside; its answer is no longer waited for. */
function inTime<T>(answer: Promise<T>, callMsMax: number, deadline: Deadline | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(unavailable('a call took longer than it may'));
    const timer = setTimeout(late, callMsMax);
    const release = deadline?.onPassed(late);
    void answer.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      release?.();
    });
  });
}

/**
 * A subgraph's JSON is foreign too: a key `__proto__` is left out (threats.md, 21). A reviver costs more than the parsing.
 * A byte order mark before it is passed over (RFC 8259, 8.1).
 */
function parsed(told: string, subgraph: string): unknown {
  const text = told.charCodeAt(0) === byteOrderMark ? told.slice(1) : told;
  try {
    return JSON.parse(text, text.includes('__proto__') ? (key, value: unknown) => (key === '__proto__' ? undefined : value) : undefined);
  } catch (error) {
    throw unavailable(`the subgraph ${subgraph} does not answer in JSON`, error);
  }
}

const byteOrderMark = 0xfeff;

function unavailable(detail: string, cause?: unknown): YiwangError {
  return new YiwangError('SUBGRAPH_UNAVAILABLE', { detail, ...(cause === undefined ? {} : { cause }) });
}
