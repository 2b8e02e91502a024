import { writeString } from '../json.ts';
import type { JsonObject } from '../shape.ts';
import type { Entities, Required } from './plan.ts';
import { rewrite } from './rewrites.ts';
import type { IsOfType } from './types.ts';

/** The JSON of an entity's representation, or null where a part of it is not known: such an entity is not asked about. */
type Represent = (entity: JsonObject) => string | null;

/** The representations of one variable: what is sent, each entity once, and where in the list each stands. */
export interface Named {
  texts: string[];
  indexes: Map<string, number>;
}

/** Where in the list an entity stands, or -1 where it is not asked about; one that is new to the list is added. Made per execution. */
export type Place = (entity: JsonObject) => number;

/**
 * How entities are named to a subgraph. The text is at once what is sent and what tells two entities apart: the fields
 * stand in the plan's order. Compiled once per plan and type of entity.
 */
export function representation({ requires, inputRewrites }: Entities, isOfType: IsOfType): (named: Named) => Place {
  const { write, partsFor } = writer(requires, isOfType, [{ kind: 'field', from: ['__typename'], to: '__typename', selections: null }]);
  const textOf: Represent = (entity) => {
    const text = write(entity);
    if (text === null || inputRewrites.length === 0) return text;
    const fields: unknown = JSON.parse(text);
    rewrite(inputRewrites, fields, isOfType);
    return JSON.stringify(fields);
  };
  return (named) => {
    const met: Chain = new Map();
    return (entity) => {
      const name = entity['__typename'];
      const parts = typeof name === 'string' ? partsFor(name) : null;
      if (parts === null) return -1;
      const end = chained(met, entity, parts);
      if (end === undefined) return indexOf(named, textOf(entity));
      const known = end.get(here);
      if (typeof known === 'number') return known;
      const index = indexOf(named, textOf(entity));
      end.set(here, index);
      return index;
    };
  };
}

function indexOf({ texts, indexes }: Named, text: string | null): number {
  if (text === null) return -1;
  const known = indexes.get(text);
  if (known !== undefined) return known;
  const index = texts.push(text) - 1;
  indexes.set(text, index);
  return index;
}

/** Values of leaves, one after the other, to the index that their text has: a place that was met before needs no text. */
type Chain = Map<unknown, Chain | number>;
const here = Symbol('the index');

/** Undefined where a value is missing, or is no leaf: two of those are told apart by their texts only. */
function chained(met: Chain, entity: JsonObject, parts: readonly Part[]): Chain | undefined {
  let chain = met;
  for (const { from } of parts) {
    const value = valueIn(entity, from);
    if (value === undefined || (typeof value === 'object' && value !== null)) return undefined;
    let next = chain.get(value);
    if (typeof next !== 'object') chain.set(value, (next = new Map()));
    chain = next;
  }
  return chain;
}

interface Part {
  lead: string;
  from: readonly string[];
  write: (value: unknown) => string;
}

const typesKeptMax = 1_000;

/** Null for an object that lacks a field, or that nothing is required of: it is not of the types that are meant. */
function writer(selections: readonly Required[], isOfType: IsOfType, always: readonly Required[] = []): { write: Represent; partsFor(name: unknown): readonly Part[] | null } {
  const byType = new Map<unknown, readonly Part[] | null>();
  const partsFor = (name: unknown): readonly Part[] | null => {
    const known = byType.get(name);
    if (known !== undefined) return known;
    const isMeant = selections.some((one) => one.kind === 'field' || isOfType(name, one.type));
    const parts = isMeant ? partsOf([...always, ...selections], name, isOfType) : null;
    if (byType.size < typesKeptMax) byType.set(name, parts); // names come from subgraphs
    return parts;
  };
  const write: Represent = (entity) => {
    const parts = partsFor(entity['__typename']);
    if (parts === null) return null;
    let text = '';
    for (const { lead, from, write } of parts) {
      const value = valueIn(entity, from);
      if (value === undefined) return partial(entity);
      text += lead + write(value);
    }
    return text === '' ? '{}' : `${text}}`;
  };
  // A fragment that lacks a field is left out and the others stand: what one step requires may be of several, some of them skipped.
  const partial: Represent = (entity) => {
    const there = complete(selections, entity, isOfType);
    if (there === null || there.length === 0 || (there.length === selections.length && there.every((one, at) => one === selections[at]))) return null;
    return writer(there, isOfType, always).write(entity);
  };
  return { write, partsFor };
}

/** What of these the entity has, fragment by fragment, as @apollo/gateway collects it; null where it lacks a field that stands outside of any fragment. */
function complete(selections: readonly Required[], entity: JsonObject, isOfType: IsOfType): Required[] | null {
  const there: Required[] = [];
  for (const one of selections) {
    if (one.kind === 'field') {
      if (valueIn(entity, one.from) === undefined) return null;
      there.push(one);
    } else if (isOfType(entity['__typename'], one.type)) {
      const inner = complete(one.selections, entity, isOfType);
      if (inner !== null) there.push(inner.length === one.selections.length && inner.every((part, at) => part === one.selections[at]) ? one : { ...one, selections: inner });
    }
  }
  return there;
}

function valueIn(entity: JsonObject, keys: readonly string[]): unknown {
  for (const key of keys) {
    const value = key in Object.prototype && !Object.hasOwn(entity, key) ? undefined : entity[key];
    if (value !== undefined) return value;
  }
  return undefined;
}

/** The fields for one concrete type, fragments written out and fields of one name merged. */
function partsOf(selections: readonly Required[], name: unknown, isOfType: IsOfType): readonly Part[] {
  const merged = new Map<string, { from: readonly string[]; selections: Required[] | null }>();
  const add = (all: readonly Required[]): void => {
    for (const one of all) {
      if (one.kind === 'on') {
        if (isOfType(name, one.type)) add(one.selections);
        continue;
      }
      const known = merged.get(one.to);
      if (known) known.selections?.push(...(one.selections ?? []));
      else merged.set(one.to, { from: one.from, selections: one.selections ? [...one.selections] : null });
    }
  };
  add(selections);
  return [...merged].map(([to, { from, selections: inner }], at) => ({ lead: `${at === 0 ? '{' : ','}${JSON.stringify(to)}:`, from, write: inner ? nestedWriter(writer(inner, isOfType).write) : leafText }));
}

/** What a nested object lacks makes it null, as in @apollo/gateway; its subgraph decides what that means. */
function nestedWriter(write: Represent): (value: unknown) => string {
  const nested = (value: unknown): string => {
    if (typeof value !== 'object' || value === null) return 'null';
    return Array.isArray(value) ? `[${value.map(nested).join(',')}]` : (write(value as JsonObject) ?? 'null');
  };
  return nested;
}

function leafText(value: unknown): string {
  return typeof value === 'string' ? writeString(value) : JSON.stringify(value);
}
