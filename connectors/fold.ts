import { sha256Hex } from '../base/canonical.ts';
import type { Keys } from '../base/keys.ts';
import type { Row, Stream } from './contract.ts';
import { add, noCounts, type Counts } from './counts.ts';
import { withoutFields, type Judged, type Origin, type QuarantineReason } from './judge.ts';
import type { Mapped } from './map.ts';
import { Mapping } from './mapping.ts';
import { compareTimes, type Precision } from './repairs/times.ts';

/** QUARANTINED: nothing of the key was ever applied, and yet it is known what may not be stored of it. */
export type State = 'LIVE' | 'TOMBSTONE' | 'DROPPED' | 'QUARANTINED';

/** The newest version of a key, as `hub.record_head` keeps it. */
export interface Head {
  order: string;
  state: State;
  mappedHash: string | null;
  /** What `neverStoredWhen` names may not be kept of it. */
  restricted: boolean;
  /** Set where a version that is not applied itself (quarantined, or a tombstone) said so: its order. None that is not newer is stored in full. */
  restrictedThrough?: string | null;
  /** Its record went past its retention: no version whose own time lies there brings it back. */
  expired?: boolean;
  repaired: Record<string, number>;
  quarantinedValues: Record<string, number>;
}

/** A landed copy, of a record from which fields have to go. */
export type Landed = Pick<LiveVersion, 'key' | 'content' | 'contentHmac' | 'position'>;

export interface Known {
  heads: ReadonlyMap<string, Head>;
  /** Of those that a quarantined version restricts. */
  landed?: ReadonlyMap<string, Landed>;
  /** Versions counted before, by `versionName`. */
  seen: ReadonlySet<string>;
  /** Of the stream: what last changed before this instant is past its retention and its time masked. Needed where a head is expired. */
  deletedBefore?: string | null;
}

export interface Version {
  keyHmac: string;
  contentHmac: string;
}

/** One name for one version of one record: 128 bits in hexadecimal digits, as `hub.version_seen` keeps it. */
export function versionName({ keyHmac, contentHmac }: Version): string {
  return sha256Hex(keyHmac + contentHmac).slice(0, 32);
}

export interface LiveVersion {
  key: string;
  mapped: Mapping;
  content: Row;
  contentHmac: string;
  position: string;
  /** False: nothing that is mapped changed; only the newest version's own marks are written. */
  changed: boolean;
  firstSeen: FirstSeen;
}

/** Milestone → the earliest update time of a version that fulfilled it. */
export type FirstSeen = Record<string, string>;

export interface QuarantinedVersion {
  keyHmac: string;
  reason: QuarantineReason;
  field: string | null;
  position: string;
  contentHmac: string;
  content: Row | null;
  origin: Origin;
}

/** What a page does, folded to one effect per key. */
export interface Effects {
  counts: Counts;
  heads: Map<string, Head>;
  /** By `versionName`. */
  seen: Set<string>;
  live: Map<string, LiveVersion>;
  /** Milestones of versions that came after a newer one: history does not depend on the order of arrival. */
  earlier: Map<string, FirstSeen>;
  /** Keys whose record goes, by tombstone or because it became never-stored. */
  gone: Set<string>;
  /** Keys of which quarantine may keep no content any more. */
  purged: Set<string>;
  quarantined: QuarantinedVersion[];
  countedDrops: { rule: string; division: string; month: string }[];
  drift: Record<string, number>;
}

/** While a page is folded: of heads that a version of this page made, its mapping, of which hash and marks are worked out at the end. */
interface Folding extends Effects {
  newest: Map<string, Mapping>;
}

