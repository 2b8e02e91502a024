import type { StreamReport } from './runs.ts';

export interface ReasonCount {
  reason: string;
  count: number;
}

/** Counts in the terms of sources.md: `offered` is the sum of all that follow up to `quarantined`. */
export function streamCounts({ totals, live, deleted, repaired, quarantinedValues }: Pick<StreamReport, 'totals' | 'live' | 'deleted' | 'repaired' | 'quarantinedValues'>) {
  return { ...counted(totals), live, deleted, repaired: byReason(repaired), quarantinedValues: byReason(quarantinedValues) };
}

/** What one run counted: it says nothing of what lives. */
export function runCounts(counts: Record<string, unknown>) {
  return counted(counts);
}

/** What a reconciliation found; null for every other kind of run. */
export function reconciliation(counts: Record<string, unknown>) {
  const found = counts['reconciliation'] as Record<string, unknown> | undefined;
  if (!found) return null;
  const number = (name: string) => Number(found[name] ?? 0);
  return { compared: number('compared'), missing: number('missing'), different: number('different'), extra: number('extra'), restored: number('restored'), removed: number('removed') };
}

export function byReason(group: unknown): ReasonCount[] {
  const entries = Object.entries((group ?? {}) as Record<string, unknown>);
  return entries.map(([reason, count]) => ({ reason, count: Number(count) })).sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1));
}

function counted(counts: Record<string, unknown>) {
  const number = (name: string) => Number(counts[name] ?? 0);
  return {
    offered: number('offered'),
    published: number('published'),
    unchanged: number('unchanged'),
    superseded: number('superseded'),
    tombstones: number('tombstones'),
    dropped: byReason(counts['dropped']),
    droppedFields: byReason(counts['droppedFields']),
    quarantined: byReason(counts['quarantined']),
  };
}
