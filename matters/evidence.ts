import type { Evidence, MatterRecord } from './record.ts';
import type { Vectors } from './vectors.ts';
import { facilityDaysMax, timeWeights, weights } from './weights.ts';

const dayMs = 86_400_000;

/** Every reason for and against two records being one problem; their sum is the pair's weight. */
export function pairEvidence(a: MatterRecord, b: MatterRecord, place: number, text: number): Evidence[] {
  if (a.parentRid === b.rid || b.parentRid === a.rid) return [{ kind: 'EXPLICIT_REFERENCE', weight: weights.explicitReference }];
  const days = daysApart(a, b);
  const found: Evidence[] = [];
  add(found, 'SHARED_PARTY', Math.min(sharedParties(a, b), weights.sharedPartiesMax) * weights.sharedParty);
  addFacility(found, a, b, days);
  add(found, 'CATEGORY', categoryWeight(a.category, b.category));
  add(found, 'PLACE', (place - weights.placeCosineUnrelated) * weights.placePerCosine * (a.placeText && b.placeText ? 1 : 0));
  add(found, 'TEXT', (text - weights.textCosineUnrelated) * weights.textPerCosine);
  add(found, 'TIME', timeWeight(days));
  return onlyRequester(found) ? [] : found;
}

/** The pair's weight in bits, the prior included; `absent` where nothing but a shared requester speaks for it. */
export function pairWeight(evidence: readonly Evidence[]): number {
  if (evidence.length === 0) return weights.absent;
  if (evidence[0]!.kind === 'EXPLICIT_REFERENCE') return evidence[0]!.weight;
  return evidence.reduce<number>((sum, one) => sum + one.weight, weights.prior);
}

/** Vectors are made once for all records: `evidenceOf` looks two of them up. */
export function evidenceOf(records: readonly MatterRecord[], places: Vectors, texts: Vectors) {
  return (i: number, j: number): Evidence[] => pairEvidence(records[i]!, records[j]!, places.cosine(i, j), texts.cosine(i, j));
}

function add(found: Evidence[], kind: Evidence['kind'], weight: number): void {
  if (weight !== 0) found.push({ kind, weight: Math.round(weight * 100) / 100 });
}

function addFacility(found: Evidence[], a: MatterRecord, b: MatterRecord, days: number | null): void {
  if (a.thingKey === null || b.thingKey === null) return;
  if (a.thingKey !== b.thingKey) add(found, 'OTHER_FACILITY', weights.otherFacility);
  else if (days !== null && days <= facilityDaysMax) add(found, 'SAME_FACILITY', weights.sameFacility);
}

function categoryWeight(a: string | null, b: string | null): number {
  const unknown = (code: string | null) => code === null || code === '' || code === '99';
  if (unknown(a) || unknown(b)) return 0;
  return a === b ? weights.sameCategory : weights.otherCategory;
}

function sharedParties(a: MatterRecord, b: MatterRecord): number {
  return new Set(a.parties.filter((party) => b.parties.includes(party))).size;
}

/** One person may have many problems: a shared requester is never the only evidence (linkage.md). */
function onlyRequester(found: readonly Evidence[]): boolean {
  return !found.some((one) => one.weight > 0 && (one.kind === 'PLACE' || one.kind === 'TEXT' || one.kind === 'SAME_FACILITY'));
}

function daysApart(a: MatterRecord, b: MatterRecord): number | null {
  if (a.occurredAtMs === null || b.occurredAtMs === null) return null;
  return Math.abs(a.occurredAtMs - b.occurredAtMs) / dayMs;
}

function timeWeight(days: number | null): number {
  return days === null ? 0 : timeWeights.find((row) => days <= row.daysMax)!.weight;
}
