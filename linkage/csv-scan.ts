/** What is wrong with a CSV file, and on which line of the text. */
export class CsvFault extends Error {
  readonly line: number;

  constructor(line: number) {
    super(`the CSV is broken near line ${line}`);
    this.line = line;
  }
}

/** The cells of one record: cell c is `bytes` from `starts[c]` up to `ends[c]`, unquoted and trimmed. Valid until the next record. */
export interface CsvRecord {
  bytes: Buffer;
  count: number;
  starts: Int32Array;
  ends: Int32Array;
}

/**
 * Reads records of CSV (RFC 4180; LF, CR LF or CR; a byte-order mark and empty lines are skipped) from chunks of bytes, without
 * making a string of every cell: a million rows of which most cells have been seen before are read in a second.
 */
export class CsvScanner {
  readonly #visit: (record: CsvRecord) => void;
  readonly #record: CsvRecord = { bytes: Buffer.alloc(0), count: 0, starts: new Int32Array(cellsMax), ends: new Int32Array(cellsMax) };
  /** Cells that hold a doubled quote: they are shortened once the record is whole. */
  readonly #doubled = new Uint8Array(cellsMax);
  #rest: Buffer = Buffer.alloc(0);
  #width = -1;
  /** Of the record's first byte, and of the byte that is read. */
  #line = 1;
  #lineNow = 1;
  #begun = false;

  constructor(visit: (record: CsvRecord) => void) {
    this.#visit = visit;
  }

  /** Throws a `CsvFault`. */
  push(chunk: Buffer): void {
    this.#scan(this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]), false);
    if (this.#rest.length > recordBytesMax) throw new CsvFault(this.#line);
  }

  end(): void {
    this.#scan(this.#rest, true);
  }

  #scan(bytes: Buffer, last: boolean): void {
    let at = 0;
    if (!this.#begun && (bytes.length >= 3 || last)) {
      this.#begun = true;
      if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) at = 3;
    }
    while (this.#begun && at < bytes.length) {
      const next = this.#recordAt(bytes, at, last);
      if (next < 0) break;
      at = next;
    }
    this.#rest = Buffer.from(bytes.subarray(at));
  }

  /** Reads the record that starts at `from` and gives the position after it; −1 where it is not whole yet. */
  #recordAt(bytes: Buffer, from: number, last: boolean): number {
    this.#lineNow = this.#line;
    let [at, count] = [from, 0];
    for (;;) {
      if (count === cellsMax) throw new CsvFault(this.#line);
      while (isBlank(bytes[at])) at += 1;
      this.#doubled[count] = 0;
      at = bytes[at] === quote ? this.#quotedCell(bytes, at + 1, count, last) : this.#plainCell(bytes, at, count);
      if (at < 0) return -1;
      count += 1;
      if (at >= bytes.length || bytes[at] !== comma) break;
      at += 1;
    }
    const endsHere = at + (bytes[at] === carriageReturn ? 1 : 0) < bytes.length;
    if (!endsHere && !last) return -1;
    this.#done(bytes, count);
    this.#line = this.#lineNow + 1;
    return at + (bytes[at] === carriageReturn && bytes[at + 1] === lineFeed ? 2 : 1);
  }

  /** A cell that a quote opened before `start`. */
  #quotedCell(bytes: Buffer, start: number, cell: number, last: boolean): number {
    let at = start;
    for (; ; at += 1) {
      if (at >= bytes.length && last) throw new CsvFault(this.#line);
      if (at + 1 >= bytes.length && !last) return -1;
      if (bytes[at] === lineFeed) this.#lineNow += 1;
      if (bytes[at] !== quote) continue;
      if (bytes[at + 1] !== quote) break;
      this.#doubled[cell] = 1;
      at += 1;
    }
    this.#record.starts[cell] = start;
    this.#record.ends[cell] = at;
    at += 1;
    while (isBlank(bytes[at])) at += 1;
    if (at < bytes.length && !endsCell(bytes[at]!)) throw new CsvFault(this.#lineNow);
    return at;
  }

  #plainCell(bytes: Buffer, start: number, cell: number): number {
    let at = start;
    for (let byte = bytes[at]; at < bytes.length && !endsCell(byte!); byte = bytes[(at += 1)]) if (byte === quote) throw new CsvFault(this.#lineNow);
    let end = at;
    while (end > start && isBlank(bytes[end - 1])) end -= 1;
    this.#record.starts[cell] = start;
    this.#record.ends[cell] = end;
    return at;
  }

  #done(bytes: Buffer, count: number): void {
    const record = this.#record;
    const isEmpty = count === 1 && record.starts[0] === record.ends[0] && bytes[record.starts[0]! - 1] !== quote;
    if (isEmpty) return;
    if (this.#width < 0) this.#width = count;
    if (count !== this.#width) throw new CsvFault(this.#line);
    for (let cell = 0; cell < count; cell += 1) if (this.#doubled[cell] === 1) record.ends[cell] = withoutDoubles(bytes, record.starts[cell]!, record.ends[cell]!);
    record.bytes = bytes;
    record.count = count;
    this.#visit(record);
  }
}

/** Shortens `""` to `"` where it stands and gives the new end. */
function withoutDoubles(bytes: Buffer, start: number, end: number): number {
  let to = start;
  for (let at = start; at < end; at += 1) {
    bytes[to++] = bytes[at]!;
    if (bytes[at] === quote) at += 1;
  }
  return to;
}

function endsCell(byte: number): boolean {
  return byte === comma || byte === lineFeed || byte === carriageReturn;
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09;
}

const quote = 0x22;
const comma = 0x2c;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const cellsMax = 4096;
const recordBytesMax = 1 << 20;
