import type { DivisionIndex } from '../linkage/standardise/division-index.ts';
import { detailsOf, organisationNames, type Details } from './details.ts';
import { learnPlaces } from './learn-places.ts';
import { readPlace, type PlaceDictionary, type PlacedText } from './places.ts';
import type { MatterRecord } from './record.ts';
import { learnTokens, textVector, tokenVectors, type TextVector, type TokenVectors, type TokenWeights } from './tokens.ts';

/** What a full run learns from all records and an online run must use, so that both compare alike. JSON; holds no person. */
export interface Learnt {
  places: PlaceDictionary;
  tokens: TokenWeights;
  organisations: string[];
}

/** Records as they are compared. */
export interface Described {
  records: readonly MatterRecord[];
  /** When each occurred, in milliseconds since 1970 UTC; NaN where the source gives no time. */
  instants: Float64Array;
  placed: readonly PlacedText[];
  texts: TokenVectors;
  details: readonly Details[];
  /** How many records of the hub bear a shared key (`keysOf`). */
  times: ReadonlyMap<string, number>;
}

export function learn(records: readonly MatterRecord[], divisions: DivisionIndex): Learnt {
  const places = learnPlaces(records, divisions);
  const contents = records.map((record) => readPlace(record, divisions, places).content);
  return { places, tokens: learnTokens(contents, records.map((record) => record.category ?? record.thing?.kind ?? null)), organisations: organisationNames(records) };
}

/** `times` counts over the whole hub; without it, over the records given. */
export function describe(records: readonly MatterRecord[], divisions: DivisionIndex, learnt: Learnt, times?: ReadonlyMap<string, number>): Described {
  const read = records.map((record) => readOnce(record, divisions, learnt));
  const details = read.map((one) => one.details);
  const instants = Float64Array.from(records, (record) => record.occurredAtMs ?? Number.NaN);
  return { records, instants, placed: read.map((one) => one.placed), texts: tokenVectors(read.map((one) => one.vector)), details, times: times ?? counted(records, details) };
}

/** One record as it reads with what was learnt. */
interface Reading {
  divisions: DivisionIndex;
  placed: PlacedText;
  vector: TextVector;
  details: Details;
}

const readBefore = new WeakMap<Learnt, WeakMap<MatterRecord, Reading>>();

/** The steps of a run describe the same records: keys, their times, comparisons. Reading one costs most of all this. */
function readOnce(record: MatterRecord, divisions: DivisionIndex, learnt: Learnt): Reading {
  const known = readBefore.get(learnt) ?? new WeakMap<MatterRecord, Reading>();
  readBefore.set(learnt, known);
  const before = known.get(record);
  if (before?.divisions === divisions) return before;
  const placed = readPlace(record, divisions, learnt.places);
  const made = { divisions, placed, vector: textVector(placed.content, learnt.tokens), details: detailsOf(record, learnt.organisations) };
  known.set(record, made);
  return made;
}

function counted(records: readonly MatterRecord[], details: readonly Details[]): Map<string, number> {
  const times = new Map<string, number>();
  records.forEach((record, index) => {
    for (const key of countedKeys(record, details[index]!)) times.set(key, (times.get(key) ?? 0) + 1);
  });
  return times;
}

/** Keys whose rarity counts in a comparison. */
export function countedKeys(record: MatterRecord, details: Details): string[] {
  return [...record.parties, ...record.circle, ...details.organisations.map((name) => `organisation ${name}`), ...details.amounts.map((amount) => `yuan ${amount}`)];
}
