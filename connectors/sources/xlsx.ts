import { crc32 } from 'node:zlib';
import { readFile, stat } from 'node:fs/promises';
import { fromBufferPromise, type Entry, type ZipFile } from 'yauzl';
import { YiwangError } from '../../base/errors.ts';
import { checkMarkup, childElements, element, fragments, parsedXml, textOf, type XmlElement } from './xml.ts';

const fileBytesMax = 64 << 20;
const inflatedBytesMax = 64 << 20;
const ratioMax = 100;
const entriesMax = 2000;
/** Excel's own limit. */
const rowsMax = 1_048_576;
/** Smaller parts may be packed tighter: a sheet of equal rows is. */
const ratioFreeBytes = 100 * 1024;

/**
 * The rows of a workbook's first sheet, cells as text (numbers as people write them, Excel's serial dates among
 * them), one at a time. Nothing is written anywhere; an archive that inflates beyond 64 MB or a hundredfold, whose parts overlap or repeat, that is
 * encrypted, names a place outside itself or fails its checksum is refused before any row is read.
 */
export async function* sheetRows(path: string): AsyncGenerator<string[]> {
  const parts = await workbookParts(path);
  const sheet = parts.get(firstSheet(parts));
  if (sheet === undefined) throw broken('it has no sheet');
  for (const part of parts.values()) checkMarkup(part);
  const shared = sharedStrings(parts.get('xl/sharedStrings.xml'));
  let rows = 0;
  for (const row of fragments(sheet, 'sheetData', 'row')) {
    rows += 1;
    if (rows > rowsMax) throw broken('it has more rows than a sheet can have');
    yield cellsOf(element(parsedXml(row), 'row')!, shared);
  }
}

function broken(why: string): YiwangError {
  return new YiwangError('SOURCE_SCHEMA', { hint: `a workbook was refused: ${why}` });
}

async function workbookParts(path: string): Promise<Map<string, string>> {
  if ((await stat(path)).size > fileBytesMax) throw broken('it is over 64 MB');
  const bytes = await readFile(path);
  if (bytes.subarray(0, compoundFile.length).equals(compoundFile)) throw broken('it is encrypted, or of an Excel before 2007');
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    const archive: ZipFile = await fromBufferPromise(bytes, { lazyEntries: true, decodeStrings: true, strictFileNames: true, validateEntrySizes: true });
    const parts = new Map<string, string>();
    for (const entry of await soundEntries(archive)) {
      if (/^xl\/(?:workbook\.xml|_rels\/workbook\.xml\.rels|sharedStrings\.xml|worksheets\/[^/]+\.xml)$/.test(entry.fileName)) parts.set(entry.fileName, decoder.decode(await inflatedEntry(archive, entry)));
    }
    return parts;
  } catch (error) {
    throw error instanceof YiwangError ? error : broken('it is no readable archive');
  }
}

/** An encrypted workbook is no archive but an OLE compound file. */
const compoundFile = Buffer.from('d0cf11e0a1b11ae1', 'hex');
const localHeaderBytes = 30;

/** All entries, judged by what the directory says of them before any is inflated; it is held to it afterwards. */
async function soundEntries(archive: ZipFile): Promise<Entry[]> {
  if (archive.entryCount > entriesMax) throw broken('it has too many parts');
  const entries: Entry[] = [];
  let inflated = 0;
  for await (const entry of archive.eachEntry()) {
    if (entry.isEncrypted()) throw broken('it is encrypted');
    inflated += entry.uncompressedSize;
    if (inflated > inflatedBytesMax || entry.uncompressedSize > Math.max(entry.compressedSize * ratioMax, ratioFreeBytes)) throw broken('it inflates beyond its limits');
    entries.push(entry);
  }
  if (new Set(entries.map((entry) => entry.fileName)).size < entries.length) throw broken('a part stands in it twice');
  let end = 0;
  for (const entry of [...entries].sort((a, b) => a.relativeOffsetOfLocalHeader - b.relativeOffsetOfLocalHeader)) {
    if (entry.relativeOffsetOfLocalHeader < end) throw broken('its parts overlap');
    end = entry.relativeOffsetOfLocalHeader + localHeaderBytes + entry.compressedSize;
  }
  return entries;
}

