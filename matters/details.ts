import { simplified } from '../linkage/standardise/name.ts';
import { chineseNumber } from '../linkage/standardise/text.ts';
import type { MatterRecord } from './record.ts';

/** What a text tells besides the problem and its place. */
export interface Details {
  /** Stems of organisations that are a party or that the text names. */
  organisations: readonly string[];
  /** Sums of money in yuan. */
  amounts: readonly number[];
}

/** Organisations are found in texts by the dictionary, as `organisationNames` gives it; sums are read in figures and words. */
export function detailsOf(record: MatterRecord, dictionary: readonly string[]): Details {
  const text = simplified(record.text.normalize('NFKC'));
  return { organisations: [...new Set([...stemsOf(record), ...namedIn(text, namesByBeginning(dictionary))])], amounts: amountsIn(text) };
}

/** The dictionary: organisations that stand as parties, as people say their names. */
export function organisationNames(records: readonly MatterRecord[]): string[] {
  return [...new Set(records.flatMap(stemsOf))].sort();
}

function stemsOf(record: MatterRecord): string[] {
  return record.organisations.map(organisationStem).filter((stem) => stem.length >= stemCharactersMin);
}

const stemCharactersMin = 3;
const stemCharactersMax = 14;

/** `成都市顺通家电商场有限公司` → `顺通家电商场`: without the town and the legal form, as people say it. */
function organisationStem(name: string): string {
  const plain = simplified(name.normalize('NFKC')).replace(/[()\s·]+/gu, '');
  return plain.replace(/^\p{Script=Han}{2,6}?(?:省|市|县|区|州|旗)(?=\p{Script=Han}{3})/u, '').replace(/(?:股份|有限|责任|集团|分|总|公司|服务部|经营部)+$/u, '');
}

type Names = ReadonlyMap<string, readonly string[]>;

const namesOf = new WeakMap<readonly string[], Names>();

/** Names by their first characters, the longest first: most places of a text begin no name. */
function namesByBeginning(dictionary: readonly string[]): Names {
  const before = namesOf.get(dictionary);
  if (before) return before;
  const names = dictionary.filter((name) => name.length <= stemCharactersMax).sort((a, b) => b.length - a.length);
  const made = Map.groupBy(names, (name) => name.slice(0, stemCharactersMin));
  namesOf.set(dictionary, made);
  return made;
}

function namedIn(text: string, names: Names): string[] {
  if (names.size === 0) return [];
  const found: string[] = [];
  for (let at = 0; at + stemCharactersMin <= text.length; at += 1) {
    const name = names.get(text.slice(at, at + stemCharactersMin))?.find((one) => text.startsWith(one, at));
    if (name === undefined) continue;
    found.push(name);
    at += name.length - 1;
  }
  return found;
}

const figure = /(\d[\d,]*(?:\.\d+)?|[一二三四五六七八九十百千两]+)(万|千)?(?:多|余|来)?(?:元|块)|^(\d+\.\d{2})$/gmu;
const amountsMax = 4;

function amountsIn(text: string): number[] {
  const found = new Set<number>();
  for (const match of text.matchAll(figure)) {
    const digits = match[1] ?? match[3]!;
    const value = /^\d/u.test(digits) ? Number(digits.replaceAll(',', '')) : chineseNumber(digits);
    if (value !== null && value > 0) found.add(value * (match[2] === '万' ? 10_000 : match[2] === '千' ? 1_000 : 1));
    if (found.size === amountsMax) break;
  }
  return [...found];
}
