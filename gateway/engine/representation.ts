import { writeString } from '../json.ts';
import type { JsonObject } from '../shape.ts';
import type { Entities, Required } from './plan.ts';
import { rewrite } from './rewrites.ts';
import type { IsOfType } from './types.ts';

/** The JSON of an entity's representation, or null where a part of it is not known: such an entity is not asked about. */
export type Represent = (entity: JsonObject) => string | null;

/**
 * How entities are named to a subgraph. The text is at once what is sent and what tells two entities apart: the fields
 * stand in the plan's order. Compiled once per plan and type of entity.
 */
export function representation({ requires, inputRewrites }: Entities, isOfType: IsOfType): Represent {
  const textOf = writer(requires, isOfType, [{ kind: 'field', from: ['__typename'], to: '__typename', selections: null }]);
  const named: Represent = (entity) => (typeof entity['__typename'] === 'string' ? textOf(entity) : null);
  if (inputRewrites.length === 0) return named;
  return (entity) => {
    const text = named(entity);
    if (text === null) return null;
    const fields: unknown = JSON.parse(text);
    rewrite(inputRewrites, fields, isOfType);
    return JSON.stringify(fields);
  };
}

interface Part {
  lead: string;
  from: readonly string[];
  write: (value: unknown) => string;
}

const typesKeptMax = 1_000;

/** Null for an object that lacks a field, or that nothing is required of: it is not of the types that are meant. */
function writer(selections: readonly Required[], isOfType: IsOfType, always: readonly Required[] = []): Represent {
  const byType = new Map<unknown, readonly Part[] | null>();
  const partsFor = (name: unknown): readonly Part[] | null => {
    const known = byType.get(name);
    if (known !== undefined) return known;
    const isMeant = selections.some((one) => one.kind === 'field' || isOfType(name, one.type));
    const parts = isMeant ? partsOf([...always, ...selections], name, isOfType) : null;
    if (byType.size < typesKeptMax) byType.set(name, parts); // names come from subgraphs
    return parts;
  };
  return (entity) => {
    const parts = partsFor(entity['__typename']);
    if (parts === null) return null;
    let text = '';
    for (const { lead, from, write } of parts) {
      const value = valueIn(entity, from);
      if (value === undefined) return null;
      text += lead + write(value);
    }
    return text === '' ? '{}' : `${text}}`;
  };
}

function valueIn(entity: JsonObject, keys: readonly string[]): unknown {
  for (const key of keys) if (Object.hasOwn(entity, key) && entity[key] !== undefined) return entity[key];
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
  return [...merged].map(([to, { from, selections: inner }], at) => ({ lead: `${at === 0 ? '{' : ','}${JSON.stringify(to)}:`, from, write: inner ? nestedWriter(writer(inner, isOfType)) : leafText }));
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