/** Folds the versions of a page, in the order they were offered, over what is known of their keys. Pure. */
export function fold(stream: Stream, versions: readonly Judged[], known: Known, keys: Keys): Effects {
  const effects: Effects = { counts: noCounts(), heads: new Map(), seen: new Set(), live: new Map(), earlier: new Map(), gone: new Set(), purged: new Set(), quarantined: [], countedDrops: [], drift: {} };
  const folding: Folding = { ...effects, newest: new Map() };
  for (const version of versions) {
    const identity = versionName(version);
    if (version.restores) {
      // What was counted long ago and got lost here: written again, not counted again.
      if (version.kind === 'LIVE') restore(stream, version, effects.heads.get(version.keyHmac) ?? known.heads.get(version.keyHmac), folding, keys);
      continue;
    }
    if (version.releasedFrom === undefined) {
      // Every event posted counts; of other sources a content not seen before under its key.
      if (version.receivedId === undefined && (known.seen.has(identity) || effects.seen.has(identity))) continue;
      effects.seen.add(identity);
      effects.counts.offered += 1;
      for (const [field, n] of Object.entries(version.droppedFields)) add(effects.counts.droppedFields, field, n);
      for (const column of version.drift) add(effects.drift, column);
    } else add(effects.counts.quarantined, version.releasedFrom, -1);
    applyVersion(stream, version, effects.heads.get(version.keyHmac) ?? known.heads.get(version.keyHmac), known, folding, keys);
  }
  for (const keyHmac of [...folding.newest.keys()]) settleHead(keyHmac, folding, keys);
  return effects;
}

function applyVersion(stream: Stream, version: Judged, head: Head | undefined, known: Known, effects: Folding, keys: Keys): void {
  const { counts } = effects;
  const effective = version.settled === undefined && (head === undefined || isNewer(stream, version.order, head.order, takesAway(version)));
  if (version.kind === 'DROPPED') {
    add(counts.dropped, version.rule);
    if (effective) end(stream, version, 'DROPPED', head, effects);
    if (effective && version.counted && head?.state !== 'DROPPED') effects.countedDrops.push({ rule: version.rule, ...version.counted });
  } else if (version.kind === 'TOMBSTONE') {
    counts.tombstones += 1;
    if (effective) end(stream, version, 'TOMBSTONE', head, effects);
  } else if (version.kind === 'QUARANTINED') {
    add(counts.quarantined, version.reason);
    if (effective && takesAway(version)) restrict(stream, version, head, known, effects, keys);
    const { state, restricted, expired } = effects.heads.get(version.keyHmac) ?? head ?? {};
    const forbidden = state === 'DROPPED' || expired === true || (restricted === true && !version.restricted); // its own flag was obeyed already
    effects.quarantined.push({ keyHmac: version.keyHmac, reason: version.reason, field: version.field, position: version.position, contentHmac: version.contentHmac, content: forbidden ? null : version.content, origin: { ...version.origin, droppedFields: version.droppedFields } });
  } else if (!effective) {
    counts.superseded += 1;
    if (version.settled === 'GONE' && head === undefined) end(stream, version, 'TOMBSTONE', head, effects);
    else if (version.settled === undefined) effects.earlier.set(version.key!, firstOf(effects.earlier.get(version.key!), firstSeenIn(version.mapped)));
  } else if (head?.expired === true && isPastRetention(version.mapped, known)) {
    counts.superseded += 1;
    effects.heads.set(version.keyHmac, { ...head, order: version.order! });
  } else becomeLive(stream, version, head, effects, keys);
}

/** By the time that masking counts from (policy/retention.ts). */
function isPastRetention({ sourceUpdatedAt, record }: Mapped, { deletedBefore }: Known): boolean {
  const at = sourceUpdatedAt ?? record['occurred_at'];
  return typeof at === 'string' && deletedBefore != null && Date.parse(at) < Date.parse(deletedBefore);
}

/** A quarantined version whose key cannot be read takes nothing away: nobody can tell from whom. */
function takesAway({ kind, restricted, key }: Judged): boolean {
  return kind === 'DROPPED' || kind === 'TOMBSTONE' || (kind === 'QUARANTINED' && restricted && key !== null);
}

