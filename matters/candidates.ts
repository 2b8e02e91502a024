import type { MatterRecord } from './record.ts';
import type { Vectors } from './vectors.ts';
import { limits } from './weights.ts';

/** Pairs worth scoring, `i < j`, each once: explicit reference, same facility, shared party, or rare words in common. */
export function candidatePairs(records: readonly MatterRecord[], places: Vectors, texts: Vectors): [number, number][] {
  const indexOf = new Map(records.map((record, index) => [record.rid, index]));
  const blocks = blockingKeys(records, places, texts);
  const pairs: [number, number][] = [];
  records.forEach((record, i) => {
    const shared = new Map<number, number>();
    for (const members of blocks.get(i)!) for (const j of members) if (j !== i) shared.set(j, (shared.get(j) ?? 0) + 1);
    const best = [...shared].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, limits.candidatesPerRecordMax);
    const chosen = new Set(best.map(([j]) => j));
    const parent = record.parentRid === null ? undefined : indexOf.get(record.parentRid);
    if (parent !== undefined) chosen.add(parent);
    for (const j of chosen) if (j !== i) pairs.push(i < j ? [i, j] : [j, i]);
  });
  return distinct(pairs, records.length);
}

/** Per record, the member lists of its blocking keys. */
function blockingKeys(records: readonly MatterRecord[], places: Vectors, texts: Vectors): Map<number, number[][]> {
  const members = new Map<string, number[]>();
  const keysOf = records.map((record, i) => {
    const own = [
      ...(record.thingKey === null ? [] : [`thing:${record.thingKey}`]),
      ...record.parties.map((party) => `party:${party}`),
      ...places.rareGrams(i, limits.gramRecordsMax).map((gram) => `place:${gram}`),
      ...texts.rareGrams(i, limits.gramRecordsMax).map((gram) => `text:${gram}`),
    ];
    for (const key of own) members.set(key, [...(members.get(key) ?? []), i]);
    return own;
  });
  const recordsMax = Math.max(limits.gramRecordsMax, limits.partyRecordsMax);
  return new Map(keysOf.map((own, i) => [i, own.map((key) => members.get(key)!).filter((list) => list.length > 1 && list.length <= recordsMax)]));
}

function distinct(pairs: [number, number][], count: number): [number, number][] {
  const seen = new Set<number>();
  return pairs.filter(([i, j]) => {
    const code = i * count + j;
    return seen.has(code) ? false : (seen.add(code), true);
  });
}
