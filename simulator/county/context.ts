import type { Matter } from './matter.ts';
import type { Organisations } from './organisations.ts';
import type { Truth } from './output.ts';
import type { People } from './people.ts';
import type { County, Estate } from './place.ts';
import type { Random } from './random.ts';
import type { Style } from './style.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** What every part of the generator works from. */
export interface Context {
  seed: string;
  residents: number;
  county: County;
  estates: readonly Estate[];
  people: People;
  style: Style;
  organisations: Organisations;
  truth: Truth;
  /** When the set ends. */
  asOfMs: number;
  /** When the first record is received. */
  fromMs: number;
  /** The last watermark of rounds 1, 2 and 3: later rounds hold later updates, but for the few that are committed late. */
  roundEndMs: readonly [number, number, number];
  /** How many of each planted rarity: one for small sets, more for large ones. */
  rarities: number;
  /** Counters of protected cases, for `expected.json`. */
  protectedCases: Record<string, number>;
  /** Matters of people that began last, the newest last. */
  recent: Matter[];
  /** The open problem of each facility: what is reported while it is open is that problem. */
  openProblems: Map<string, { id: number; lastMs: number }>;
  respondents: { stream: string; recordKey: string; org: string; alsoIn: string }[];
}

export function rounds(asOfMs: number): readonly [number, number, number] {
  return [asOfMs - 36 * hourMs, asOfMs - 12 * hourMs, asOfMs];
}

/**
 * The watermarks of a record's versions: the first lies in round 1, a second (one record in seven) in the time of round
 * 2, a third (one in ten of these) in that of round 3. One second version in twenty is committed late, with a time that
 * round 1 has already passed by less than ten minutes.
 */
export function watermarks(context: Context, firstMs: number, chance: Random): number[] {
  const [end1, end2, end3] = context.roundEndMs;
  const times = [Math.min(firstMs, end1 - 10 * minuteMs)];
  if (!chance.chance(0.14)) return times;
  const late = chance.chance(0.05);
  times.push(late ? end1 - chance.between(1, 8) * minuteMs : Math.floor(end1 + 1000 + chance.next() * (end2 - end1 - 1000)));
  if (chance.chance(0.1)) times.push(Math.floor(end2 + 1000 + chance.next() * (end3 - end2 - 1000)));
  return times;
}

export function count(into: Record<string, number>, name: string): void {
  into[name] = (into[name] ?? 0) + 1;
}