/** Equal order: of polled sources the last read wins, of events the first received stays. What cannot be ordered is newest only where it takes something away. */
function isNewer(stream: Stream, order: string | null, than: string, takesAway = false): boolean {
  if (order === null) return takesAway;
  if (than === '') return true;
  const comparison = compareOrders(stream, order, than);
  return stream.order === 'SEQUENCE' ? comparison > 0 : comparison >= 0;
}

/** Deliveries compare by time at the coarser precision, then by asOf, then by folder. */
export function compareOrders(stream: Stream, a: string, b: string): number {
  if (stream.order !== 'DELIVERY') return a < b ? -1 : a > b ? 1 : 0;
  const [x, y] = [a, b].map((order) => order.split('|')) as [string[], string[]];
  const times = compareTimes({ instant: x[0]!, precision: x[1] as Precision }, { instant: y[0]!, precision: y[1] as Precision });
  if (times !== 0) return times;
  const [left, right] = [x.slice(2).join('|'), y.slice(2).join('|')];
  return left < right ? -1 : left > right ? 1 : 0;
}

function end(stream: Stream, version: Judged, state: 'DROPPED' | 'TOMBSTONE', head: Head | undefined, effects: Folding): void {
  const own = version.restricted ? (version.order ?? head?.order ?? '') : null;
  const restrictedThrough = stillRestricted(stream, version, head) ?? own;
  effects.heads.set(version.keyHmac, { order: version.order ?? head?.order ?? '', state, mappedHash: null, restricted: restrictedThrough !== null, restrictedThrough, expired: head?.expired ?? false, repaired: {}, quarantinedValues: {} });
  effects.live.delete(version.keyHmac);
  effects.newest.delete(version.keyHmac);
  if (version.key !== null) effects.gone.add(version.key);
  if (state === 'DROPPED' || own !== null) purge(version.keyHmac, effects);
}

/** Up to which order fields of the key stay forbidden, where this version is not newer than the one that forbade them. */
function stillRestricted(stream: Stream, version: Judged, head: Head | undefined): string | null {
  const through = head?.restrictedThrough ?? null;
  return through === null || isNewer(stream, version.order, through) ? null : through;
}

function purge(keyHmac: string, effects: Effects): void {
  effects.purged.add(keyHmac);
  for (const row of effects.quarantined) if (row.keyHmac === keyHmac) row.content = null;
}

/**
 * The newest version cannot be applied, but its flag can be read: what it forbids goes from what is stored of older ones. The
 * next version that is applied counts as a change, whatever it says.
 */
function restrict(stream: Stream, version: Judged, head: Head | undefined, known: Known, effects: Folding, keys: Keys): void {
  const { keyHmac } = version;
  const restrictedThrough = stillRestricted(stream, version, head) ?? version.order ?? head?.order ?? '';
  purge(keyHmac, effects);
  const before: Head = head ?? { order: '', state: 'QUARANTINED', mappedHash: null, restricted: false, repaired: {}, quarantinedValues: {} };
  if (before.state !== 'LIVE' || before.restricted) return void effects.heads.set(keyHmac, { ...before, restricted: true, restrictedThrough });
  const stored = effects.live.get(keyHmac) ?? known.landed?.get(keyHmac);
  effects.newest.delete(keyHmac);
  if (!stored) return end(stream, version, 'DROPPED', head, effects); // without its landed copy nobody can tell its fields apart
  const lawful = lawfulPart(stream, stored.content, keys);
  effects.heads.set(keyHmac, { ...before, mappedHash: null, restricted: true, restrictedThrough, ...marks(lawful.mapped) });
  effects.live.set(keyHmac, { firstSeen: {}, ...stored, ...lawful, changed: true });
}

/** What may be kept of a version that another one restricts. */
function lawfulPart(stream: Stream, whole: Row, keys: Keys): Pick<LiveVersion, 'content' | 'mapped'> {
  const content = withoutFields(whole, stream.neverStoredWhen?.fields ?? []);
  return { content, mapped: new Mapping(stream, content, keys, true) };
}

