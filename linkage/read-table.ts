import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { parse } from 'csv-parse';
import { YiwangError } from '../base/errors.ts';
import { derive } from './derive.ts';
import type { Model } from './model.ts';
import { standardised } from './standardised.ts';
import type { Column, Table } from './table.ts';

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
  const builders = Object.keys(model.fields).map(newBuilder);
  const ids: string[] = [];
  const origins: number[] = [];
  for (const [number, input] of inputs.entries()) {
    const before = ids.length;
    await readInput(model, input, (record, positions) => {
      ids.push(record[positions.id] ?? '');
      origins.push(number);
      builders.forEach((builder, field) => append(builder, record[positions.fields[field] as number]));
    });
    checkIds(input, ids.slice(before), model.idColumn);
  }
  const table: Table = { rows: ids.length, columns: new Map(), inputs: Uint8Array.from(origins) };
  const fields = Object.entries(model.fields).map(([name, { kind }], index) => ({ name, kind, raw: finished(builders[index] as Builder) }));
  table.columns = await standardised(fields);
  derive(table, model.derived ?? []);
  return { table, ids, sources };
}

/** Where the id and each field of the model stand in a record; −1 for a field that this input does not have. */
interface Positions {
  id: number;
  fields: number[];
}

async function readInput(model: Model, input: string, visit: (record: readonly string[], positions: Positions) => void): Promise<void> {
  const parser = createReadStream(input).on('error', (cause) => parser.destroy(cause)).pipe(parse({ bom: true, trim: true, skip_empty_lines: true, max_record_size: recordBytesMax }));
  let positions: Positions | undefined;
  try {
    for await (const record of parser as AsyncIterable<string[]>) {
      if (positions === undefined) positions = columnPositions(model, input, record);
      else visit(record, positions);
    }
  } catch (cause) {
    if (cause instanceof YiwangError) throw cause;
    const line = (cause as { lines?: unknown } | null)?.lines;
    const [en, zh] = typeof line === 'number' ? [`, near line ${line}`, `（第 ${line} 行附近）`] : ['', ''];
    throw new YiwangError('DATASET_INVALID', { hint: both(`\`${basename(input)}\` cannot be read as CSV${en}: a row with more or fewer cells than the header, or a quote that does not end`, `\`${basename(input)}\` 无法作为 CSV 读取${zh}：单元格数与表头不符，或引号未闭合`), cause });
  }
  if (positions === undefined) throw broken(`\`${basename(input)}\` is empty`, `\`${basename(input)}\` 是空文件`);
}

function columnPositions(model: Model, input: string, header: readonly string[]): Positions {
  if (header.some((cell) => cell.includes('\ufffd'))) throw wrongEncoding();
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

function checkIds(input: string, ids: readonly string[], idColumn: string): void {
  if (ids.length === 0) throw broken(`\`${basename(input)}\` has a header and no rows`, `\`${basename(input)}\` 只有表头，没有数据`);
  const seen = new Map<string, number>();
  for (const [row, id] of ids.entries()) {
    const before = seen.get(id);
    if (id === '') throw broken(`row ${row + 2} of \`${basename(input)}\` has no \`${idColumn}\``, `\`${basename(input)}\` 第 ${row + 2} 行缺少 \`${idColumn}\``);
    if (before !== undefined) {
      throw broken(
        `rows ${before + 2} and ${row + 2} of \`${basename(input)}\` have the same \`${idColumn}\`; ids must be unique`,
        `\`${basename(input)}\` 第 ${before + 2} 行与第 ${row + 2} 行的 \`${idColumn}\` 重复`,
      );
    }
    seen.set(id, row);
  }
}

interface Builder {
  numbers: Map<string, number>;
  values: string[];
  codes: Int32Array;
  length: number;
}

function newBuilder(): Builder {
  return { numbers: new Map(), values: [], codes: new Int32Array(1024), length: 0 };
}

function append(builder: Builder, cell: string | undefined): void {
  if (builder.length === builder.codes.length) {
    const grown = new Int32Array(builder.length * 2);
    grown.set(builder.codes);
    builder.codes = grown;
  }
  builder.codes[builder.length] = cell === undefined || cell === '' ? -1 : numberOf(builder, cell);
  builder.length += 1;
}

function numberOf(builder: Builder, cell: string): number {
  let number = builder.numbers.get(cell);
  if (number === undefined) {
    // The decoder puts this character where bytes are no UTF-8.
    if (cell.includes('\ufffd')) throw wrongEncoding();
    number = builder.values.length;
    builder.numbers.set(cell, number);
    builder.values.push(cell);
  }
  return number;
}

function finished(builder: Builder): Column {
  return { values: builder.values, codes: builder.codes.slice(0, builder.length), offsets: null };
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
const recordBytesMax = 1 << 20;
