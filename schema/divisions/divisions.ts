import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { invariant } from '../../base/errors.ts';

export type DivisionTier = 'PROVINCE' | 'CITY' | 'COUNTY' | 'TOWNSHIP' | 'VILLAGE';

/** `code` has twelve digits, padded with zeros below its tier; `parent` too. Codes of GB/T 2260 and of the statistical office. */
export interface Division {
  code: string;
  name: string;
  tier: DivisionTier;
  parent: string | null;
}

/**
 * A code that ended on `effectiveOn` (date of the order) and the code of its territory from then on. A code that was
 * divided has several rows: none of them alone is its successor.
 */
export interface DivisionChange {
  oldCode: string;
  oldName: string;
  newCode: string;
  newName: string;
  effectiveOn: string;
  source: string;
}

let all: ReadonlyMap<string, Division> | undefined;
let changes: readonly DivisionChange[] | undefined;

/** Every division by code, about 665,000; loaded on first use (about half a second). */
export function divisions(): ReadonlyMap<string, Division> {
  return (all ??= divisionsUnder(['']));
}

/**
 * The divisions whose code begins with one of `prefixes` (2 to 12 digits, or '' for all), in code order, without building
 * the others. A prefix `620102` gives the county, its townships and villages, not the city and province above it.
 */
export function divisionsUnder(prefixes: readonly string[]): Map<string, Division> {
  const found = new Map<string, Division>();
  for (const section of sections(prefixes)) readSection(section, prefixes, found);
  return found;
}

/** Provinces, cities and counties only: what an address begins with. */
export function upperDivisions(): Map<string, Division> {
  const found = new Map<string, Division>();
  const line = /^(\d{2}|\d{4}|\d{6})\t(.*)$/gm;
  for (const [, own, name] of packedText().matchAll(line)) {
    const code = padded(own!);
    if (!found.has(code)) found.set(code, { code, name: name!, tier: tierOfDigits[own!.length]!, parent: parentOf(own!) });
  }
  return found;
}

/** The division above, by code alone: of a village its township, of a province null. */
export function parentCode(code: string): string | null {
  const digits = [12, 9, 6, 4].find((tier) => !/^0+$/.test(code.slice(tier === 12 ? 9 : tier === 9 ? 6 : tier - 2, tier)));
  return digits === undefined ? null : padded(code.slice(0, { 12: 9, 9: 6, 6: 4, 4: 2 }[digits]));
}

/** `620102` → `620102000000`. */
export function padded(code: string): string {
  return code.padEnd(12, '0');
}

/** The changes of codes since 2010, by old code and date. */
export function divisionChanges(): readonly DivisionChange[] {
  if (changes) return changes;
  const rows = parse(readFileSync(new URL('changes.csv', import.meta.url)), { columns: true }) as Record<string, string>[];
  changes = rows.map((row) => ({
    oldCode: row['old_code']!,
    oldName: row['old_name']!,
    newCode: row['new_code']!,
    newName: row['new_name']!,
    effectiveOn: row['effective_on']!,
    source: row['source']!,
  }));
  return changes;
}

let text: string | undefined;

function packedText(): string {
  return (text ??= brotliDecompressSync(readFileSync(new URL('divisions.tsv.br', import.meta.url))).toString('utf8'));
}

/** The parts of the text that can hold the prefixes: whole provinces, as a village's line has only its last digits. */
function* sections(prefixes: readonly string[]): Generator<string> {
  const source = packedText();
  const wanted = new Set(prefixes.map((prefix) => prefix.slice(0, 2)));
  if (wanted.has('')) return yield source;
  for (const province of wanted) {
    const start = source.startsWith(`${province}\t`) ? 0 : source.indexOf(`\n${province}\t`) + 1;
    if (start === 0 && !source.startsWith(`${province}\t`)) continue;
    const next = /\n\d\d\t/g;
    next.lastIndex = start;
    yield source.slice(start, next.exec(source)?.index ?? source.length);
  }
}

const tierOfDigits: Record<number, DivisionTier> = { 2: 'PROVINCE', 4: 'CITY', 6: 'COUNTY', 9: 'TOWNSHIP', 3: 'VILLAGE' };

function readSection(section: string, prefixes: readonly string[], found: Map<string, Division>): void {
  const everything = prefixes.includes('');
  let township = '';
  let townshipCode = '';
  for (let start = 0; start < section.length; ) {
    const newline = section.indexOf('\n', start);
    const end = newline === -1 ? section.length : newline;
    const tab = section.indexOf('\t', start);
    const digits = tab - start;
    const own = section.slice(start, tab);
    const code = digits === 3 ? township + own : own;
    if (digits === 9) {
      township = own;
      townshipCode = padded(own);
    }
    if (everything || prefixes.some((prefix) => code.startsWith(prefix))) {
      const tier = tierOfDigits[digits];
      invariant(tier, 'a line of divisions.tsv begins with 2, 3, 4, 6 or 9 digits');
      const full = digits === 3 ? code : padded(code);
      // 东莞 and four others have no counties, 金门 no townships: the table repeats them one tier lower under the same code.
      if (!found.has(full)) found.set(full, { code: full, name: section.slice(tab + 1, end), tier, parent: digits === 3 ? townshipCode : parentOf(code) });
    }
    start = end + 1;
  }
}

function parentOf(code: string): string | null {
  if (code.length === 2) return null;
  return padded(code.slice(0, code.length === 9 ? 6 : code.length - 2));
}