function restore(stream: Stream, version: Extract<Judged, { kind: 'LIVE' }>, head: Head | undefined, effects: Folding, keys: Keys): void {
  if (head?.expired === true) return;
  const restricted = head?.restricted === true && !version.restricted;
  becomeLive(stream, restricted ? { ...version, restricted, ...lawfulPart(stream, version.content, keys) } : version, undefined, { ...effects, counts: noCounts() }, keys);
  settleHead(version.keyHmac, effects, keys);
  const restored = effects.heads.get(version.keyHmac)!;
  if (restricted) effects.heads.set(version.keyHmac, { ...restored, mappedHash: null, restrictedThrough: head.restrictedThrough ?? null });
}

function becomeLive(stream: Stream, version: Extract<Judged, { kind: 'LIVE' }>, head: Head | undefined, effects: Folding, keys: Keys): void {
  const restrictedThrough = stillRestricted(stream, version, head);
  const isCut = restrictedThrough !== null && !version.restricted;
  const { mapped, content } = isCut ? lawfulPart(stream, version.content, keys) : version;
  const changed = isCut || head?.state !== 'LIVE' || !isAsBefore(version, head, effects, keys);
  if (changed) effects.counts.published += 1;
  else effects.counts.unchanged += 1;
  const earlier = effects.live.get(version.keyHmac);
  effects.heads.set(version.keyHmac, { order: version.order!, state: 'LIVE', mappedHash: null, restricted: version.restricted || isCut, restrictedThrough, ...(isCut ? marks(mapped) : noMarks) });
  if (isCut) effects.newest.delete(version.keyHmac);
  else effects.newest.set(version.keyHmac, mapped);
  effects.live.set(version.keyHmac, { key: version.key!, mapped, content, contentHmac: version.contentHmac, position: version.position, changed: changed || earlier?.changed === true, firstSeen: firstOf(earlier?.firstSeen, firstSeenIn(mapped)) });
  effects.gone.delete(version.key!);
  if (version.restricted) purge(version.keyHmac, effects);
}

/** Of a head of this page its mapping is known, of one that is stored the hash. */
function isAsBefore({ keyHmac, mapped }: Extract<Judged, { kind: 'LIVE' }>, { mappedHash }: Head, { newest }: Folding, keys: Keys): boolean {
  const before = newest.get(keyHmac);
  return before ? before.isAlike(mapped) : mappedHash === hashOf(mapped, keys);
}

/** What the head says of the newest version's mapping: worked out once, when no other version of the page comes after it. */
function settleHead(keyHmac: string, { heads, newest }: Folding, keys: Keys): void {
  const mapped = newest.get(keyHmac);
  if (!mapped) return;
  heads.set(keyHmac, { ...heads.get(keyHmac)!, mappedHash: hashOf(mapped, keys), ...marks(mapped) });
  newest.delete(keyHmac);
}

function hashOf({ record, detail, mentions, assignments, units, organization, thing }: Mapped, keys: Keys): string {
  return keys.contentHmac(JSON.stringify({ record, detail, mentions, assignments, units, organization, thing })); // built by our own rules: always in the same order
}

const noMarks: Pick<Head, 'repaired' | 'quarantinedValues'> = { repaired: {}, quarantinedValues: {} };

function marks({ repairs, quarantined }: Mapped): Pick<Head, 'repaired' | 'quarantinedValues'> {
  return { repaired: byKind(repairs.map((one) => one.kind)), quarantinedValues: byKind(quarantined.map((one) => one.reason)) };
}

function firstSeenIn({ milestones, sourceUpdatedAt }: Mapped): FirstSeen {
  return sourceUpdatedAt === null ? {} : Object.fromEntries(milestones.map((name) => [name, sourceUpdatedAt]));
}

/** Instants in UTC of one form sort as text. */
function firstOf(a: FirstSeen | undefined, b: FirstSeen): FirstSeen {
  const merged = { ...a };
  for (const [name, at] of Object.entries(b)) if (merged[name] === undefined || at < merged[name]) merged[name] = at;
  return merged;
}

function byKind(kinds: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of kinds) add(counts, kind);
  return counts;
}
