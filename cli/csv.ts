import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parse } from 'csv-parse/sync';
import { YiwangError } from '../base/errors.ts';

/** Writes rows as RFC 4180 CSV in UTF-8, with a header. */
export function writeCsv(file: string, header: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, [header, ...rows].map((row) => `${row.map(cell).join(',')}\n`).join(''));
}

/** Rows of a CSV with at least these columns, or `DATASET_INVALID` with the file's name. */
export function readCsv(file: string, columns: readonly string[]): Record<string, string>[] {
  let rows: Record<string, string>[];
  try {
    rows = parse(readFileSync(file), { columns: true, bom: true, skip_empty_lines: true }) as Record<string, string>[];
  } catch (cause) {
    throw new YiwangError('DATASET_INVALID', { hint: `\`${file}\` cannot be read as CSV`, cause });
  }
  const missing = rows[0] === undefined ? undefined : columns.find((column) => !(column in rows[0]!));
  if (missing !== undefined) throw new YiwangError('DATASET_INVALID', { hint: `\`${file}\` has no column \`${missing}\`` });
  return rows;
}

function cell(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
