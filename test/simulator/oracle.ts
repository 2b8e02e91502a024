import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import ExcelJS from 'exceljs';

/**
 * Counts a data set as sources.md ("Counting") says, from its files alone and without any code of the generator or the
 * hub: what the generator planted must come out of reading.
 */
export interface Counted {
  offered: number;
  tombstones: number;
  dropped: Record<string, number>;
  droppedFields: Record<string, number>;
  quarantined: Record<string, number>;
  quarantinedValues: Record<string, number>;
  repaired: Record<string, number>;
  deleted: number;
  live: number;
}

type Row = Record<string, any>;

interface Polled {
  file: string;
  key(row: Row): string;
  watermark: string;
  drop(row: Row): string | undefined;
  tombstone(row: Row): boolean;
  required: string[];
  times: string[];
  optionalTimes: string[];
  schema(row: Row): boolean;
  fields(row: Row): Record<string, unknown>;
  ids(row: Row): unknown[];
}

const clean = (value: unknown) => (typeof value === 'string' ? value.normalize('NFKC').trim() : value);
const empty = (value: unknown) => value === null || value === undefined || (typeof value === 'string' && ['', '无', '不详', '未知', '匿名', '-', '/'].includes(clean(value) as string));
const lines = (folder: string, file: string): Row[] => readFileSync(join(folder, file), 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line) as Row);

const outcomes = ['PENDING', 'AGREED', 'NOT_AGREED', 'WITHDRAWN', 'FILED'];
const streams: Record<string, Polled> = {
  jcj_jjd: {
    file: 'police/jcj_jjd.ndjson', key: (row) => row['jjdbh'], watermark: 'gxsj', drop: (row) => (clean(row['sfjf']) === '1' ? undefined : 'NOT_A_DISPUTE'), tombstone: (row) => clean(row['scbz']) === '1',
    required: ['jjdbh', 'bjsj', 'gxsj', 'scbz'], times: ['bjsj', 'gxsj'], optionalTimes: ['cjsj', 'jssj', 'yjsj'], schema: () => false, fields: (row) => ({ cfjg: row['cfjg'] }), ids: (row) => [row['bjrsfzh']],
  },
  rk_hj: {
    file: 'police/rk_hj.ndjson', key: (row) => row['rybh'], watermark: 'gxsj', drop: () => undefined, tombstone: (row) => clean(row['scbz']) === '1', required: ['rybh', 'gxsj', 'scbz'], times: ['gxsj'], optionalTimes: [], schema: () => false,
    fields: (row) => ({ mz: row['mz'] }), ids: (row) => [row['gmsfhm']],
  },
  'prelitigation-cases': {
    file: 'court/prelitigation-cases.ndjson', key: (row) => row['prelitNo'], watermark: 'updatedAt', drop: (row) => (row['closedHearing'] === true ? 'CLOSED_HEARING' : undefined), tombstone: (row) => row['deleted'] === true,
    required: ['prelitNo', 'receivedAt', 'closedHearing', 'minorInvolved', 'updatedAt', 'deleted'], times: ['receivedAt', 'updatedAt'], optionalTimes: ['filedAt', 'divertedAt', 'mediationDueAt', 'confirmationFiledAt', 'confirmedAt'],
    schema: (row) => ['closedHearing', 'minorInvolved'].some((field) => row[field] !== null && typeof row[field] !== 'boolean') || !outcomes.includes(row['outcome']),
    fields: (row) => (row['minorInvolved'] === true ? { parties: row['parties'], summary: row['summary'], address: row['address'] } : {}),
    ids: (row) => (row['minorInvolved'] ? [] : row['parties'].filter((party: Row) => party['idType'] === '111').map((party: Row) => party['idNumber'])),
  },
  petitions: {
    file: 'petition/petitions.ndjson', key: (row) => row['nd'] + row['xfjbh'], watermark: 'gxsj', drop: (row) => (clean(row['xfmd']) === '2' ? 'ACCUSATION' : undefined), tombstone: (row) => clean(row['zf']) === '1',
    required: ['xfjbh', 'nd', 'djsj', 'xfmd', 'gxsj'], times: ['djsj', 'gxsj'], optionalTimes: ['slgzrq', 'bjqx', 'fcrq', 'fhrq'], schema: (row) => !['1', '2', '3'].includes(clean(row['xfmd']) as string),
    fields: (row) => ({ bfyr: row['bfyr'] }), ids: (row) => row['xfr'].map((petitioner: Row) => petitioner['zjhm']),
  },
};

