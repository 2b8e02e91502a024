import type { DivisionIndex } from '../linkage/standardise/division-index.ts';
import { detailsOf, organisationNames, type Details } from './details.ts';
import { learnPlaces } from './learn-places.ts';
import { readPlaces, type PlaceDictionary, type PlacedText } from './places.ts';
import type { MatterRecord } from './record.ts';
import { learnTokens, tokenVectors, type TokenVectors, type TokenWeights } from './tokens.ts';

/** What a full run learns from all records and an online run must use, so that both compare alike. JSON; holds no person. */
export interface Learnt {
  places: PlaceDictionary;
  tokens: TokenWeights;
  organisations: string[];
}

/** Records as they are compared. */
export interface Described {
  records: readonly MatterRecord[];
  placed: readonly PlacedText[];
  texts: TokenVectors;
  details: readonly Details[];
  /** How many records of the hub bear a shared key (`keysOf`). */
  times: ReadonlyMap<string, number>;
}

export function learn(records: readonly MatterRecord[], divisions: DivisionIndex): Learnt {
  const places = learnPlaces(records, divisions);
  const contents = readPlaces(records, divisions, places).map((one) => one.content);
  return { places, tokens: learnTokens(contents, records.map((record) => record.category ?? record.thing?.kind ?? null)), organisations: organisationNames(records) };
}

/** `times` counts over the whole hub; without it, over the records given. */
export function describe(records: readonly MatterRecord[], divisions: DivisionIndex, learnt: Learnt, times?: ReadonlyMap<string, number>): Described {
  const placed = readPlaces(records, divisions, learnt.places);
  const details = detailsOf(records, new Set(learnt.organisations));
  return { records, placed, texts: tokenVectors(placed.map((one) => one.content), learnt.tokens), details, times: times ?? counted(records, details) };
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
