import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Pool } from '../base/db.ts';
import type { Exchange } from './exchange.ts';
import { streamMetrics, type QueueDepths } from './stream-metrics.ts';

/** Counts for operators, without a name, a purpose or a matter in any label. */
export interface Metrics {
  finished(exchange: Exchange): void;
  text(): Promise<string>;
  contentType: string;
}

export interface MetricsOptions {
  logSize: () => number;
  pool: Pool;
  queueDepths?: QueueDepths | undefined;
  now: () => Date;
}

export function openMetrics({ logSize, ...sources }: MetricsOptions): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const operations = new Counter({ name: 'yiwang_operations_total', help: 'operations that reached the gateway, by kind of caller and outcome', labelNames: ['kind', 'outcome'], registers });
  const seconds = new Histogram({ name: 'yiwang_operation_seconds', help: 'time from the first byte to the answer', buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15], registers });
  new Gauge({ name: 'yiwang_access_log_entries', help: 'entries committed to the access log, as far as this process knows', registers, collect() { this.set(logSize()); } });
  const streams = streamMetrics(registry, sources);
  return {
    finished({ viewer, refusal, startedAtMs }) {
      operations.inc({ kind: viewer.kind, outcome: refusal ?? 'ALLOWED' });
      seconds.observe((performance.now() - startedAtMs) / 1000);
    },
    async text() {
      await streams.refresh();
      return registry.metrics();
    },
    contentType: registry.contentType,
  };
}
