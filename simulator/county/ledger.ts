/** What the generator planted in one stream, counted as sources.md ("Counting") defines. */
export interface StreamCounts {
  offered: number;
  tombstones: number;
  dropped: Record<string, number>;
  droppedFields: Record<string, number>;
  quarantined: Record<string, number>;
  quarantinedValues: Record<string, number>;
  repaired: Record<string, number>;
  deleted: number;
  live: number;
}

export interface Ledger {
  counts: StreamCounts;
  /** A version offered; at most one of the outcomes, none of them where it is published or found unchanged or superseded. */
  version(outcome?: { tombstone?: boolean; dropped?: string; quarantined?: string }, fields?: Record<string, number>): void;
  /** A key's end: there, gone, or (purged, refused, dropped) neither. `values` are those of the version that stays. */
  record(end: 'live' | 'deleted' | 'neither', values?: { repaired?: readonly string[]; refused?: readonly string[] }): void;
}

export function ledger(): Ledger {
  const counts: StreamCounts = { offered: 0, tombstones: 0, dropped: {}, droppedFields: {}, quarantined: {}, quarantinedValues: {}, repaired: {}, deleted: 0, live: 0 };
  return {
    counts,
    version(outcome = {}, fields = {}) {
      counts.offered += 1;
      if (outcome.dropped) add(counts.dropped, outcome.dropped);
      else if (outcome.tombstone) counts.tombstones += 1;
      else if (outcome.quarantined) add(counts.quarantined, outcome.quarantined);
      if (!outcome.dropped) for (const [field, amount] of Object.entries(fields)) if (amount > 0) add(counts.droppedFields, field, amount);
    },
    record(end, values = {}) {
      if (end === 'deleted') counts.deleted += 1;
      if (end !== 'live') return;
      counts.live += 1;
      for (const kind of values.repaired ?? []) add(counts.repaired, kind);
      for (const reason of values.refused ?? []) add(counts.quarantinedValues, reason);
    },
  };
}

function add(into: Record<string, number>, name: string, amount = 1): void {
  into[name] = (into[name] ?? 0) + amount;
}
