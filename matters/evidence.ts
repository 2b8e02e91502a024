import { comparisonNames, comparisons, levelOf, levelsOf, type Comparison } from './compare.ts';
import type { Described } from './describe.ts';
import type { Evidence } from './record.ts';
import { weights } from './weights.ts';

/** What a reference, or a person's confirmation, weighs: more than everything else together. */
export const certainBits = 30;
/** What all evidence of one pair may weigh: beyond this an average would rest on one pair. */
const pairBitsMax = 6;
/** A pair that only its requester speaks for, whatever that weighs. */
const onlyRequesterBits = -3;

/** The weight of any two records in bits, the prior included; at or below `least` only that it is no more than that. */
export function pairWeight(described: Described, i: number, j: number, least = Number.NEGATIVE_INFINITY): number {
  if (isReference(described, i, j)) return certainBits;
  let sum = weights.prior;
  let grounded = false;
  for (const { level, bits, isGround, restBitsMax } of weighed) {
    const own = bits[level(described, i, j)]!;
    sum += own;
    if (own > 0 && isGround) grounded = true;
    if (sum + restBitsMax <= least) return least;
  }
  const bounded = Math.max(-pairBitsMax, Math.min(pairBitsMax, sum));
  return grounded ? bounded : Math.min(bounded, onlyRequesterBits);
}

/** One person may have many problems: a shared requester, sum or date is never the only evidence (linkage.md). */
const grounds: ReadonlySet<Comparison> = new Set(['FACILITY', 'PLACE', 'TEXT']);

/** What is looked up sooner comes first: most pairs of a full run are given up before their texts are compared. */
const quickestFirst = ['TIME', 'CATEGORY', 'AMOUNT', 'ORGANISATION', 'PARTY', 'PLACE', 'FACILITY', 'TEXT'] as const satisfies readonly Comparison[];

const weighed = quickestFirst.map((name, index) => ({
  level: levelOf[name],
  bits: weights.levels[name],
  isGround: grounds.has(name),
  /** What the comparisons that follow may add at most. */
  restBitsMax: quickestFirst.slice(index + 1).reduce((sum, other) => sum + Math.max(...weights.levels[other]), 0),
}));

/** Every reason for and against, in bits; `weight` of the pair is their sum and the prior. No value of a record. */
export function pairEvidence(described: Described, i: number, j: number): Evidence[] {
  if (isReference(described, i, j)) return [{ kind: 'EXPLICIT_REFERENCE', weight: certainBits }];
  return levelsOf(described, i, j).flatMap((level, index) => {
    const name = comparisonNames[index]!;
    const weight = weights.levels[name][level]!;
    return weight === 0 ? [] : [{ kind: kindOf(name, level), weight }];
  });
}

function isReference({ records }: Described, i: number, j: number): boolean {
  return records[i]!.parentRid === records[j]!.rid || records[j]!.parentRid === records[i]!.rid;
}

const kinds: Readonly<Record<Exclude<Comparison, 'FACILITY' | 'PARTY'>, Evidence['kind']>> = { PLACE: 'PLACE', CATEGORY: 'CATEGORY', TEXT: 'TEXT', TIME: 'TIME', ORGANISATION: 'ORGANISATION', AMOUNT: 'AMOUNT' };

function kindOf(name: Comparison, level: number): Evidence['kind'] {
  if (name === 'FACILITY') return comparisons.FACILITY[level] === 'OTHER' ? 'OTHER_FACILITY' : 'SAME_FACILITY';
  if (name !== 'PARTY') return kinds[name];
  const step = comparisons.PARTY[level];
  return step === 'FAMILY' ? 'SHARED_HOUSEHOLD' : step === 'NONE' ? 'OTHER_PARTY' : 'SHARED_PARTY';
}
