import { invariant } from '../base/errors.ts';
import type { Derived } from './model.ts';
import { column, firstColumn, listColumn, mappedColumn, mappedListColumn, valuesAt, type Column, type Table } from './table.ts';

/** Adds the derived columns of a model to a table, in the order they are declared. */
export function derive(table: Table, derived: readonly Derived[]): void {
  for (const one of derived) table.columns.set(one.name, derivedColumn(table, one));
}

function derivedColumn(table: Table, one: Derived): Column {
  const sources = one.from.map((name) => sourceColumn(table, name));
  const [source] = sources as [Column, ...Column[]];
  switch (one.transform) {
    case 'concat':
      return joined(table.rows, sources);
    case 'coalesce':
      return coalesced(table.rows, sources);
    case 'words':
      return eachValue(table.rows, sources, words);
    case 'one_deletion':
      return eachValue(table.rows, sources, deletions);
    default:
      return mappedColumn(source, transform(one.transform, one.length ?? 1));
  }
}

function sourceColumn(table: Table, name: string): Column {
  const source = table.columns.get(name);
  invariant(source !== undefined, `the derived column names a column \`${name}\` that exists before it`);
  return source;
}

function joined(rows: number, sources: readonly Column[]): Column {
  return column(rows, (row) => {
    const parts = sources.map((source) => valuesAt(source, row)[0]);
    return parts.some((part) => part === undefined) ? null : parts.join(' ');
  });
}

function coalesced(rows: number, sources: readonly Column[]): Column {
  if (sources.some((source) => source.offsets !== null)) return listColumn(rows, (row) => sources.map((source) => valuesAt(source, row)).find((list) => list.length > 0) ?? []);
  return firstColumn(rows, sources);
}

function eachValue(rows: number, sources: readonly Column[], parts: (value: string) => readonly string[]): Column {
  const [only] = sources as [Column, ...Column[]];
  if (sources.length === 1 && only.offsets === null) return mappedListColumn(only, parts);
  return listColumn(rows, (row) => sources.flatMap((source) => valuesAt(source, row).flatMap(parts)));
}

function transform(name: string, length: number): (value: string) => string | null {
  switch (name) {
    case 'prefix':
      return (value) => (value.length >= length ? value.slice(0, length) : null);
    case 'suffix':
      return (value) => (value.length >= length ? value.slice(-length) : null);
    case 'first_word':
      return (value) => words(value)[0] ?? null;
    case 'last_word':
      return (value) => words(value).at(-1) ?? null;
    case 'sorted_letters':
      return (value) => [...value].sort().join('');
    case 'sorted_words':
      return (value) => words(value).sort().join(' ');
    default:
      return phonetic;
  }
}

function words(value: string): string[] {
  return value.split(/[^\p{Letter}\p{Number}]+/u).filter((word) => word.length > 1);
}

/** The value itself and every spelling with one character less. */
function deletions(value: string): string[] {
  const spellings = [value];
  for (let index = 0; index < value.length; index += 1) spellings.push(value.slice(0, index) + value.slice(index + 1));
  return [...new Set(spellings)];
}

/** A coarse sound of Latin names: the first letter, then classes of consonants, doubles and vowels dropped (after Soundex). */
function phonetic(value: string): string | null {
  const letters = value.toLowerCase().replace(/[^a-z]/g, '').replace(/^kn/, 'n').replace(/ph/g, 'f').replace(/gh(?=[^aeiou]|$)/g, '');
  if (letters === '') return null;
  let code = letters[0] as string;
  let last = soundClass(code);
  for (const letter of letters.slice(1)) {
    const next = soundClass(letter);
    if (next !== '' && next !== last) code += next;
    if (next !== '' || /[aeiouy]/.test(letter)) last = next;
  }
  return code.slice(0, 6);
}

function soundClass(letter: string): string {
  if ('bfpv'.includes(letter)) return '1';
  if ('cgjkqsxz'.includes(letter)) return '2';
  if ('dt'.includes(letter)) return '3';
  if (letter === 'l') return '4';
  return 'mn'.includes(letter) ? '5' : letter === 'r' ? '6' : '';
}
