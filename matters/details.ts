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

/** Organisations are found in texts by the dictionary; sums are read in figures and words. */
export function detailsOf(records: readonly MatterRecord[], dictionary: ReadonlySet<string>): Details[] {
  return records.map((record) => {
    const text = simplified(record.text.normalize('NFKC'));
    return { organisations: [...new Set([...stemsOf(record), ...namedIn(text, dictionary)])], amounts: amountsIn(text) };
  });
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

function namedIn(text: string, dictionary: ReadonlySet<string>): string[] {
  if (dictionary.size === 0) return [];
  const found: string[] = [];
  for (let at = 0; at + stemCharactersMin <= text.length; at += 1) {
    for (let length = Math.min(stemCharactersMax, text.length - at); length >= stemCharactersMin; length -= 1) {
      const name = text.slice(at, at + length);
      if (!dictionary.has(name)) continue;
      found.push(name);
      at += length - 1;
      break;
    }
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
