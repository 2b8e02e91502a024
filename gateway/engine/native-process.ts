import type { FromPlanner, ToPlanner } from './native.ts';

// The native planner, in a process of its own (native.ts says why). It ends with the gateway that started it.
process.on('disconnect', () => process.exit(0));

/** Progressive overrides (`@override(label:)`) stay off, as in @apollo/gateway. */
const noLabels = new Set<string>();
const neverOverridden = 100;

const native = await import('@graphql-hive/router-query-planner').catch(() => undefined);
const underWay = new Map<number, AbortController>();
let planner: InstanceType<NonNullable<typeof native>['QueryPlanner']> | undefined;

process.on('message', (message: ToPlanner) => {
  if ('supergraphSdl' in message) return open(message.supergraphSdl);
  if ('cancel' in message) return underWay.get(message.cancel)?.abort();
  return void plan(message.id, message.text);
});

function open(supergraphSdl: string): void {
  try {
    planner = native && new native.QueryPlanner(supergraphSdl);
    tell({ ready: planner !== undefined });
  } catch {
    tell({ ready: false });
  }
}

async function plan(id: number, text: string): Promise<void> {
  const abort = new AbortController();
  underWay.set(id, abort);
  try {
    const { node } = await planner!.planAsync(text, null, noLabels, neverOverridden, abort.signal);
    tell({ id, node: node ?? null });
  } catch (error) {
    tell({ id, fault: error instanceof Error ? error.message : String(error) });
  } finally {
    underWay.delete(id);
  }
}

function tell(message: FromPlanner): void {
  if (process.connected) process.send?.(message);
}
