import { createReadStream } from 'node:fs';

export interface CsvRow {
  /** Of the first byte in the file: says where a bad row stands. */
  offset: number;
  cells: Buffer[];
}

const chunkBytes = 1 << 20;
/** Where nothing closes a quote within so much, nothing does. */
const rowBytesMax = 4 << 20;
/** Of what a quote swallowed, so many lines are tried as rows of their own. */
const linesTriedMax = 16;
const [quote, comma, carriageReturn, newline, space] = [0x22, 0x2c, 0x0d, 0x0a, 0x20];

/**
 * Splits a CSV file (RFC 4180) into rows and cells of bytes, streamed. Safe before decoding: in UTF-8 and GB18030 quote,
 * comma and newline are never part of a longer character. A quote that nothing closes, or only the opening quote of a later
 * row, swallows no row: its line is handed over as one cell, which no header has, and the next line is read.
 */
export async function* csvRows(path: string): AsyncGenerator<CsvRow> {
  let rest: Buffer = Buffer.alloc(0);
  let restOffset = 0;
  let columns: number | undefined;
  const read = function* (start: number, last: boolean): Generator<ReadRow> {
    for (let row = rowAt(rest, start, last, columns); row; row = rowAt(rest, row.end, last, columns)) {
      // An empty line before the header is none.
      if (row.cells.length > 1 || row.cells[0]!.length > 0) columns ??= row.cells.length;
      yield row;
    }
  };
  for await (const chunk of createReadStream(path, { highWaterMark: chunkBytes }) as AsyncIterable<Buffer>) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let start = restOffset === 0 ? markBytes(rest) : 0;
    for (const row of read(start, false)) {
      yield { offset: restOffset + start, cells: row.cells };
      start = row.end;
    }
    rest = rest.subarray(start);
    restOffset += start;
  }
  let start = 0;
  for (const row of read(start, true)) {
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
  /** Text stands between a closing quote and the next separator. */
  hasTail: boolean;
}

/** The row that begins at `start`; undefined where its end is not in the buffer yet. */
function rowAt(bytes: Buffer, start: number, last: boolean, columns: number | undefined): ReadRow | undefined {
  if (start >= bytes.length) return undefined;
  const isAll = last || bytes.length - start >= rowBytesMax;
  const found = quotedRow(bytes, start, last);
  // A row without end is cut where so much of it was read: it is too large as it stands.
  const row = found === undefined && isAll ? quotedRow(bytes, start, true) : found;
  if (row === 'OPEN') return isAll ? brokenLine(bytes, start) : undefined;
  if (row === undefined || columns === undefined || (row.cells.length === columns && !row.hasTail)) return row;
  const swallows = swallowsRow(bytes, start, row, columns, isAll);
  return swallows === undefined ? undefined : swallows ? brokenLine(bytes, start) : row;
}

/** The line as one cell: where its columns end cannot be told. */
function brokenLine(bytes: Buffer, start: number): ReadRow {
  const newlineAt = bytes.indexOf(newline, start);
  const end = newlineAt === -1 ? bytes.length : newlineAt;
  return { cells: [bytes.subarray(start, end > start && bytes[end - 1] === carriageReturn ? end - 1 : end)], end: newlineAt === -1 ? end : end + 1, hasTail: false };
}

/**
 * Whether a quote that was left open took the opening quote of a later row for its end: then text follows that quote or the
 * number of cells is wrong, and among the lines between the two is one that is a whole row. A cell that merely holds
 * newlines, in a good row or in one with a cell too many, has no such line. Undefined: more of the file must be read.
 */
function swallowsRow(bytes: Buffer, start: number, row: ReadRow, columns: number, isAll: boolean): boolean | undefined {
  let line = bytes.indexOf(newline, start) + 1;
  for (let tried = 0; tried < linesTriedMax && line > 0 && line < row.end; tried += 1) {
    const whole = isWholeRow(bytes, line, columns, isAll);
    if (whole !== false) return whole;
    line = bytes.indexOf(newline, line) + 1;
  }
  return false;
}

/** Whether a row that begins here has as many cells as the header, with its quotes or, where one is open in it too, without. */
function isWholeRow(bytes: Buffer, start: number, columns: number, isAll: boolean): boolean | undefined {
  const row = quotedRow(bytes, start, isAll);
  if (row !== undefined && row !== 'OPEN' && row.cells.length === columns && !row.hasTail) return true;
  const lineEnd = bytes.indexOf(newline, start);
  let commas = 0;
  for (const byte of bytes.subarray(start, lineEnd === -1 ? bytes.length : lineEnd)) if (byte === comma) commas += 1;
  if (commas + 1 === columns) return true;
  return isAll || (row !== undefined && row !== 'OPEN') ? false : undefined;
}

/** OPEN: nothing that was read closes its quote. */
function quotedRow(bytes: Buffer, start: number, last: boolean): ReadRow | 'OPEN' | undefined {
  const cells: Buffer[] = [];
  let hasTail = false;
  for (let at = start; ; ) {
    const cell = bytes[at] === quote ? quotedCell(bytes, at, last) : plainCell(bytes, at, last);
    if (!cell || cell === 'OPEN') return cell;
    cells.push(cell.value);
    hasTail ||= cell.hasTail === true;
    if (cell.end >= bytes.length) return last ? { cells, end: bytes.length, hasTail } : undefined;
    if (bytes[cell.end] === newline) return { cells, end: cell.end + 1, hasTail };
    at = cell.end + 1;
  }
}

interface Cell {
  value: Buffer;
  /** Of the comma or newline after it, or the end of the file. */
  end: number;
  hasTail?: boolean;
}

function plainCell(bytes: Buffer, at: number, last: boolean): Cell | undefined {
  let end = at;
  while (end < bytes.length && bytes[end] !== comma && bytes[end] !== newline) end += 1;
  if (end === bytes.length && !last) return undefined;
  const isLine = end === bytes.length || bytes[end] === newline;
  return { value: bytes.subarray(at, isLine && end > at && bytes[end - 1] === carriageReturn ? end - 1 : end), end };
}

function quotedCell(bytes: Buffer, at: number, last: boolean): Cell | 'OPEN' | undefined {
  const parts: Buffer[] = [];
  for (let from = at + 1; ; ) {
    const close = bytes.indexOf(quote, from);
    if (close === -1) return 'OPEN';
    if (close + 1 >= bytes.length && !last) return undefined;
    if (bytes[close + 1] === quote) {
      parts.push(bytes.subarray(from, close + 1));
      from = close + 2;
      continue;
    }
    // Whatever stands between the closing quote and the separator belongs to the cell, as spreadsheets read it.
    const tail = plainCell(bytes, close + 1, last);
    return tail && { value: Buffer.concat([...parts, bytes.subarray(from, close), tail.value]), end: tail.end, hasTail: tail.value.some((byte) => byte !== space) };
  }
}
