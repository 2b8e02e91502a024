import { candidatePairs } from './candidates.ts';
import { evidenceOf, pairWeight } from './evidence.ts';
import { averageLink } from './link.ts';
import type { Evidence, MatterDecision, MatterEdge, MatterRecord } from './record.ts';
import { trustGroups } from './trust.ts';
import { gramVectors } from './vectors.ts';
import { weights } from './weights.ts';

export interface Member {
  rid: string;
  basis: 'FOUNDING' | 'EXPLICIT' | 'CONFIRMED' | 'INFERRED';
  /** Records of one group are joined by references or confirmation only. */
  trustGroup: string;
  evidence: { otherRid: string; weight: number; reasons: Evidence[] }[];
}

/** One real-world problem: its records, the earliest first. */
export interface MatterCluster {
  members: Member[];
}

const evidencePerMemberMax = 3;

/**
 * Records → matters, by average link: a chain of weak pairs never makes one matter (connected components collapse).
 * The order of the input does not matter. Decisions of people hold before any weight.
 */
export function clusterRecords(input: readonly MatterRecord[], decisions: readonly MatterDecision[] = []): MatterCluster[] {
  const records = [...input].sort(byTime);
  const indexOf = new Map(records.map((record, index) => [record.rid, index]));
  const decided = decisions.flatMap(({ a, b, decision }) => {
    const pair = [indexOf.get(a), indexOf.get(b)] as const;
    return pair[0] === undefined || pair[1] === undefined ? [] : [{ a: pair[0], b: pair[1], decision }];
  });
  const edges = [...scoredEdges(records), ...confirmedEdges(decided)];
  const apart = decided.filter((one) => one.decision === 'CANNOT_LINK').map(({ a, b }): [number, number] => [a, b]);
  const clusters = averageLink(records.length, edges, { threshold: weights.threshold, absent: weights.absent, apart, together: weights.explicitReference });
  const groups = trustGroups(records, edges, clusters);
  return clusters.map((members) => ({ members: described(records, members, edgesWithin(edges, members), groups) }));
}

function byTime(a: MatterRecord, b: MatterRecord): number {
  return (a.occurredAtMs ?? 0) - (b.occurredAtMs ?? 0) || (a.rid < b.rid ? -1 : 1);
}

function scoredEdges(records: readonly MatterRecord[]): MatterEdge[] {
  const open = records.map((record) => (record.rule === 'OWN' ? { ...record, placeText: '', text: '', parties: [], thingKey: null, parentRid: null } : record));
  const places = gramVectors(open.map((record) => record.placeText));
  const texts = gramVectors(open.map((record) => `${record.text} ${record.placeText}`));
  const evidence = evidenceOf(open, places, texts);
  return candidatePairs(open, places, texts).map(([a, b]) => {
    const reasons = evidence(a, b);
    return { a, b, weight: pairWeight(reasons), evidence: reasons };
  });
}

function confirmedEdges(decided: readonly { a: number; b: number; decision: string }[]): MatterEdge[] {
  return decided
    .filter((one) => one.decision === 'MUST_LINK')
    .map(({ a, b }) => ({ a: Math.min(a, b), b: Math.max(a, b), weight: weights.explicitReference, evidence: [{ kind: 'CONFIRMED', weight: weights.explicitReference }] }));
}

function edgesWithin(edges: readonly MatterEdge[], members: readonly number[]): MatterEdge[] {
  if (members.length === 1) return [];
  const inside = new Set(members);
  return edges.filter((edge) => inside.has(edge.a) && inside.has(edge.b) && edge.weight > 0);
}

function described(records: readonly MatterRecord[], members: readonly number[], edges: readonly MatterEdge[], groups: readonly string[]): Member[] {
  const founding = members[0]!;
  return members.map((index) => {
    const own = edges.filter((edge) => edge.a === index || edge.b === index).sort((x, y) => y.weight - x.weight).slice(0, evidencePerMemberMax);
    return {
      rid: records[index]!.rid,
      basis: index === founding ? 'FOUNDING' : groups[index] === groups[founding] ? trustedBasis(own) : 'INFERRED',
      trustGroup: groups[index]!,
      evidence: own.map((edge) => ({ otherRid: records[edge.a === index ? edge.b : edge.a]!.rid, weight: edge.weight, reasons: edge.evidence })),
    };
  });
}

function trustedBasis(edges: readonly MatterEdge[]): 'EXPLICIT' | 'CONFIRMED' {
  return edges.some((edge) => edge.evidence[0]?.kind === 'EXPLICIT_REFERENCE') ? 'EXPLICIT' : 'CONFIRMED';
}
