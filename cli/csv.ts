import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { parse } from 'csv-parse/sync';
import { YiwangError } from '../base/errors.ts';
import { makeFolder } from '../base/folder.ts';

/** Writes rows as RFC 4180 CSV in UTF-8, with a header. */
export function writeCsv(file: string, header: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  makeFolder(dirname(file));
  writeFileSync(file, [header, ...rows].map((row) => `${row.map(cell).join(',')}\n`).join(''));
}

/**
 * The same for people, who open it in a spreadsheet: with a byte-order mark, so that Chinese is read as UTF-8, and CRLF.
 * The name has one ending and it is `.csv`: nothing that a desktop would run (threats.md, 29).
 */
export function writeSheet(file: string, header: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  if (!/^[^.]+\.csv$/.test(basename(file))) throw new YiwangError('USAGE', { hint: `\`${file}\` must end in .csv and have no other ending · 文件名须以 .csv 结尾且只有一个扩展名` });
  makeFolder(dirname(file));
  writeFileSync(file, `\ufeff${[header, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('')}`);
}

/** CSV with every cell as it stands: for a file that programs join with the one that its ids came from. */
export function writeExactCsv(file: string, header: readonly string[], rows: readonly (readonly string[])[]): void {
  makeFolder(dirname(file));
  writeFileSync(file, [header, ...rows].map((row) => `${row.map(quoted).join(',')}\n`).join(''));
}

/** Rows of a CSV with at least these columns, or `DATASET_INVALID` with the file's name: one without rows needs its header too. */
export function readCsv(file: string, columns: readonly string[]): Record<string, string>[] {
  let header: readonly string[] = [];
  let rows: Record<string, string>[];
  try {
    rows = parse(readFileSync(file), { columns: (names: string[]) => (header = names) as string[], bom: true, skip_empty_lines: true }) as Record<string, string>[];
  } catch (cause) {
    throw new YiwangError('DATASET_INVALID', { hint: `\`${file}\` cannot be read as CSV`, cause });
  }
  const missing = columns.find((column) => !header.includes(column));
  if (missing !== undefined) throw new YiwangError('DATASET_INVALID', { hint: `\`${file}\` has no column \`${missing}\`` });
  return rows;
}

/** Spreadsheets run a cell that begins like a formula: it gets an apostrophe in front, unless it is a plain number. */
const formula = /^(?:[=@\t\r]|[+-](?!\d+(?:\.\d+)?$))/;

function cell(value: string | number): string {
  return quoted(formula.test(String(value)) ? `'${value}` : String(value));
}

function quoted(text: string): string {
  return /[",\r\n]|^[ \t]|[ \t]$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
