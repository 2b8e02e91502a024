import type { Classified } from './classes.ts';
import type { RowAccess } from './row.ts';
import type { Viewer } from './viewer.ts';

export type Effect = 'FULL' | 'MASKED' | 'WITHHELD';

/** Why a value is not given in full, in the terms a caller is told. `GRANTED` where it is. */
export type ReasonCode = 'GRANTED' | 'NO_PURPOSE' | 'NO_MATTER' | 'NOT_ASSIGNED' | 'OUT_OF_JURISDICTION' | 'TIER' | 'KIND' | 'CLASS' | 'ROW_PROTECTED';

export interface Decision {
  effect: Effect;
  /** Id of the rule that decided; `row-protection` for every condition on the row, never which one. */
  policy: string;
  reason: { code: ReasonCode; zh: string; en: string };
  basis: string;
}

export interface Policy {
  /** Hash of the policy files in force. */
  readonly version: string;
  decide(viewer: Viewer, field: Classified, row: RowAccess): Decision;
  /** The most any row could give; `WITHHELD` means that the gateway takes the field out. */
  best(viewer: Viewer, field: Classified): Decision;
}
