import { basename } from 'node:path';
import { YiwangError } from '../../base/errors.ts';
import { solidText } from '../../linkage/standardise/text.ts';
import type { Row, Stream } from '../contract.ts';
import type { Offered, QuarantineReason } from '../judge.ts';
import { limits } from '../limits.ts';
import { tooLarge } from '../sound.ts';
import { csvRows } from './csv.ts';
import { requireColumns } from './fields.ts';
import { fileDecoder, isWorkbook } from './file-content.ts';
import { sheetRows } from './xlsx.ts';

/** A row as its file gives it. */
export type RawRow = Pick<Offered, 'row' | 'fault' | 'position' | 'absent'>;

interface Header {
  columns: readonly string[];
  /** Declared columns that are not among them. */
  absent: readonly string[];
}

export function offeredRows(stream: Stream, path: string, encoding: string): AsyncGenerator<RawRow> {
  return isWorkbook(path) ? workbookRows(stream, path) : textRows(stream, path, encoding);
}

async function* textRows(stream: Stream, path: string, encoding: string): AsyncGenerator<RawRow> {
  const decoder = fileDecoder(encoding);
  if (decoder === null) throw new YiwangError('SOURCE_SCHEMA', { hint: `a file declares the encoding \`${encoding.slice(0, 20)}\`, which nobody knows` });
  let header: Header | null | undefined;
  let number = 0;
  for await (const { offset, cells } of csvRows(path)) {
    if (cells.length === 1 && cells[0]!.length === 0) continue; // an empty line is no row
    if (header === undefined) {
      header = readHeader(stream, cells, decoder);
      continue;
    }
    number += 1;
    yield textRow(stream, header, cells, decoder, `${basename(path)} row ${number} byte ${offset}`);
  }
}

/** Null where a name cannot be read: then nobody can tell which column is never stored. */
function readHeader(stream: Stream, cells: readonly Buffer[], decoder: TextDecoder): Header | null {
  const names = cells.map((cell) => decoded(decoder, cell));
  return names.every((name) => name !== undefined) ? requiredHeader(stream, names) : null;
}

function textRow(stream: Stream, header: Header | null, cells: readonly Buffer[], decoder: TextDecoder, position: string): RawRow {
  if (header === null || cells.length !== header.columns.length) return { row: null, fault: { reason: faultOf(header, cells, decoder) }, position };
  const row: Row = {};
  let bad: string | undefined;
  const { columns, absent } = header;
  columns.forEach((column, index) => {
    const value = decoded(decoder, cells[index]!);
    if (value === undefined) bad ??= column;
    // A cell that cannot be read says nothing, and yet it is not empty where non-empty ones are counted.
    row[column] = value ?? (stream.neverStored.includes(column) ? unreadable : null);
  });
  return { row, position, absent, ...(bad === undefined ? {} : { fault: { reason: 'INVALID_BYTES' as const, field: bad } }) };
}

const unreadable = '(unreadable)';

/** Of a row whose columns cannot be told apart, in the order of sources.md. */
function faultOf(header: Header | null, cells: readonly Buffer[], decoder: TextDecoder): QuarantineReason {
  // No character is less than half as long in UTF-8: what is so large is not decoded to be told.
  if (cells.some((cell) => cell.length > limits.cellBytesMax * 2)) return 'TOO_LARGE';
  const texts = cells.map((cell) => decoded(decoder, cell));
  if (tooLarge({ ...texts.map((text) => text ?? unreadable) } as Row)) return 'TOO_LARGE';
  return header === null || texts.includes(undefined) ? 'INVALID_BYTES' : 'CELL_COUNT';
}

function decoded(decoder: TextDecoder, bytes: Buffer): string | undefined {
  if (decoder.encoding === 'gb18030' && bytes.includes(loneByte) && beginsCharacter(bytes)) return undefined;
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined; // not valid in the declared encoding: the row goes to quarantine
  }
}

/** 0x80 begins no character of GB 18030; browsers, and so `TextDecoder`, read the euro sign of another encoding in it. */
const loneByte = 0x80;

function beginsCharacter(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; ) {
    const lead = bytes[at]!;
    if (lead === loneByte) return true;
    const next = bytes[at + 1] ?? 0;
    at += lead < loneByte ? 1 : next >= 0x30 && next <= 0x39 ? 4 : 2;
  }
  return false;
}

async function* workbookRows(stream: Stream, path: string): AsyncGenerator<RawRow> {
  let header: Header | undefined;
  let number = 0;
  for await (const cells of sheetRows(path)) {
    if (cells.length === 0) continue; // an empty row is none, before the header too
    if (!header) {
      header = requiredHeader(stream, cells);
      continue;
    }
    number += 1;
    const position = `${basename(path)} row ${number}`;
    // Empty cells at the end of a row are left out.
    const { columns, absent } = header;
    if (cells.length > columns.length) yield { row: null, fault: { reason: 'CELL_COUNT' }, position };
    else yield { row: Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? ''])), position, absent };
  }
}

/** Names of columns, without what nobody sees in them; one that must be there and is not stops the stream. */
function requiredHeader(stream: Stream, cells: readonly string[]): Header {
  const columns = cells.map((cell) => solidText(cell) ?? '');
  return { columns, absent: requireColumns(stream, columns) };
}
