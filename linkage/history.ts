/** Entities as they stood after the last run. */
export interface PreviousEntity {
  id: string;
  mentions: readonly string[];
}

export interface Entity {
  id: string;
  mentions: string[];
}

export type EntityEvent =
  | { kind: 'CREATED'; entity: string; mentions: string[]; reason: string; modelVersion: string }
  /** `entity` took in all that was left of `from`, whose id leads to it from now on. */
  | { kind: 'MERGED'; entity: string; from: string; mentions: string[]; reason: string; modelVersion: string }
  /** `mentions` left `from` for `entity`. */
  | { kind: 'SPLIT'; entity: string; from: string; mentions: string[]; reason: string; modelVersion: string }
  /** No mention is left. */
  | { kind: 'RETIRED'; entity: string; mentions: string[]; reason: string; modelVersion: string };

export interface History {
  entities: Entity[];
  events: EntityEvent[];
}

/**
 * Gives clusters the ids they had. An id stays with the cluster that holds most of its mentions (at a tie, the cluster with
 * the first mention in order); whatever else happened is an event. Clusters and mentions are taken in the order of their
 * names, so that one set of clusters always gets the same answer.
 */
export function history(clusters: readonly (readonly string[])[], previous: readonly PreviousEntity[], stamp: { modelVersion: string; reason: string }, newEntityId: (mentions: readonly string[]) => string): History {
  const before = new Map<string, string>();
  for (const entity of previous) for (const mention of entity.mentions) before.set(mention, entity.id);
  const ordered = clusters.map((mentions) => mentions.toSorted(byName)).toSorted((a, b) => byName(a[0] ?? '', b[0] ?? ''));
  const names = claims(ordered, before);
  const entities = ordered.map((mentions, index) => ({ id: names.get(index) ?? newEntityId(mentions), mentions }));
  return { entities, events: eventsOf(entities, previous, before, stamp) };
}

/** Which cluster keeps which id: the largest overlaps choose first. */
function claims(clusters: readonly (readonly string[])[], before: ReadonlyMap<string, string>): Map<number, string> {
  const overlaps = clusters.flatMap((mentions, index) => [...counts(mentions, before)].map(([id, size]) => ({ index, id, size })));
  overlaps.sort((a, b) => b.size - a.size || a.index - b.index || byName(a.id, b.id));
  const names = new Map<number, string>();
  const taken = new Set<string>();
  for (const { index, id } of overlaps) {
    if (names.has(index) || taken.has(id)) continue;
    names.set(index, id);
    taken.add(id);
  }
  return names;
}

function counts(mentions: readonly string[], before: ReadonlyMap<string, string>): Map<string, number> {
  const found = new Map<string, number>();
  for (const mention of mentions) {
    const id = before.get(mention);
    if (id !== undefined) found.set(id, (found.get(id) ?? 0) + 1);
  }
  return found;
}

function eventsOf(entities: readonly Entity[], previous: readonly PreviousEntity[], before: ReadonlyMap<string, string>, stamp: { modelVersion: string; reason: string }): EntityEvent[] {
  const live = new Set(entities.map((entity) => entity.id));
  const known = new Set(previous.map((entity) => entity.id));
  const present = new Set(entities.flatMap((entity) => entity.mentions));
  const events: EntityEvent[] = [];
  for (const { id, mentions } of entities) {
    for (const from of counts(mentions, before).keys()) {
      if (from === id) continue;
      const moved = mentions.filter((mention) => before.get(mention) === from);
      events.push({ kind: live.has(from) ? 'SPLIT' : 'MERGED', entity: id, from, mentions: moved, ...stamp });
    }
    if (!known.has(id) && mentions.every((mention) => !before.has(mention))) events.push({ kind: 'CREATED', entity: id, mentions, ...stamp });
  }
  for (const entity of previous) {
    if (!entity.mentions.some((mention) => present.has(mention))) events.push({ kind: 'RETIRED', entity: entity.id, mentions: [...entity.mentions], ...stamp });
  }
  return events;
}

function byName(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
