import type { Decision } from './decide.ts';
import type { RowAccess } from './row.ts';

/** What one subgraph request gave away and held back. The gateway merges these into the access log and `extensions.access`. */
export interface Seen {
  fields: Map<string, SeenField>;
  /** Mentions of persons of whom a classified value was given, in full or masked. */
  subjects: Set<string>;
  /** Records of which a classified value was given. */
  records: Set<string>;
}

/** One line per coordinate, effect, rule and reason; `count` counts positions of the answer, nulls included. */
export interface SeenField {
  coordinate: string;
  effect: Decision['effect'];
  policy: string;
  reason: string;
  count: number;
}

/** The form in which a subgraph reports it, as `extensions.seen`. */
export interface SeenReport {
  fields: SeenField[];
  subjects: string[];
  records: string[];
}

/** Counts one decided position. */
export function see(seen: Seen, coordinate: string, decision: Decision, row: RowAccess | null, personal: boolean): void {
  const key = `${coordinate} ${decision.effect} ${decision.policy} ${decision.reason.code}`;
  const known = seen.fields.get(key);
  if (known) known.count += 1;
  else seen.fields.set(key, { coordinate, effect: decision.effect, policy: decision.policy, reason: decision.reason.code, count: 1 });
  if (!row || decision.effect === 'WITHHELD') return;
  if (row.rid) seen.records.add(row.rid);
  if (personal && row.mention) seen.subjects.add(row.mention.mentionId);
}

export function openSeen(): Seen {
  return { fields: new Map(), subjects: new Set(), records: new Set() };
}

export function seenReport(seen: Seen): SeenReport {
  return { fields: [...seen.fields.values()], subjects: [...seen.subjects], records: [...seen.records] };
}

/** Adds a subgraph's report to the operation's. */
export function addReport(seen: Seen, report: SeenReport): void {
  for (const field of report.fields) {
    const key = `${field.coordinate} ${field.effect} ${field.policy} ${field.reason}`;
    const known = seen.fields.get(key);
    if (known) known.count += field.count;
    else seen.fields.set(key, { ...field });
  }
  for (const subject of report.subjects) seen.subjects.add(subject);
  for (const record of report.records) seen.records.add(record);
}
