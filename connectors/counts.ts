/** What `hub.stream.totals` and a run count (sources.md, Counting). `offered` is the sum of all that follow. */
export interface Counts {
  offered: number;
  published: number;
  unchanged: number;
  superseded: number;
  tombstones: number;
  dropped: Record<string, number>;
  droppedFields: Record<string, number>;
  quarantined: Record<string, number>;
}

export function noCounts(): Counts {
  return { offered: 0, published: 0, unchanged: 0, superseded: 0, tombstones: 0, dropped: {}, droppedFields: {}, quarantined: {} };
}

/** Adds to one kind of a group; a group's entry that falls to zero goes. A source may call a column `constructor`, which every object has. */
export function add(group: Record<string, number>, name: string, n = 1): void {
  const sum = (Object.hasOwn(group, name) ? group[name]! : 0) + n;
  if (sum === 0) delete group[name];
  else group[name] = sum;
}

export function addCounts(into: Counts, more: Partial<Counts>): Counts {
  for (const name of ['offered', 'published', 'unchanged', 'superseded', 'tombstones'] as const) into[name] += more[name] ?? 0;
  for (const name of ['dropped', 'droppedFields', 'quarantined'] as const) for (const [kind, n] of Object.entries(more[name] ?? {})) add(into[name], kind, n);
  return into;
}

/** Totals as stored, with what an older hub did not count yet. */
export function countsOf(stored: unknown): Counts {
  return addCounts(noCounts(), (stored ?? {}) as Partial<Counts>);
}
