import { createHash } from 'node:crypto';
import { blocksOf, groupsWith, type Blocks } from './block.ts';
import type { Model } from './model.ts';
import { valuesAt, type Column, type Table } from './table.ts';

/** How a key's value is stored: a keyed hash wherever the value is a person's number. */
export type KeyHash = (type: string, value: string) => string;

/**
 * The blocks of every rule without those whose key is generic in the whole hub. `genericKeys`: `type:hash`, under `hash`.
 * A block whose rows share several keys of its rule stays if any of them is not generic: it pairs the same rows.
 */
export function specificBlocks(model: Model, table: Table, genericKeys: ReadonlySet<string>, hash: KeyHash = keyHash): Blocks[] {
  const types = new Set([...genericKeys].map((key) => key.slice(0, key.indexOf(':'))));
  return blocksOf(model, table).map((block, index) => {
    if (!types.has(block.rule)) return block;
    const rule = model.blocking[index]!;
    const keysAt = (at: number) => new Set(partsOf(rule, table, block.rows[at]!));
    const isGeneric = (parts: string) => genericKeys.has(`${rule.name}:${hash(rule.name, parts)}`);
    const keep = (from: number, to: number): boolean => {
      let shared = keysAt(from);
      if (![...shared].some(isGeneric)) return true;
      for (let at = from + 1; at < to && shared.size > 0; at += 1) shared = shared.intersection(keysAt(at));
      return ![...shared].every(isGeneric);
    };
    return { rule: block.rule, ...groupsWith(block, keep) };
  });
}

/** The keys of a row: type and hash. */
export function* keysOf(model: Model, table: Table, row: number, hash: KeyHash): Generator<[type: string, hash: string]> {
  for (const rule of model.blocking) for (const parts of new Set(partsOf(rule, table, row))) yield [rule.name, hash(rule.name, parts)];
}

/** What is hashed: every combination of the row's values in the columns of a rule. */
function partsOf(rule: Model['blocking'][number], table: Table, row: number): string[] {
  let combinations: string[][] = [[]];
  for (const name of rule.columns) {
    const values = valuesAt(table.columns.get(name) as Column, row);
    combinations = combinations.flatMap((parts) => values.map((value) => [...parts, value]));
  }
  return combinations.map((combination) => JSON.stringify(combination));
}

/** 128 bits of SHA-256: long enough that no two keys meet by chance. */
export function keyHash(type: string, value: string): string {
  return createHash('sha256').update(`${type}\u0000${value}`).digest('hex').slice(0, 32);
}
