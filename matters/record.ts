/** What clustering reads of one record. Nothing of it leaves the job. */
export interface MatterRecord {
  rid: string;
  department: string;
  stream: string;
  /** Milliseconds since 1970 UTC; null where the source gives no time. */
  occurredAtMs: number | null;
  category: string | null;
  /** Twelve digits, today's code. */
  division: string | null;
  placeText: string;
  text: string;
  thingKey: string | null;
  /** The record this one names as its parent. */
  parentRid: string | null;
  /** Linked persons and organisations, other than those that stand for a department. */
  parties: readonly string[];
  /** OWN: each such record is a matter of its own. */
  rule: 'CLUSTER' | 'OWN';
}

/** One reason why two records are one problem. `weight` is in bits (log2 of a Bayes factor); no value of a record. */
export interface Evidence {
  kind: 'EXPLICIT_REFERENCE' | 'CONFIRMED' | 'SHARED_PARTY' | 'SAME_FACILITY' | 'OTHER_FACILITY' | 'PLACE' | 'TEXT' | 'CATEGORY' | 'TIME';
  weight: number;
}

export interface MatterEdge {
  a: number;
  b: number;
  weight: number;
  evidence: Evidence[];
}

/** A person's decision about two records; it outlives every later run. */
export interface MatterDecision {
  a: string;
  b: string;
  decision: 'MUST_LINK' | 'CANNOT_LINK';
}
