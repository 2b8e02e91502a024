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
  /** The facility that it is about, as the source names it. */
  thing: Thing | null;
  /** The record this one names as its parent. */
  parentRid: string | null;
  /** Linked persons. */
  parties: readonly string[];
  /** Phones, homes and households of these persons: what members of one family share. Keys that tell nothing else. */
  circle: readonly string[];
  /** Names of organisations that are a party. */
  organisations: readonly string[];
  /** OWN: each such record is a matter of its own. */
  rule: 'CLUSTER' | 'OWN';
}

export interface Thing {
  kind: string;
  name: string;
  identifier: string | null;
}

/** One reason why two records are one problem. `weight` is in bits (log2 of a Bayes factor); no value of a record. */
export interface Evidence {
  kind: 'EXPLICIT_REFERENCE' | 'CONFIRMED' | 'SHARED_PARTY' | 'SHARED_HOUSEHOLD' | 'OTHER_PARTY' | 'ORGANISATION' | 'AMOUNT' | 'SAME_FACILITY' | 'OTHER_FACILITY' | 'PLACE' | 'TEXT' | 'CATEGORY' | 'TIME';
  weight: number;
}

/** A person's decision about two records; it outlives every later run. */
export interface MatterDecision {
  a: string;
  b: string;
  /** MUST_LINK confirms that two records are one problem; KEEP_TOGETHER keeps the rest of merged matters with them and confirms nothing. */
  decision: 'MUST_LINK' | 'KEEP_TOGETHER' | 'CANNOT_LINK';
  /** Of the two, the one that a split took out of their matter. */
  leaves?: string | null;
}