export async function countDataset(folder: string): Promise<Record<string, Counted>> {
  const counted = Object.fromEntries(Object.entries(streams).map(([name, stream]) => [name, countPolled(folder, stream)]));
  return { ...counted, tickets: countEvents(folder), ...(await countDeliveries(folder)) };
}

function countPolled(folder: string, stream: Polled): Counted {
  const counted = nothing();
  const states = new Map<string, { end: 'live' | 'deleted' | 'purged' | 'none'; time: number; row?: Row }>();
  for (const row of lines(folder, stream.file)) {
    counted.offered += 1;
    const key = stream.key(row);
    const state = states.get(key) ?? { end: 'none', time: -Infinity };
    states.set(key, state);
    const time = timeOf(row[stream.watermark]);
    const drop = stream.drop(row);
    if (drop) {
      add(counted.dropped, drop);
      Object.assign(state, { end: 'purged', time });
      continue;
    }
    for (const [field, value] of Object.entries(stream.fields(row))) if (!empty(value)) add(counted.droppedFields, field);
    if (stream.tombstone(row)) {
      counted.tombstones += 1;
      if (time >= state.time) Object.assign(state, { end: 'deleted', time });
      continue;
    }
    const reason = reasonOf(row, row, stream.schema(row), stream.required, stream.times);
    if (reason) add(counted.quarantined, reason);
    else if (time >= state.time) Object.assign(state, { end: 'live', time, row });
  }
  for (const { end, row } of states.values()) {
    if (end === 'deleted') counted.deleted += 1;
    if (end === 'live') countLive(counted, stream.ids(row!), stream.optionalTimes.map((field) => row![field]));
  }
  return counted;
}

function countEvents(folder: string): Counted {
  const counted = nothing();
  const ids = new Set<string>();
  const newest = new Map<string, { sequence: number; data: Row }>();
  const statuses = ['ACCEPTED', 'DISPATCHED', 'HANDLING', 'REPLIED', 'SUPERVISED', 'CLOSED', 'FOLLOWED_UP', 'EVALUATED'];
  for (const event of lines(folder, 'hotline/events.ndjson')) {
    counted.offered += 1;
    const data = (event['data'] ?? {}) as Row;
    if (event['specversion'] !== '1.0') {
      add(counted.quarantined, 'NOT_A_CLOUDEVENT');
      continue;
    }
    if (ids.has(event['id'])) {
      add(counted.dropped, 'DUPLICATE_EVENT');
      continue;
    }
    ids.add(event['id']);
    const reason = reasonOf(data, data, event['sequence'] === undefined || (!empty(data['status']) && !statuses.includes(data['status'])), ['ticketNo', 'receivedAt', 'status', 'updatedAt'], ['receivedAt', 'updatedAt']);
    if (reason) add(counted.quarantined, reason);
    else if (Number(event['sequence']) > (newest.get(event['subject'])?.sequence ?? -1)) newest.set(event['subject'], { sequence: Number(event['sequence']), data });
  }
  for (const { data } of newest.values()) countLive(counted, [data['requester']?.idNumber], []);
  return counted;
}

async function countDeliveries(folder: string): Promise<Record<string, Counted>> {
  const counted = { jzsq: nothing(), shzz: nothing() };
  const stores = { jzsq: new Map<string, { time: number; row: Row } | null>(), shzz: new Map<string, { time: number; row: Row } | null>() };
  for (const delivery of acceptedDeliveries(join(folder, 'civil'))) {
    for (const file of delivery.files) {
      const stream = file.stream as 'jzsq' | 'shzz';
      const rows = stream === 'jzsq' ? csvRows(file.bytes) : await workbookRows(file.bytes);
      const present = readRows(rows, stream, counted[stream], stores[stream]);
      if (delivery.kind === 'SNAPSHOT') for (const key of stores[stream].keys()) if (!present.has(key)) stores[stream].set(key, null);
    }
  }
  for (const stream of ['jzsq', 'shzz'] as const) {
    for (const value of stores[stream].values()) {
      if (value === null) counted[stream].deleted += 1;
      else countLive(counted[stream], stream === 'jzsq' && value.row['证件类型'] === '111' ? [value.row['证件号码']] : [], [], true);
    }
  }
  return counted;
}

