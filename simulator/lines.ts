import { closeSync, openSync, readSync } from 'node:fs';
import { YiwangError } from '../base/errors.ts';

const chunkBytes = 1 << 20;
const blockBytes = 1 << 16;
const lineBreakBytes = 1;
/** A data set may plant a record far over 1 MiB, to be refused; a line over this is a broken file. */
const lineBytesMax = 64 << 20;

/** One line of an ndjson file: its number from 1, its bytes' place, and its object. */
export interface Line {
  number: number;
  offset: number;
  length: number;
  value: Record<string, unknown>;
}

/** The lines of an ndjson file, one at a time; `DATASET_INVALID` names file and line of the first that is not a JSON object. */
export function* readLines(path: string, label: string): Generator<Line> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let number = 0;
  for (const { bytes, offset } of rawLines(path, label)) {
    number += 1;
    if (bytes.length === 0) continue;
    yield { number, offset, length: bytes.length, value: parseObject(decoder, bytes, `${label}, line ${number}`) };
  }
}

/**
 * Reads again the lines that an index points at. Those that are asked for in the order of the file are read by the block;
 * of a source that answers in another order a block would be read for every line.
 */
export class LineFile {
  readonly #descriptor: number;
  #block: Buffer = Buffer.alloc(0);
  #blockOffset = 0;
  #expected = 0;

  constructor(path: string) {
    this.#descriptor = openSync(path, 'r');
  }

  bytes({ offset, length }: { offset: number; length: number }): Buffer {
    const isNext = offset === this.#expected;
    this.#expected = offset + length + lineBreakBytes;
    if (offset >= this.#blockOffset && offset + length <= this.#blockOffset + this.#block.length) return this.#block.subarray(offset - this.#blockOffset, offset - this.#blockOffset + length);
    if (!isNext) return this.#read(offset, length);
    this.#block = this.#read(offset, Math.max(length, blockBytes));
    this.#blockOffset = offset;
    return this.#block.subarray(0, length);
  }

  #read(offset: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    return bytes.subarray(0, readSync(this.#descriptor, bytes, 0, length, offset));
  }

  text(place: { offset: number; length: number }): string {
    return this.bytes(place).toString('utf8');
  }

  value(place: { offset: number; length: number }): Record<string, unknown> {
    return JSON.parse(this.text(place)) as Record<string, unknown>;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

function* rawLines(path: string, label: string): Generator<{ bytes: Buffer; offset: number }> {
  const descriptor = openForReading(path, label);
  try {
    let rest = Buffer.alloc(0);
    let restOffset = 0;
    for (let position = 0; ; ) {
      const chunk = Buffer.allocUnsafe(chunkBytes);
      const read = readSync(descriptor, chunk, 0, chunkBytes, position);
      if (read === 0) break;
      position += read;
      rest = Buffer.concat([rest, chunk.subarray(0, read)]);
      let start = restOffset === 0 && rest.subarray(0, byteOrderMark.length).equals(byteOrderMark) ? byteOrderMark.length : 0;
      for (let newline = rest.indexOf(10, start); newline !== -1; newline = rest.indexOf(10, start)) {
        yield { bytes: rest.subarray(start, newline), offset: restOffset + start };
        start = newline + 1;
      }
      rest = rest.subarray(start);
      restOffset += start;
      if (rest.length > lineBytesMax) throw new YiwangError('DATASET_INVALID', { hint: `${label}: a line is over 64 MiB` });
    }
    if (rest.length > 0) yield { bytes: rest, offset: restOffset };
  } finally {
    closeSync(descriptor);
  }
}

/** Editors leave it before a file of UTF-8; a line that is read again from its place would begin with it. */
const byteOrderMark = Buffer.from('efbbbf', 'hex');

function openForReading(path: string, label: string): number {
  try {
    return openSync(path, 'r');
  } catch (cause) {
    throw new YiwangError('DATASET_INVALID', { hint: `the data set has no readable file \`${label}\``, cause });
  }
}

function parseObject(decoder: TextDecoder, bytes: Buffer, where: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(bytes));
  } catch {
    // The parser's own message quotes the line, which may hold a person.
    throw new YiwangError('DATASET_INVALID', { hint: `${where}: this is not JSON` });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new YiwangError('DATASET_INVALID', { hint: `${where}: a line must be a JSON object` });
  return value as Record<string, unknown>;
}
