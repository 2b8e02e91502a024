import { createReadStream } from 'node:fs';

export interface CsvRow {
  /** Of the first byte in the file: says where a bad row stands. */
  offset: number;
  cells: Buffer[];
}

const chunkBytes = 1 << 20;
/** A quote that nothing closes must not swallow the file: past this the row ends at its first newline. */
const rowBytesMax = 4 << 20;
const [quote, comma, carriageReturn, newline] = [0x22, 0x2c, 0x0d, 0x0a];

/**
 * Splits a CSV file (RFC 4180) into rows and cells of bytes, streamed. Safe before decoding: in UTF-8 and GB18030 quote,
 * comma and newline are never part of a longer character.
 */
export async function* csvRows(path: string): AsyncGenerator<CsvRow> {
  let rest: Buffer = Buffer.alloc(0);
  let restOffset = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: chunkBytes }) as AsyncIterable<Buffer>) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let start = restOffset === 0 ? markBytes(rest) : 0;
    for (let row = rowAt(rest, start, false); row; row = rowAt(rest, start, false)) {
      yield { offset: restOffset + start, cells: row.cells };
      start = row.end;
    }
    rest = rest.subarray(start);
    restOffset += start;
  }
  for (let start = 0; start < rest.length; ) {
    const row = rowAt(rest, start, true)!;
    yield { offset: restOffset + start, cells: row.cells };
    start = row.end;
  }
}

/** A byte-order mark before a quoted cell would hide its quote. */
function markBytes(bytes: Buffer): number {
  return byteOrderMarks.find((mark) => bytes.subarray(0, mark.length).equals(mark))?.length ?? 0;
}

/** U+FEFF in UTF-8 and in GB18030. */
const byteOrderMarks = [Buffer.from('efbbbf', 'hex'), Buffer.from('84319533', 'hex')];

interface ReadRow {
  cells: Buffer[];
  end: number;
}

/** The row that begins at `start`; undefined where its end is not in the buffer yet. */
function rowAt(bytes: Buffer, start: number, last: boolean): ReadRow | undefined {
  if (start >= bytes.length) return undefined;
  const row = quotedRow(bytes, start, last);
  if (row !== undefined || bytes.length - start < rowBytesMax) return row;
  const end = bytes.indexOf(newline, start);
  return { cells: [bytes.subarray(start, end === -1 ? bytes.length : end)], end: end === -1 ? bytes.length : end + 1 };
}

function quotedRow(bytes: Buffer, start: number, last: boolean): ReadRow | undefined {
  const cells: Buffer[] = [];
  for (let at = start; ; ) {
    const cell = bytes[at] === quote ? quotedCell(bytes, at, last) : plainCell(bytes, at, last);
    if (!cell) return undefined;
    cells.push(cell.value);
    if (cell.end >= bytes.length) return last ? { cells, end: bytes.length } : undefined;
    if (bytes[cell.end] === newline) return { cells, end: cell.end + 1 };
    at = cell.end + 1;
  }
}

interface Cell {
  value: Buffer;
  /** Of the comma or newline after it, or the end of the file. */
  end: number;
}

function plainCell(bytes: Buffer, at: number, last: boolean): Cell | undefined {
  let end = at;
  while (end < bytes.length && bytes[end] !== comma && bytes[end] !== newline) end += 1;
  if (end === bytes.length && !last) return undefined;
  const isLine = end === bytes.length || bytes[end] === newline;
  return { value: bytes.subarray(at, isLine && end > at && bytes[end - 1] === carriageReturn ? end - 1 : end), end };
}

function quotedCell(bytes: Buffer, at: number, last: boolean): Cell | undefined {
  const parts: Buffer[] = [];
  for (let from = at + 1; ; ) {
    const close = bytes.indexOf(quote, from);
    if (close === -1) return last ? { value: Buffer.concat([...parts, bytes.subarray(from)]), end: bytes.length } : undefined;
    if (close + 1 >= bytes.length && !last) return undefined;
    if (bytes[close + 1] === quote) {
      parts.push(bytes.subarray(from, close + 1));
      from = close + 2;
      continue;
    }
    // Whatever stands between the closing quote and the separator belongs to the cell, as spreadsheets read it.
    const tail = plainCell(bytes, close + 1, last);
    return tail && { value: Buffer.concat([...parts, bytes.subarray(from, close), tail.value]), end: tail.end };
  }
}
