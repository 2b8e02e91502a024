import type { Described } from './describe.ts';
import type { Details } from './details.ts';
import type { PlacedText } from './places.ts';
import type { MatterRecord } from './record.ts';
import type { TokenVectors } from './tokens.ts';

/** The comparisons of two records, each with its levels from the strongest agreement to the strongest disagreement. */
export const comparisons = {
  FACILITY: ['SAME', 'NAMED', 'OTHER', 'UNKNOWN'],
  PLACE: ['BUILDING', 'SITE', 'MAYBE', 'OTHER_BUILDING', 'OTHER_SITE', 'UNKNOWN'],
  CATEGORY: ['SAME', 'OTHER', 'UNKNOWN'],
  TEXT: ['0.70', '0.50', '0.35', '0.25', '0.15', '0.08', '0.03', 'LESS', 'UNKNOWN'],
  TIME: ['1', '4', '10', '20', '35', '60', '100', '180', 'MORE', 'UNKNOWN'],
  PARTY: ['TWO', 'RARE', 'SHARED', 'FAMILY', 'NONE', 'UNKNOWN'],
  ORGANISATION: ['RARE', 'SHARED', 'OTHER', 'UNKNOWN'],
  AMOUNT: ['RARE', 'SHARED', 'OTHER', 'UNKNOWN'],
} as const;

export type Comparison = keyof typeof comparisons;
export const comparisonNames = Object.keys(comparisons) as Comparison[];

/** The level of each comparison of two records, as an index into `comparisons`. */
export const levelOf: Readonly<Record<Comparison, (described: Described, i: number, j: number) => number>> = {
  FACILITY: ({ records }, i, j) => facility(records[i]!, records[j]!),
  PLACE: ({ placed }, i, j) => place(placed[i]!, placed[j]!),
  CATEGORY: ({ records }, i, j) => category(records[i]!, records[j]!),
  TEXT: ({ texts }, i, j) => text(texts, i, j),
  TIME: ({ instants }, i, j) => time(instants[i]!, instants[j]!),
  PARTY: ({ records, times }, i, j) => party(records[i]!, records[j]!, times),
  ORGANISATION: ({ details, times }, i, j) => organisation(details[i]!, details[j]!, times),
  AMOUNT: ({ details, times }, i, j) => amount(details[i]!, details[j]!, times),
};

/** The level of every comparison, in the order of `comparisonNames`. */
export function levelsOf(described: Described, i: number, j: number): number[] {
  return comparisonNames.map((name) => levelOf[name](described, i, j));
}

/** Only the hotline has a field for the facility; elsewhere its name stands in the text, or does not. */
function facility(a: MatterRecord, b: MatterRecord): number {
  if (a.thing === null || b.thing === null) return names(a, b) || names(b, a) ? 1 : 3;
  if (a.thing.kind !== b.thing.kind) return 2;
  if (a.thing.identifier !== null && b.thing.identifier !== null) return a.thing.identifier === b.thing.identifier ? 0 : 2;
  return a.thing.name === b.thing.name ? 0 : 2;
}

function names({ text }: MatterRecord, { thing }: MatterRecord): boolean {
  return thing !== null && thing.name !== null && thing.name.length >= nameCharactersMin && text.includes(thing.name);
}

/** `3路` stands in too many texts. */
const nameCharactersMin = 3;

function place(a: PlacedText, b: PlacedText): number {
  const [p, q] = [a.place, b.place];
  if (p.site === null || q.site === null) return 5;
  if (p.site === q.site) return p.building === null || q.building === null ? 1 : p.building === q.building ? 0 : 3;
  if (sameStem(p.site, q.site)) return 2;
  return p.known && q.known ? 4 : 5;
}

/** `丁香` may be 丁香@红牌楼路; two streets are two estates. */
function sameStem(a: string, b: string): boolean {
  return (a.startsWith(b) && a[b.length] === '@') || (b.startsWith(a) && b[a.length] === '@');
}

function category(a: MatterRecord, b: MatterRecord): number {
  const unknown = (code: string | null) => code === null || code === '' || code === '99';
  if (unknown(a.category) || unknown(b.category)) return 2;
  return a.category === b.category ? 0 : 1;
}

const textBounds = comparisons.TEXT.slice(0, 7).map(Number);

function text(texts: TokenVectors, i: number, j: number): number {
  const cosine = texts.cosine(i, j);
  if (Number.isNaN(cosine)) return 8;
  let level = 0;
  while (level < textBounds.length && !(cosine >= textBounds[level]!)) level += 1;
  return level;
}

const dayMs = 86_400_000;
const timeBounds = comparisons.TIME.slice(0, 8).map(Number);

function time(a: number, b: number): number {
  const days = Math.abs(a - b) / dayMs;
  if (Number.isNaN(days)) return 9;
  let level = 0;
  while (level < timeBounds.length && !(days <= timeBounds[level]!)) level += 1;
  return level;
}

/** A key that was never counted is borne by the two at hand. */
function timesOf(times: ReadonlyMap<string, number>, key: string): number {
  return times.get(key) ?? 2;
}

/** A party that few records name says more than one whom many name. */
const rareRecordsMax = 6;
/** A phone or home that more records share is a shelter's, an office's or the hotline's own. */
const familyRecordsMax = 40;

function party(a: MatterRecord, b: MatterRecord, times: ReadonlyMap<string, number>): number {
  if (a.parties.length === 0 || b.parties.length === 0) return 5;
  const shared = a.parties.filter((one) => b.parties.includes(one));
  if (shared.length === 0) return a.circle.some((key) => b.circle.includes(key) && timesOf(times, key) <= familyRecordsMax) ? 3 : 4;
  if (shared.length > 1) return 0;
  return timesOf(times, shared[0]!) <= rareRecordsMax ? 1 : 2;
}

function organisation(a: Details, b: Details, times: ReadonlyMap<string, number>): number {
  if (a.organisations.length === 0 || b.organisations.length === 0) return 3;
  const shared = a.organisations.filter((one) => b.organisations.includes(one));
  if (shared.length === 0) return 2;
  return shared.some((one) => timesOf(times, `organisation ${one}`) <= rareRecordsMax) ? 0 : 1;
}

function amount(a: Details, b: Details, times: ReadonlyMap<string, number>): number {
  if (a.amounts.length === 0 || b.amounts.length === 0) return 3;
  const shared = a.amounts.filter((one) => b.amounts.includes(one));
  if (shared.length === 0) return 2;
  return shared.some((one) => timesOf(times, `yuan ${one}`) <= rareRecordsMax) ? 0 : 1;
}
