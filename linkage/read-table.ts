import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { YiwangError } from '../base/errors.ts';
import { CsvFault, CsvScanner, type CsvRecord } from './csv-scan.ts';
import { derive } from './derive.ts';
import { fieldColumnNames } from './fields.ts';
import type { Model } from './model.ts';
import { namedColumns } from './named-columns.ts';
import { Standardiser, type WantedField } from './standardised.ts';
import type { Table } from './table.ts';
import { ValueNumbers } from './value-numbers.ts';

/** Rows of several files in one table, and the source and id of each. */
export interface InputTable {
  table: Table;
  sources: string[];
  ids: string[];
}

/** Reads the inputs of a model: CSV, UTF-8, with a header. Everything that is wrong with them is said before work starts. */
export async function readTable(model: Model, inputs: readonly string[]): Promise<InputTable> {
  if (inputs.length === 0 || inputs.length > inputsMax) throw broken(`give 1 to ${inputsMax} input files`, `请提供 1 至 ${inputsMax} 个输入文件`);
  const sources = inputs.map((input) => basename(input));
  if (new Set(sources).size < sources.length) throw broken('two inputs have the same file name; rename one, for clusters name their rows by it', '两个输入文件同名，请改名');
  const standardiser = new Standardiser(wantedFields(model));
  try {
    const builders = Object.keys(model.fields).map(newBuilder);
    const ids: string[] = [];
    const rowsOf: number[] = [];
    for (const input of inputs) {
      const found = await readInput(model, input, builders, standardiser);
      for (const id of found) ids.push(id);
      rowsOf.push(found.length);
    }
    handOver(builders, standardiser, 1);
    const table: Table = { rows: ids.length, columns: new Map(), inputs: Uint8Array.from(rowsOf.flatMap((rows, number) => new Array<number>(rows).fill(number))) };
    table.columns = await standardiser.columns(builders.map(({ codes, length }) => codes.subarray(0, length)));
    derive(table, model.derived ?? []);
    return { table, ids, sources };
  } finally {
    standardiser.close();
  }
}

/** Columns that nothing in the model names are not worked out. */
function wantedFields(model: Model): WantedField[] {
  const named = namedColumns(model);
  return Object.entries(model.fields).map(([name, { kind }]) => ({ name, kind, ends: fieldColumnNames(kind).filter((end) => named.has(name + end)) }));
}

/** Values that no batch holds yet, in batches of `batchValues`; what is left over, where it is `restMin` or more, is one too. */
function handOver(builders: readonly Builder[], standardiser: Standardiser, restMin = batchValues): void {
  for (const [field, builder] of builders.entries()) {
    while (builder.values.size - builder.handedOver >= restMin) {
      const to = Math.min(builder.values.size, builder.handedOver + batchValues);
      standardiser.add({ field, values: decoded(builder.values, builder.handedOver, to) });
      builder.handedOver = to;
    }
  }
}

/** Where the id and each field of the model stand in a record; −1 for a field that this input does not have. */
interface Positions {
  id: number;
  fields: number[];
}

/** Appends the rows of one input to the builders and gives their ids. */
async function readInput(model: Model, input: string, builders: readonly Builder[], standardiser: Standardiser): Promise<string[]> {
  const ids = new ValueNumbers();
  let positions: Positions | undefined;
  const scanner = new CsvScanner((record) => {
    if (positions === undefined) positions = columnPositions(model, input, cellsOf(record));
    else readRow(model, input, record, positions, ids, builders);
  });
  try {
    for await (const chunk of createReadStream(input, { highWaterMark: chunkBytes })) {
      scanner.push(chunk as Buffer);
      handOver(builders, standardiser);
    }
    scanner.end();
  } catch (cause) {
    if (cause instanceof YiwangError) throw cause;
    // A folder, or a file that this user may not read: its rows are no fault. Node names no path where the reading fails.
    if (cause instanceof Error && 'syscall' in cause) throw Object.assign(cause, { path: input });
    const [en, zh] = cause instanceof CsvFault ? [`, near line ${cause.line}`, `（第 ${cause.line} 行附近）`] : ['', ''];
    throw new YiwangError('DATASET_INVALID', { hint: both(`\`${basename(input)}\` cannot be read as CSV${en}: a row with more or fewer cells than the header, or a quote that does not end`, `\`${basename(input)}\` 无法作为 CSV 读取${zh}：单元格数与表头不符，或引号未闭合`), cause });
  }
  if (positions === undefined) throw broken(`\`${basename(input)}\` is empty`, `\`${basename(input)}\` 是空文件`);
  if (ids.size === 0) throw broken(`\`${basename(input)}\` has a header and no rows`, `\`${basename(input)}\` 只有表头，没有数据`);
  return decoded(ids, 0, ids.size);
}

