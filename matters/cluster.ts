import type { DivisionIndex } from '../linkage/standardise/division-index.ts';
import { eachCandidate, explicitPairs } from './candidates.ts';
import { describe, learn, type Described, type Learnt } from './describe.ts';
import { certainBits, pairEvidence, pairWeight } from './evidence.ts';
import { averageLink, type LinkInput } from './link.ts';
import type { Evidence, MatterDecision, MatterRecord } from './record.ts';
import { trustGroups } from './trust.ts';

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

export interface ClusterInput {
  records: readonly MatterRecord[];
  decisions?: readonly MatterDecision[];
  divisions: DivisionIndex;
  /** Of the last full run, where `records` are only a part; learnt from the records where it is absent. */
  learnt?: Learnt;
  /** How many records of the hub bear each counted key, where `records` are only a part. */
  times?: ReadonlyMap<string, number>;
}

/**
 * Records → matters, by average link: a chain of weak pairs never makes one matter (connected components collapse).
 * The order of the input does not matter. Decisions of people hold before any weight.
 */
export function clusterRecords(input: ClusterInput): MatterCluster[] {
  const records = input.records.toSorted(byTime);
  const described = describe(records, input.divisions, input.learnt ?? learn(records, input.divisions), input.times);
  const decided = decidedPairs(records, input.decisions ?? []);
  const references = explicitPairs(records);
  const together = [...decided.confirmed, ...decided.kept, ...references];
  const weight = (i: number, j: number) => (records[i]!.rule === 'OWN' || records[j]!.rule === 'OWN' ? -certainBits : pairWeight(described, i, j));
  const clusters = averageLink({ count: records.length, ...likelyPairs(described), weight, together, apart: decided.apart });
  const trusted = [...references, ...decided.confirmed];
  const groups = trustGroups(records, trusted, clusters);
  const named = { confirmed: new Set(decided.confirmed.map(([a, b]) => pairName(a, b))), partners: partnersOf(trusted) };
  return clusters.map((members) => ({ members: membersOf(described, members, groups, named) }));
}

/** Pairs that references and confirmations name, and per record the others of its pairs. */
interface Named {
  confirmed: ReadonlySet<string>;
  partners: ReadonlyMap<number, readonly number[]>;
}

function partnersOf(pairs: readonly Pair[]): Map<number, number[]> {
  const partners = new Map<number, number[]>();
  const add = (index: number, other: number) => {
    const known = partners.get(index);
    if (known) known.push(other);
    else partners.set(index, [other]);
  };
  for (const [a, b] of pairs) {
    add(a, b);
    add(b, a);
  }
  return partners;
}

export function byTime(a: MatterRecord, b: MatterRecord): number {
  return (a.occurredAtMs ?? 0) - (b.occurredAtMs ?? 0) || (a.rid < b.rid ? -1 : 1);
}

type Pair = readonly [number, number];

function decidedPairs(records: readonly MatterRecord[], decisions: readonly MatterDecision[]): Record<'confirmed' | 'kept' | 'apart', Pair[]> {
  const indexOf = new Map(records.map((record, index) => [record.rid, index]));
  const found: Record<'confirmed' | 'kept' | 'apart', Pair[]> = { confirmed: [], kept: [], apart: [] };
  for (const { a, b, decision } of decisions) {
    const [i, j] = [indexOf.get(a), indexOf.get(b)];
    if (i !== undefined && j !== undefined) found[decision === 'MUST_LINK' ? 'confirmed' : decision === 'KEEP_TOGETHER' ? 'kept' : 'apart'].push([i, j]);
  }
  return found;
}

/** Only what speaks for one problem can join records: of a million records' candidates, one in fifty. */
function likelyPairs(described: Described): Pick<LinkInput, 'left' | 'right' | 'weights'> {
  const [left, right, weights]: [number[], number[], number[]] = [[], [], []];
  eachCandidate(described, (i, j) => {
    const weight = pairWeight(described, i, j, 0);
    if (weight <= 0) return;
    left.push(i);
    right.push(j);
    weights.push(weight);
  });
  return { left, right, weights };
}

const evidencePerMemberMax = 3;
/** Of a large matter each record is compared with those nearest in time and with as many that references and confirmations name, for its evidence only. */
const comparedPerMemberMax = 24;

function membersOf(described: Described, members: readonly number[], groups: readonly string[], named: Named): Member[] {
  const founding = members[0]!;
  const all = new Set(members);
  const sameGroup = Map.groupBy(members, (index) => groups[index]!);
  return members.map((index, at) => {
    const near = members.slice(Math.max(0, at - comparedPerMemberMax / 2), at + comparedPerMemberMax / 2);
    const partners = (named.partners.get(index) ?? []).filter((other) => all.has(other)).slice(0, comparedPerMemberMax);
    const evidence = evidenceOf(described, index, new Set([...partners, ...near]), named.confirmed);
    // An assignment extends inside a group, be the founding record in it or not: inferred is what stands alone.
    const basis = index === founding ? 'FOUNDING' : sameGroup.get(groups[index]!)!.length > 1 ? trustedBasis(evidence) : 'INFERRED';
    return { rid: described.records[index]!.rid, basis, trustGroup: groups[index]!, evidence };
  });
}

function evidenceOf(described: Described, index: number, others: ReadonlySet<number>, confirmed: ReadonlySet<string>): Member['evidence'] {
  const found = [...others].filter((other) => other !== index).flatMap((other) => {
    const isConfirmed = confirmed.has(pairName(index, other));
    const weight = isConfirmed ? certainBits : pairWeight(described, index, other);
    return weight > 0 ? [{ other, weight, isConfirmed }] : [];
  });
  found.sort((x, y) => y.weight - x.weight || x.other - y.other);
  return found.slice(0, evidencePerMemberMax).map(({ other, weight, isConfirmed }) => ({
    otherRid: described.records[other]!.rid,
    weight: Math.round(weight * 100) / 100,
    reasons: isConfirmed ? [{ kind: 'CONFIRMED', weight: certainBits }] : pairEvidence(described, index, other),
  }));
}

function pairName(a: number, b: number): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}

function trustedBasis(evidence: Member['evidence']): 'EXPLICIT' | 'CONFIRMED' {
  return evidence[0]?.reasons[0]?.kind === 'EXPLICIT_REFERENCE' ? 'EXPLICIT' : 'CONFIRMED';
}