function readRows(rows: Buffer[][], stream: 'jzsq' | 'shzz', counted: Counted, store: Map<string, { time: number; row: Row } | null>): Set<string> {
  const present = new Set<string>();
  const decode = (cell: Buffer) => new TextDecoder(stream === 'jzsq' ? 'gb18030' : 'utf-8', { fatal: true }).decode(cell);
  const header = rows[0]!.map(decode);
  const [key, required, times] = stream === 'jzsq' ? ['业务编号', ['业务编号', '申请日期', '办理状态', '更新时间'], ['申请日期', '更新时间']] as const : ['统一社会信用代码', ['名称', '统一社会信用代码', '更新时间'], ['更新时间']] as const;
  for (const cells of rows.slice(1)) {
    counted.offered += 1;
    let row: Row;
    try {
      row = Object.fromEntries(cells.map((cell, index) => [header[index] ?? index, decode(cell)]));
    } catch {
      add(counted.quarantined, 'INVALID_BYTES');
      continue;
    }
    if (cells.length === header.length && !empty(row['经济状况核对'])) add(counted.droppedFields, '经济状况核对');
    const reason = cells.length === header.length ? reasonOf(row, {}, false, required, times) : 'CELL_COUNT';
    present.add(row[key]);
    if (reason) add(counted.quarantined, reason);
    else if (timeOf(row['更新时间']) >= dayOf(store.get(row[key])?.time ?? -Infinity)) store.set(row[key], { time: timeOf(row['更新时间']), row });
  }
  return present;
}

/** Some spellings have no time of day: versions of one day count as equal, and then the later delivery wins. */
function dayOf(time: number): number {
  return Number.isFinite(time) ? Math.floor((time + 8 * 3_600_000) / 86_400_000) * 86_400_000 - 8 * 3_600_000 : time;
}

function acceptedDeliveries(root: string): { kind: string; files: { stream: string; bytes: Buffer }[] }[] {
  const seen = new Set<string>();
  const deliveries = readdirSync(root).filter((name) => existsSync(join(root, name, 'manifest.json'))).map((name) => ({ name, manifest: JSON.parse(readFileSync(join(root, name, 'manifest.json'), 'utf8')) as Row }));
  const read = deliveries.map(({ name, manifest }) => ({ name, kind: manifest['kind'] as string, asOf: manifest['asOf'] as string, files: (manifest['files'] as Row[]).map((file) => ({ stream: file['stream'] as string, sha256: file['sha256'] as string, bytes: readFileSync(join(root, name, file['name'])) })) }));
  const whole = read.filter(({ files }) => files.every((file) => createHash('sha256').update(file.bytes).digest('hex') === file.sha256));
  const once = whole.filter(({ files }) => {
    const sums = files.map((file) => file.sha256).join();
    return !seen.has(sums) && seen.add(sums);
  });
  return once.sort((a, b) => (a.asOf === b.asOf ? (a.name < b.name ? -1 : 1) : a.asOf < b.asOf ? -1 : 1));
}

function csvRows(bytes: Buffer): Buffer[][] {
  const rows = parse(bytes.toString('latin1'), { relax_column_count: true }) as string[][];
  return rows.map((row) => row.map((cell) => Buffer.from(cell, 'latin1')));
}

async function workbookRows(bytes: Buffer): Promise<Buffer[][]> {
  const book = new ExcelJS.Workbook();
  await book.xlsx.load(bytes as never);
  const rows: Buffer[][] = [];
  book.worksheets[0]!.eachRow((row) => rows.push(Array.from({ length: 10 }, (_, index) => Buffer.from(String(row.getCell(index + 1).value ?? '')))));
  return rows;
}

function reasonOf(row: Row, sized: Row, schema: boolean, required: readonly string[], times: readonly string[]): string | undefined {
  const large = Buffer.byteLength(JSON.stringify(sized)) > 1 << 20 || Object.values(sized).some((value) => typeof value === 'string' && Buffer.byteLength(value) > 1 << 16);
  if (large) return 'TOO_LARGE';
  if (schema) return 'SCHEMA';
  if (required.some((field) => empty(row[field]))) return 'REQUIRED_MISSING';
  return times.some((field) => Number.isNaN(timeOf(row[field]))) ? 'UNPARSABLE_TIME' : undefined;
}

