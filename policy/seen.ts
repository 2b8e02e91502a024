import type { Decision } from './decide.ts';
import type { RowAccess } from './row.ts';

/** What one subgraph request gave away and held back. The gateway merges these into the access log and `extensions.access`. */
export interface Seen {
  fields: Map<string, SeenField>;
  /** Mentions of persons of whom a classified value was given, in full or masked. */
  subjects: Set<string>;
  /** Records of which a classified value was given → the caller's standing to each then (relation.sql.ts). */
  records: Map<string, number>;
  /** Those of which a value about people was given that is no single mention's, as a text: it tells of whoever filed them. */
  texts: Set<string>;
  /** How many places of the answer each entity of a request fills; undefined where each fills one. */
  positions?: Positions;
}

/** Alias of a list of entities → for each of them the number of places that it fills. */
export type Positions = Readonly<Record<string, readonly number[]>>;

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
  records: Record<string, number>;
}

/** Counts one decided field, at every position of the answer that it fills. `at`: where it stands in the subgraph's own answer. */
export function see(seen: Seen, coordinate: string, decision: Decision, row: RowAccess | null, personal: boolean, at?: Path): void {
  const positions = seen.positions && at ? positionsAt(seen.positions, at) : 1;
  if (positions === 0) return;
  const key = `${coordinate} ${decision.effect} ${decision.policy} ${decision.reason.code}`;
  const known = seen.fields.get(key);
  if (known) known.count += positions;
  else seen.fields.set(key, { coordinate, effect: decision.effect, policy: decision.policy, reason: decision.reason.code, count: positions });
  if (!row || decision.effect === 'WITHHELD') return;
  if (row.rid) addRecord(seen, row.rid, row.standing ?? 0);
  if (personal && row.mention) seen.subjects.add(row.mention.mentionId);
  else if (personal && row.rid) seen.texts.add(row.rid);
}

export function openSeen(positions?: Positions): Seen {
  return { fields: new Map(), subjects: new Set(), records: new Map(), texts: new Set(), ...(positions ? { positions } : {}) };
}

export function seenReport(seen: Seen): SeenReport {
  return { fields: [...seen.fields.values()], subjects: [...seen.subjects], records: Object.fromEntries(seen.records) };
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
  for (const [rid, standing] of Object.entries(report.records)) addRecord(seen, rid, standing);
}

/** Of a record that was read more than once each right counts under which any of it was given. */
function addRecord({ records }: Seen, rid: string, standing: number): void {
  records.set(rid, (records.get(rid) ?? 0) | standing);
}

/** A way through an answer, from its end: as graphql-js gives it to resolvers. */
interface Path {
  readonly prev: Path | undefined;
  readonly key: string | number;
}

function positionsAt(positions: Positions, at: Path): number {
  let [root, below] = [at, undefined as Path | undefined];
  while (root.prev) [root, below] = [root.prev, root];
  const ofEntities = Object.hasOwn(positions, root.key) ? positions[root.key] : undefined;
  return typeof below?.key === 'number' ? (ofEntities?.[below.key] ?? 1) : 1;
}
