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
  const project = projection(requires, isOfType);
  return (entity) => {
    const fields = project(entity);
    if (fields === null || typeof fields['__typename'] !== 'string') return null;
    rewrite(inputRewrites, fields, isOfType);
    return JSON.stringify(fields);
  };
}

type Project = (entity: JsonObject) => JsonObject | null;

interface Part {
  from: readonly string[];
  to: string;
  project: Project | null;
}

const typesKeptMax = 1_000;

function projection(selections: readonly Required[], isOfType: IsOfType): Project {
  const byType = new Map<unknown, readonly Part[]>();
  const partsFor = (name: unknown): readonly Part[] => {
    const known = byType.get(name);
    if (known) return known;
    const parts = partsOf(selections, name, isOfType);
    if (byType.size < typesKeptMax) byType.set(name, parts); // names come from subgraphs
    return parts;
  };
  return (entity) => {
    const fields: JsonObject = {};
    for (const part of partsFor(entity['__typename'])) {
      const key = part.from.find((one) => Object.hasOwn(entity, one) && entity[one] !== undefined);
      if (key === undefined) return null;
      fields[part.to] = part.project ? projected(entity[key], part.project) : entity[key];
    }
    return fields;
  };
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
  return [...merged].map(([to, { from, selections: inner }]) => ({ from, to, project: inner ? projection(inner, isOfType) : null }));
}

function projected(value: unknown, project: Project): unknown {
  if (typeof value !== 'object' || value === null) return null;
  return Array.isArray(value) ? value.map((item) => projected(item, project)) : project(value as JsonObject);
}
