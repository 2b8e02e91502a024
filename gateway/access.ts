import type { Seen, SeenField } from '../policy/seen.ts';

/** One line of `extensions.access`: what was masked or withheld, by which rule, and in how many positions. */
export interface AccessLine {
  coordinate: string;
  effect: 'MASKED' | 'WITHHELD';
  policy: string;
  /** A reason code of access.md. */
  reason: string;
  /** Positions of the answer, nulls included: the count tells nothing of the values. */
  count: number;
}

/**
 * What the caller is told: the lines of the fields they asked for, in one order whatever the order of the subgraphs'
 * answers. Fields that only a join or a `@requires` fetched stand in the access log, not here.
 */
export function accessLines(seen: Seen, asked: ReadonlySet<string>): AccessLine[] {
  const lines = [...seen.fields.values()].filter((line): line is SeenField & AccessLine => line.effect !== 'FULL' && asked.has(line.coordinate));
  return lines.map(({ coordinate, effect, policy, reason, count }) => ({ coordinate, effect, policy, reason, count })).sort(byPlace);
}

/** Positions per coordinate and effect, for the access log. */
export function coordinateCounts(seen: Seen): { full: Record<string, number>; masked: Record<string, number>; withheld: Record<string, number> } {
  const counts = { full: {}, masked: {}, withheld: {} } as Record<'full' | 'masked' | 'withheld', Record<string, number>>;
  for (const line of seen.fields.values()) {
    const group = counts[effectKeys[line.effect]];
    const coordinate = fieldPart(line.coordinate);
    group[coordinate] = (group[coordinate] ?? 0) + line.count;
  }
  return counts;
}

/** Adds positions that the gateway itself withheld. */
export function seeWithheld(seen: Seen, lines: ReadonlyArray<{ coordinate: string; policy: string; reason: string; count: number }>): void {
  for (const { coordinate, policy, reason, count } of lines) {
    const key = `${coordinate} WITHHELD ${policy} ${reason}`;
    const known = seen.fields.get(key);
    if (known) known.count += count;
    else seen.fields.set(key, { coordinate, effect: 'WITHHELD', policy, reason, count });
  }
}

const effectKeys = { FULL: 'full', MASKED: 'masked', WITHHELD: 'withheld' } as const;

/** `Type.field(argument:)` is logged under its field: the log's coordinates are fields. */
function fieldPart(coordinate: string): string {
  return coordinate.replace(/\(.*$/, '');
}

function byPlace(a: AccessLine, b: AccessLine): number {
  return compare(a.coordinate, b.coordinate) || compare(a.effect, b.effect) || compare(a.policy, b.policy) || compare(a.reason, b.reason);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