function countLive(counted: Counted, ids: unknown[], optionalTimes: unknown[], spreadsheet = false): void {
  counted.live += 1;
  for (const id of ids) {
    if (empty(id)) continue;
    const { repaired, refused } = idOf(id as string, spreadsheet);
    for (const kind of repaired) add(counted.repaired, kind);
    if (refused) add(counted.quarantinedValues, refused);
  }
  for (const time of optionalTimes) if (!empty(time) && Number.isNaN(timeOf(time))) add(counted.quarantinedValues, 'UNPARSABLE_TIME');
}

function idOf(written: string, spreadsheet: boolean): { repaired: string[]; refused?: string } {
  const half = written.normalize('NFKC');
  const text = half.replaceAll(/\s/g, '');
  const repaired = [...(/[\uff01-\uff5e]/.test(written) ? ['ID_FULL_WIDTH'] : []), ...(/\s/.test(written) ? ['ID_SPACE'] : []), ...(text.includes('x') ? ['ID_LOWER_X'] : [])];
  if (/^\d{15}$/.test(text)) return { repaired: [...repaired, 'ID_15'] };
  if (/^\d{17}[\dXx]$/.test(text) && checkOf(text) === text[17]!.toUpperCase()) return { repaired };
  return { repaired: [], refused: spreadsheet && (/E\+/.test(text) || /^\d{15}000$/.test(text)) ? 'ID_EXCEL' : 'ID_CHECK_DIGIT' };
}

function checkOf(id: string): string {
  // ISO 7064 MOD 11-2, the other way round than the generator does it.
  let sum = 0;
  for (const digit of id.slice(0, 17)) sum = ((sum + Number(digit)) * 2) % 11;
  return '0123456789X'[(12 - sum) % 11]!;
}

/** The instant in ms, NaN where nobody can read it. */
function timeOf(value: unknown): number {
  const text = String(clean(value));
  if (/^\d{5}(\.\d+)?$/.test(text)) return Math.round((Number(text) - 25_569) * 86_400_000) - 8 * 3_600_000;
  const chinese = /^([〇一二三四五六七八九]{4})年([一二三四五六七八九十]{1,3})月([一二三四五六七八九十]{1,3})日$/.exec(text);
  if (chinese) return strict(`${[...chinese[1]!].map((digit) => '〇一二三四五六七八九'.indexOf(digit)).join('')}-${two(number(chinese[2]!))}-${two(number(chinese[3]!))}`);
  const compact = /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d))?$/.exec(text);
  if (compact) return strict(`${compact[1]}-${compact[2]}-${compact[3]}`, compact[4] ? `${compact[4]}:${compact[5]}:${compact[6]}` : undefined);
  const dated = /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ](\d\d?:\d\d(?::\d\d(?:\.\d+)?)?))?(Z|\+08:00)?$/.exec(text);
  return dated ? strict(`${dated[1]}-${two(dated[2]!)}-${two(dated[3]!)}`, dated[4], dated[5]) : NaN;
}

function strict(day: string, clock = '00:00:00', zone = '+08:00'): number {
  const ms = Date.parse(`${day}T${clock.padStart(5, '0')}${zone}`);
  return new Date(Date.parse(`${day}T00:00:00Z`)).toString() !== 'Invalid Date' && new Date(`${day}T00:00:00Z`).toISOString().startsWith(day) ? ms : NaN;
}

const two = (value: string | number) => String(value).padStart(2, '0');

function number(text: string): number {
  const digit = (character: string | undefined) => (character ? '〇一二三四五六七八九'.indexOf(character) : 0);
  if (!text.includes('十')) return digit(text);
  const [tens, ones] = text.split('十');
  return (tens ? digit(tens) : 1) * 10 + digit(ones);
}

function nothing(): Counted {
  return { offered: 0, tombstones: 0, dropped: {}, droppedFields: {}, quarantined: {}, quarantinedValues: {}, repaired: {}, deleted: 0, live: 0 };
}

function add(into: Record<string, number>, name: string): void {
  into[name] = (into[name] ?? 0) + 1;
}
