import { createHash } from 'node:crypto';
import type { Wanted } from './block.ts';
import type { Model } from './model.ts';
import { valuesAt, type Column, type Table } from './table.ts';

/** How a key's value is stored: a keyed hash wherever the value is a person's number. */
export type KeyHash = (type: string, value: string) => string;

/** Pairs must share a key that is not generic in the whole hub. */
export function sharedKey(model: Model, table: Table, genericKeys: ReadonlySet<string> | undefined, hash: KeyHash = keyHash): Wanted {
  if (genericKeys === undefined || genericKeys.size === 0) return null;
  // Only a key of a type that has generic ones need be known by its hash; of the others the value itself will do.
  const types = new Set([...genericKeys].map((key) => key.slice(0, key.indexOf(':'))));
  const known: KeyHash = (type, value) => (types.has(type) ? hash(type, value) : value);
  const keys: Set<string>[] = [];
  const of = (row: number) => (keys[row] ??= new Set([...keysOf(model, table, row, known)].map(([name]) => name).filter((name) => !genericKeys.has(name))));
  return (i, j) => !of(i).isDisjointFrom(of(j));
}

/** The keys of a row: `type:hash`, type and hash. */
export function* keysOf(model: Model, table: Table, row: number, hash: KeyHash): Generator<[string, string, string]> {
  for (const rule of model.blocking) {
    let combinations: string[][] = [[]];
    for (const name of rule.columns) {
      const values = valuesAt(table.columns.get(name) as Column, row);
      combinations = combinations.flatMap((parts) => values.map((value) => [...parts, value]));
    }
    for (const parts of new Set(combinations.map((combination) => JSON.stringify(combination)))) {
      const digest = hash(rule.name, parts);
      yield [`${rule.name}:${digest}`, rule.name, digest];
    }
  }
}

/** 128 bits of SHA-256: long enough that no two keys meet by chance. */
export function keyHash(type: string, value: string): string {
  return createHash('sha256').update(`${type}\u0000${value}`).digest('hex').slice(0, 32);
}
