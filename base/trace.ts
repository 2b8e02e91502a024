import { context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Context, type Span, type Tracer } from '@opentelemetry/api';
import { YiwangError } from './errors.ts';

/**
 * Spans of our own around jobs, pages, statements and calls. Attributes hold names, codes, counts and ids that we made, never
 * a value of a record. Without `startTracing` (tracing.ts) nothing is measured: `span` is then one comparison and a call.
 */
export async function span<T>(name: string, attributes: Attributes, work: (open: OpenSpan) => Promise<T>, options: SpanOptions = {}): Promise<T> {
  if (tracer === undefined) return work(noSpan);
  const open = openSpan(name, attributes, options);
  try {
    return await open.run(() => work(open));
  } catch (error) {
    open.fail(error);
    throw error;
  } finally {
    open.end();
  }
}

export type Attributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanOptions {
  kind?: 'SERVER' | 'CLIENT' | 'INTERNAL';
  /** Begins a trace of this id, of 32 hexadecimal digits: the one that stands in the access log. */
  traceId?: string;
  /** Goes on with the trace of this header, where it is of this trace id: an id that was signed is believed, a header is not. */
  parent?: { header: string | undefined; traceId: string };
}

/** A span whose end is elsewhere than its beginning. */
export interface OpenSpan {
  run<T>(work: () => T): T;
  set(attributes: Attributes): void;
  /** Keeps the code of an error and nothing of its text. */
  fail(error: unknown): void;
  end(): void;
}

export function openSpan(name: string, attributes: Attributes, { kind = 'INTERNAL', traceId, parent }: SpanOptions = {}): OpenSpan {
  if (tracer === undefined) return noSpan;
  const within = traceId !== undefined ? ROOT_CONTEXT : parent !== undefined ? continued(parent) : context.active();
  giving = traceId;
  const started = tracer.startSpan(name, { attributes, kind: SpanKind[kind], root: traceId !== undefined }, within);
  giving = undefined;
  return opened(started, trace.setSpan(within, started));
}

/** The header that leads a call to another service of this hub into this trace; none where nothing is traced. */
export function traceHeaders(): Record<string, string> {
  if (tracer === undefined) return {};
  const headers: Record<string, string> = {};
  propagation.inject(context.active(), headers);
  return headers;
}

/** Whether work that goes on now is part of a trace: statements outside one (a dispatcher's polls) are not measured. */
export function isTraced(): boolean {
  return tracer !== undefined && trace.getSpan(context.active()) !== undefined;
}

/** Turned on by `startTracing`, off by its end. */
export function useTracer(next: Tracer | undefined): void {
  tracer = next;
}

/** The id that the span being opened was given; read by the id generator, which is told of no span. */
export function traceIdGiven(): string | undefined {
  return giving;
}

let tracer: Tracer | undefined;
let giving: string | undefined;

const noSpan: OpenSpan = { run: (work) => work(), set: () => undefined, fail: () => undefined, end: () => undefined };

function opened(started: Span, within: Context): OpenSpan {
  return {
    run: (work) => context.with(within, work),
    set: (attributes) => void started.setAttributes(attributes),
    fail: (error) => void started.setStatus({ code: SpanStatusCode.ERROR, message: codeOf(error) }),
    end: () => started.end(),
  };
}

function continued({ header, traceId }: { header: string | undefined; traceId: string }): Context {
  const found = propagation.extract(ROOT_CONTEXT, header === undefined ? {} : { traceparent: header });
  return trace.getSpanContext(found)?.traceId === traceId ? found : context.active();
}

function codeOf(error: unknown): string {
  return error instanceof YiwangError ? error.code : 'INTERNAL';
}