function readRow(model: Model, input: string, { bytes, starts, ends }: CsvRecord, positions: Positions, ids: ValueNumbers, builders: readonly Builder[]): void {
  const row = ids.size;
  if (starts[positions.id] === ends[positions.id]) throw broken(`row ${row + 2} of \`${basename(input)}\` has no \`${model.idColumn}\``, `\`${basename(input)}\` 第 ${row + 2} 行缺少 \`${model.idColumn}\``);
  const before = ids.of(bytes, starts[positions.id]!, ends[positions.id]!);
  if (before < row) {
    throw broken(
      `rows ${before + 2} and ${row + 2} of \`${basename(input)}\` have the same \`${model.idColumn}\`; ids must be unique`,
      `\`${basename(input)}\` 第 ${before + 2} 行与第 ${row + 2} 行的 \`${model.idColumn}\` 重复`,
    );
  }
  for (let field = 0; field < builders.length; field += 1) {
    const at = positions.fields[field]!;
    const builder = builders[field]!;
    append(builder, at < 0 || starts[at] === ends[at] ? -1 : builder.values.of(bytes, starts[at]!, ends[at]!));
  }
}

function cellsOf({ bytes, count, starts, ends }: CsvRecord): string[] {
  return Array.from({ length: count }, (_, cell) => bytes.toString('utf8', starts[cell], ends[cell]));
}

function columnPositions(model: Model, input: string, header: readonly string[]): Positions {
  if (header.some((cell) => cell.includes('\ufffd'))) throw wrongEncoding();
  const read = new Set([model.idColumn, ...Object.values(model.fields).flatMap(({ columns }) => columns)]);
  const twice = header.find((name, at) => read.has(name) && header.indexOf(name) !== at);
  if (twice !== undefined) throw broken(`the header of \`${basename(input)}\` names the column \`${twice}\` twice`, `\`${basename(input)}\` 的表头中列 \`${twice}\` 重复`);
  const id = header.indexOf(model.idColumn);
  const fields: number[] = [];
  const missing = id < 0 ? [model.idColumn] : [];
  for (const field of Object.values(model.fields)) {
    const position = field.columns.map((column) => header.indexOf(column)).find((at) => at >= 0);
    fields.push(position ?? -1);
    if (position === undefined && field.optional !== true) missing.push(field.columns[0] as string);
  }
  if (missing.length === 0) return { id, fields };
  const names = missing.map((name) => `\`${name}\``).join(', ');
  throw broken(`\`${basename(input)}\` lacks the column ${names}; it has ${header.join(', ')}`, `\`${basename(input)}\` 缺少列 ${names}`);
}

interface Builder {
  values: ValueNumbers;
  codes: Int32Array;
  length: number;
  /** How many of the values are with the standardiser. */
  handedOver: number;
}

function newBuilder(): Builder {
  return { values: new ValueNumbers(), codes: new Int32Array(1024), length: 0, handedOver: 0 };
}

function append(builder: Builder, code: number): void {
  if (builder.length === builder.codes.length) {
    const grown = new Int32Array(builder.length * 2);
    grown.set(builder.codes);
    builder.codes = grown;
  }
  builder.codes[builder.length] = code;
  builder.length += 1;
}

/** The decoder puts U+FFFD where bytes are no UTF-8. */
function decoded(values: ValueNumbers, from: number, to: number): string[] {
  const texts = values.texts(from, to);
  if (texts.some((text) => text.includes('\ufffd'))) throw wrongEncoding();
  return texts;
}

function wrongEncoding(): YiwangError {
  return broken('an input is not valid UTF-8 (GB 18030 perhaps): convert it first', '输入文件不是有效的 UTF-8 编码（可能是 GB 18030），请先转换');
}

/** An input error with its sentence in both languages. */
export function broken(en: string, zh: string): YiwangError {
  return new YiwangError('DATASET_INVALID', { hint: both(en, zh) });
}

function both(en: string, zh: string): string {
  return `${en} / ${zh}`;
}

const inputsMax = 64;
const chunkBytes = 1 << 20;
const batchValues = 8_192;
