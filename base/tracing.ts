import { AsyncLocalStorage } from 'node:async_hooks';
import { context, propagation, ROOT_CONTEXT, trace, type Context, type ContextManager, type TextMapPropagator } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, RandomIdGenerator, TracerProvider } from '@opentelemetry/sdk-trace';
import { traceIdGiven, useTracer } from './trace.ts';

export interface Tracing {
  /** Sends what is still kept, and ends. */
  stop(): Promise<void>;
}

const spansKeptMax = 4_096;
const spansPerExportMax = 512;
const exportEveryMs = 2_000;
const exportTimeoutMs = 10_000;
const attributeCharactersMax = 2_000;

/** Starts the SDK and exports to a collector at `endpoint` by OTLP over HTTP. Spans that a slow collector does not take in time are dropped. */
export function startTracing(endpoint: string): Tracing {
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces`, timeoutMillis: exportTimeoutMs });
  const processor = new BatchSpanProcessor({ exporter, maxQueueSize: spansKeptMax, maxExportBatchSize: spansPerExportMax, scheduledDelayMillis: exportEveryMs, exportTimeoutMillis: exportTimeoutMs });
  const random = new RandomIdGenerator();
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'yiwang' }),
    spanLimits: { attributeValueLengthLimit: attributeCharactersMax },
    spanProcessors: [processor],
    idGenerator: { generateTraceId: () => traceIdGiven() ?? random.generateTraceId(), generateSpanId: () => random.generateSpanId() },
  });
  context.setGlobalContextManager(asyncContexts());
  propagation.setGlobalPropagator(traceparent);
  useTracer(provider.getTracer('yiwang'));
  return {
    stop: async () => {
      useTracer(undefined);
      await provider.shutdown().catch(() => undefined); // the collector is away; what it did not get is lost, as telemetry may be
      context.disable();
      propagation.disable();
    },
  };
}

/** The active span follows promises and callbacks. */
function asyncContexts(): ContextManager {
  const storage = new AsyncLocalStorage<Context>();
  const manager: ContextManager = {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (within, work, self, ...args) => storage.run(within, () => work.call(self as never, ...args)),
    bind: (within, target) => (typeof target === 'function' ? (((...args: unknown[]) => storage.run(within, () => (target as (...all: unknown[]) => unknown)(...args))) as typeof target) : target),
    enable: () => manager,
    disable: () => manager,
  };
  return manager;
}

const form = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** W3C Trace Context, level 1: the header `traceparent` and nothing else. */
const traceparent: TextMapPropagator = {
  inject(within, carrier, setter) {
    const found = trace.getSpanContext(within);
    if (found) setter.set(carrier, 'traceparent', `00-${found.traceId}-${found.spanId}-0${found.traceFlags & 1}`);
  },
  extract(within, carrier, getter) {
    const header = getter.get(carrier, 'traceparent');
    const [, traceId, spanId, flags] = typeof header === 'string' ? (form.exec(header) ?? []) : [];
    return traceId && spanId && flags ? trace.setSpanContext(within, { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true }) : within;
  },
  fields: () => ['traceparent'],
};
