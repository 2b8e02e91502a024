import DataLoader from 'dataloader';
import { canonicalJson } from '../base/canonical.ts';
import type { SubgraphContext } from './context.ts';

/**
 * Reads many keys with **one** SQL statement. The map holds what was found; a key that is absent is hidden or missing, and
 * nobody can tell which. A batch is a module's constant: its identity names the loader.
 */
export type Batch<K, V> = (context: SubgraphContext, keys: readonly K[]) => Promise<ReadonlyMap<string, V>>;

const batchKeysMax = 1000;

/** The value of one key, read together with all others that are asked for in the same step of the execution. */
export function load<K, V>(context: SubgraphContext, batch: Batch<K, V>, key: K): Promise<V | null> {
  let loader = context.loaders.get(batch) as DataLoader<K, V | null, string> | undefined;
  if (!loader) {
    const read = async (keys: readonly K[]) => {
      const found = await batch(context, keys);
      return keys.map((one) => found.get(keyText(one)) ?? null);
    };
    loader = new DataLoader<K, V | null, string>(read, { maxBatchSize: batchKeysMax, cacheKeyFn: keyText });
    context.loaders.set(batch, loader as DataLoader<unknown, unknown, string>);
  }
  return loader.load(key);
}

/** The text under which a batch returns the value of a key: the key itself, or the canonical JSON of one with arguments. */
export function keyText(key: unknown): string {
  return typeof key === 'string' ? key : canonicalJson(key);
}

/** Rows by the text of their key; the first of each key wins. */
export function byKey<V>(rows: readonly V[], key: (row: V) => string): Map<string, V> {
  const found = new Map<string, V>();
  for (const row of rows) if (!found.has(key(row))) found.set(key(row), row);
  return found;
}

/** All rows of each key, in the order in which they were read. */
export function allByKey<V>(rows: readonly V[], key: (row: V) => string): Map<string, V[]> {
  const found = new Map<string, V[]>();
  for (const row of rows) {
    const known = found.get(key(row));
    if (known) known.push(row);
    else found.set(key(row), [row]);
  }
  return found;
}