async function inflatedEntry(archive: ZipFile, entry: Entry): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of (await archive.openReadStreamPromise(entry)) as AsyncIterable<Buffer>) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  if (crc32(bytes) !== entry.crc32) throw broken('a part fails its checksum');
  return bytes;
}

/** The sheet that the workbook names first; its file may have any name. */
function firstSheet(parts: ReadonlyMap<string, string>): string {
  const names = [...parts.keys()].filter((name) => name.startsWith('xl/worksheets/')).sort();
  const id = /<(?:\w+:)?sheet\b[^>]*?\br:id="([^"]+)"/.exec(parts.get('xl/workbook.xml') ?? '')?.[1];
  const relation = [...(parts.get('xl/_rels/workbook.xml.rels') ?? '').matchAll(/<(?:\w+:)?Relationship\b[^>]*>/g)].map(([tag]) => tag).find((tag) => id !== undefined && tag.includes(`Id="${id}"`));
  const target = relation === undefined ? undefined : /\bTarget="([^"]+)"/.exec(relation)?.[1];
  const named = target === undefined ? undefined : target.startsWith('/') ? target.slice(1) : `xl/${target}`;
  return named !== undefined && parts.has(named) ? named : (names[0] ?? '');
}

function sharedStrings(xml: string | undefined): string[] {
  return xml === undefined ? [] : [...fragments(xml, 'sst', 'si')].map((item) => richText(element(parsedXml(item), 'si')!));
}

/** Text of a cell, whole or in runs; readings above it (`rPh`) are no part of it. */
function richText(item: XmlElement): string {
  const runs = item.children.filter((child): child is XmlElement => typeof child !== 'string' && (child.name === 't' || child.name === 'r'));
  return runs.map((run) => stringOf(run.name === 't' ? run : element(run, 't'))).join('');
}

/** What XML cannot hold stands in strings as `_xHHHH_` (ECMA-376, ST_Xstring), as the carriage return of a pasted text does. */
function stringOf(one: XmlElement | undefined): string {
  return textOf(one).replace(/_x([0-9a-f]{4})_/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function cellsOf(row: XmlElement, shared: readonly string[]): string[] {
  const cells: string[] = [];
  for (const cell of childElements(row, 'c')) {
    const column = columnOf(cell.attributes['r'], cells.length);
    while (cells.length < column) cells.push('');
    cells[column] = cellText(cell, shared);
  }
  // A format leaves empty cells behind, before and beyond the last that says anything.
  return cells.slice(0, cells.findLastIndex((text) => text !== '') + 1);
}

const columnsMax = 16_384;

/** `C5` → 2. */
function columnOf(reference: string | undefined, next: number): number {
  const letters = /^[A-Z]{1,3}/.exec(reference ?? '')?.[0];
  if (letters === undefined) return next;
  const column = [...letters].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;
  return column < columnsMax ? column : next;
}

function cellText(cell: XmlElement, shared: readonly string[]): string {
  const type = cell.attributes['t'];
  if (type === 'inlineStr') return richText(element(cell, 'is') ?? { name: '', attributes: {}, children: [] });
  if (type === 'str') return stringOf(element(cell, 'v'));
  const value = textOf(element(cell, 'v'));
  if (type === 's') return shared[Number(value)] ?? '';
  if (type === 'e') return '';
  return type === undefined || type === 'n' ? numberOf(value) : value;
}

/** As people write it: programs keep `1.3800138E10` for a phone and `330105.0` for a code. One whose last digits are lost stays as it stands. */
function numberOf(value: string): string {
  return spelledOut.test(value) && Math.abs(Number(value)) <= Number.MAX_SAFE_INTEGER ? String(Number(value)) : value;
}

/** With a fraction or an exponent; whole numbers are as people write them already. */
const spelledOut = /^-?\d+(?:\.\d+(?:E[+-]?\d+)?|E[+-]?\d+)$/i;
