import { estateStem, standardiseAddress, type Address } from '../linkage/standardise/address.ts';
import type { DivisionIndex } from '../linkage/standardise/division-index.ts';
import { simplified } from '../linkage/standardise/name.ts';
import { chineseNumber, plainText } from '../linkage/standardise/text.ts';
import type { MatterRecord } from './record.ts';

/** Where a record says its problem is. `site` names an estate (or a house on a street) within its county. */
export interface RecordPlace {
  site: string | null;
  /** Whether the dictionary knows the site: only then does another site speak against one problem. */
  known: boolean;
  building: string | null;
  /** Nine digits where the address or the code beside it is that exact. */
  township: string | null;
}

export interface PlacedText {
  place: RecordPlace;
  /** The text without what only tells the place. */
  content: string;
}

/** What the addresses of a county tell of its estates. JSON: an online run reads with the dictionary of the last full run. */
export interface CountyPlaces {
  /** Estate name → its stem, and the street it is mostly said to lie on. */
  estates: Record<string, { stem: string; street: string | null }>;
  /** Stem → street → the site it names there. */
  sites: Record<string, Record<string, string>>;
  /** `street|number` → the estate said to stand there. */
  houses: Record<string, string>;
}

export type PlaceDictionary = Record<string, CountyPlaces>;

const countyDigits = 6;

/** Reads where a record lies and finds the places that its text names; two estates of one stem on two streets stay two. */
export function readPlace(record: MatterRecord, divisions: DivisionIndex, dictionary: PlaceDictionary): PlacedText {
  const code = record.division?.slice(0, countyDigits) ?? '';
  const county: County = { ...(dictionary[code] ?? nothingKnown), stems: stemsOf(dictionary).get(code) ?? noStems };
  return placed(record, standardiseAddress(record.placeText, divisions, record.division), county);
}

const noStems: ReadonlySet<string> = new Set();

const known = new WeakMap<PlaceDictionary, ReadonlyMap<string, ReadonlySet<string>>>();

function stemsOf(dictionary: PlaceDictionary): ReadonlyMap<string, ReadonlySet<string>> {
  const before = known.get(dictionary);
  if (before) return before;
  const made = new Map(Object.entries(dictionary).map(([code, county]) => [code, new Set(Object.values(county.estates).map((estate) => estate.stem))]));
  known.set(dictionary, made);
  return made;
}

interface County extends CountyPlaces {
  stems: ReadonlySet<string>;
}

const nothingKnown: CountyPlaces = { estates: {}, sites: {}, houses: {} };
const stemCharactersMax = 8;
const kindCharactersMax = 4;

function placed(record: MatterRecord, address: Address | null, county: County): PlacedText {
  const text = simplified(plainText(record.text) ?? '').replace(/[·•]/gu, '');
  const said = placesInText(text, county);
  const atHouse = address?.street && address.streetNumber ? county.houses[houseName(address.street, address.streetNumber)] : undefined;
  const estate = address?.estate ?? atHouse ?? said.estate;
  const site = estate === null ? streetSite(address) : siteOf(estate, address?.street ?? null, county);
  const township = address?.township?.slice(0, 9) ?? (record.division && record.division.slice(6, 9) !== '000' ? record.division.slice(0, 9) : null);
  const isKnown = estate === null ? site !== null : dictionaryStem(estate, county) !== null;
  return { place: { site, known: isKnown, building: address?.building ?? said.building, township }, content: said.content };
}

/** `440-1` is an annexe of 440. */
export function houseName(street: string, number: string): string {
  return `${street}|${number.replace(/-.*$/u, '')}`;
}

function streetSite(address: Address | null): string | null {
  return address?.street && address.streetNumber ? houseName(address.street, address.streetNumber) : null;
}

/** The stem, with the street where the county has two estates of one stem. */
function siteOf(estate: string, street: string | null, county: County): string {
  const stem = dictionaryStem(estate, county) ?? estateStem(estate);
  const sites = county.sites[stem];
  return sites?.[street ?? ''] ?? sites?.[county.estates[estate]?.street ?? ''] ?? stem;
}

/** `东湖村` is what people call 东湖新村: the longest stem of the dictionary that the name begins with. */
function dictionaryStem(estate: string, county: County): string | null {
  const own = county.estates[estate];
  if (own) return own.stem;
  for (let length = Math.min(stemCharactersMax, estate.length); length >= 2; length -= 1) {
    const stem = estate.slice(0, length);
    if (county.stems.has(stem) && estate.length - length <= kindCharactersMax) return stem;
  }
  return null;
}

/** Estates and buildings that the text names, longest name first; `3#楼` alone is a building of wherever it is. */
function placesInText(text: string, county: County): { estate: string | null; building: string | null; content: string } {
  let estate: string | null = null;
  let building: string | null = null;
  let content = '';
  for (let at = 0; at < text.length; ) {
    const named = nameAt(text, at, county);
    const house = buildingAt(text, at + (named?.length ?? 0));
    if (named) estate ??= named;
    if (house) building ??= house.building;
    const length = (named?.length ?? 0) + (house?.length ?? 0);
    if (length === 0) content += text[at];
    at += Math.max(1, length);
  }
  return { estate, building, content };
}

function nameAt(text: string, at: number, county: County): string | null {
  return namesOf(county.estates).get(text.slice(at, at + beginningCharacters))?.find((name) => text.startsWith(name, at)) ?? null;
}

const beginningCharacters = 2;
const namesByBeginning = new WeakMap<CountyPlaces['estates'], ReadonlyMap<string, readonly string[]>>();

/** Names by how they begin, the longest first: most places of a text begin no name. */
function namesOf(estates: CountyPlaces['estates']): ReadonlyMap<string, readonly string[]> {
  const before = namesByBeginning.get(estates);
  if (before) return before;
  const names = Object.keys(estates).filter((name) => name.length >= beginningCharacters && name.length <= stemCharactersMax + kindCharactersMax);
  const made = Map.groupBy(names.sort((a, b) => b.length - a.length), (name) => name.slice(0, beginningCharacters));
  namesByBeginning.set(estates, made);
  return made;
}

const buildingText = /(?:小区|院)?(\d{1,3}|[一二三四五六七八九十]{1,3})(?:号楼栋|号楼|#楼|楼栋|栋楼|号栋|栋|幢|座|#)(?:楼)?/uy;

function buildingAt(text: string, at: number): { building: string; length: number } | null {
  buildingText.lastIndex = at;
  const match = buildingText.exec(text);
  if (!match) return null;
  const number = chineseNumber(match[1]!) ?? Number(match[1]);
  return Number.isNaN(number) ? null : { building: String(number), length: match[0].length };
}
