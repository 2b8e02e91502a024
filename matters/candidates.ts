import type { Described } from './describe.ts';
import { candidateKeys } from './keys.ts';
import { LatestBearers } from './latest-bearers.ts';
import type { MatterRecord } from './record.ts';

/** Further apart, time alone keeps two records from being one problem (weights.ts, TIME). */
export const reachDays = 100;

/**
 * Visits pairs worth scoring, `a < b`: records that share a key and lie within reach of each other. `records` are in the
 * order of time; of a key that many share, each record meets those just before it. Explicit references are pairs of their own.
 */
export function eachCandidate(described: Described, visit: (a: number, b: number) => void): void {
  const { records, instants } = described;
  const blocks = new LatestBearers();
  const met = new Int32Array(records.length).fill(-1);
  records.forEach((record, i) => {
    if (record.rule !== 'CLUSTER') return;
    for (const { key, neighboursMax } of candidateKeys(described, i)) {
      blocks.visit(key, i, neighboursMax, (j) => {
        if (met[j] === i || instants[i]! - instants[j]! > reachMs) return;
        met[j] = i;
        visit(j, i);
      });
    }
  });
}

const reachMs = reachDays * 86_400_000;

/** Pairs of which one record names the other as its parent, `a < b`. */
export function explicitPairs(records: readonly MatterRecord[]): (readonly [number, number])[] {
  const indexOf = new Map(records.map((record, index) => [record.rid, index]));
  return records.flatMap((record, i) => {
    const parent = record.parentRid === null ? undefined : indexOf.get(record.parentRid);
    if (parent === undefined || parent === i || record.rule !== 'CLUSTER' || records[parent]!.rule !== 'CLUSTER') return [];
    return [[Math.min(parent, i), Math.max(parent, i)] as const];
  });
}
