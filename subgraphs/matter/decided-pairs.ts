/** What a decision says of two records, `a < b`. */
export interface DecidedPair {
  a: string;
  b: string;
  decision: 'MUST_LINK' | 'KEEP_TOGETHER' | 'CANNOT_LINK';
  /** Of the two, the one that a split took out: the matter's number stays with the other. */
  leaves?: string;
}

interface Named {
  rid: string;
  own: boolean;
}

/** The record is one problem with the one for which the caller's organisation is named: so far, and no further, the assignment extends. */
export function confirmedPairs(members: readonly Named[], record: Named): DecidedPair[] {
  const anchor = members.find((member) => member.own && member.rid !== record.rid) ?? members.find((member) => member.rid !== record.rid);
  return anchor ? [pair(anchor, record, 'MUST_LINK')] : [];
}

/** Each record taken out is held apart from each that stays; those taken out stay together. */
export function splitPairs(members: readonly Named[], taken: readonly Named[]): DecidedPair[] {
  const out = new Set(taken.map((member) => member.rid));
  const apart = members.filter((member) => !out.has(member.rid)).flatMap((stays) => taken.map((goes) => ({ ...pair(stays, goes, 'CANNOT_LINK'), leaves: goes.rid })));
  return [...apart, ...taken.slice(1).map((member) => pair(taken[0]!, member, 'KEEP_TOGETHER'))];
}

/** One record of each, best those of the caller's organisation, is confirmed to be the other's problem; the rest comes along and is confirmed by nobody. */
export function mergedPairs(members: readonly Named[], others: readonly Named[]): DecidedPair[] {
  const [anchor, other] = [anchorOf(members), anchorOf(others)];
  const along = [...members, ...others].filter(({ rid }) => rid !== anchor.rid && rid !== other.rid);
  return [pair(anchor, other, 'MUST_LINK'), ...along.map((member) => pair(members.includes(member) ? anchor : other, member, 'KEEP_TOGETHER'))];
}

function anchorOf(members: readonly Named[]): Named {
  return members.find((member) => member.own) ?? members[0]!;
}

function pair(x: Named, y: Named, decision: DecidedPair['decision']): DecidedPair {
  return x.rid < y.rid ? { a: x.rid, b: y.rid, decision } : { a: y.rid, b: x.rid, decision };
}
