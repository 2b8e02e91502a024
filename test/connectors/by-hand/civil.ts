import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ExcelJS from 'exceljs';
import iconv from 'iconv-lite';
import { expectedOf, fifteen, idOf, idWithX, wrongCheck, type End, type Standing } from './lines.ts';

interface Row {
  why: string;
  cells: (string | Buffer)[];
  ends: End;
  fields?: Record<string, number>;
}

const header = ['业务编号', '申请人姓名', '证件类型', '证件号码', '联系电话', '申请日期', '办理状态', '月保障金额', '居住地址', '经济状况核对', '更新时间'];
const application = (key: string, more: Record<string, string | Buffer> = {}) => {
  const row: Record<string, string | Buffer> = { 业务编号: key, 申请人姓名: '冯某', 证件类型: '111', 证件号码: '', 联系电话: '13500135000', 申请日期: '2026-01-05', 办理状态: '受理', 月保障金额: '600', 居住地址: '某路6号', 经济状况核对: '', 更新时间: '2026-03-01 10:00:00', ...more };
  return header.map((column) => row[column]!);
};
const bad = (hex: string) => Buffer.from(hex, 'hex');
const quarantined = (reason: string) => ({ quarantined: reason });
const means = { 经济状况核对: 'CANARY-MEANS' };
const meansFields = { 经济状况核对: 1 };

/** Characters whose second byte in GB18030 is `|` and `\`, of four bytes, and one that is only in GB18030. */
const tricky = '倈廫𠮷㐂€';

const first: Row[] = [
  { why: 'an application', cells: application('A', means), ends: 'PUBLISHED', fields: meansFields },
  { why: 'quotes, commas and newlines in a cell; decoded before it is split', cells: application('B', { 居住地址: `"某""路"",\r\n${tricky}"` }), ends: 'PUBLISHED' },
  { why: 'a placeholder is no means test', cells: application('C', { 经济状况核对: '－' }), ends: 'PUBLISHED' },
  { why: 'a cell too many', cells: [...application('D', means), 'CANARY-D'], ends: quarantined('CELL_COUNT') },
  { why: 'a cell too few', cells: application('E', means).slice(0, -1), ends: quarantined('CELL_COUNT') },
  { why: 'bytes that are not GB18030', cells: application('F', { ...means, 申请人姓名: bad('ff') }), ends: quarantined('INVALID_BYTES'), fields: meansFields },
  { why: 'a character cut in half', cells: application('G', { 申请人姓名: bad('b7eb') , 居住地址: bad('c4b381') }), ends: quarantined('INVALID_BYTES') },
  { why: 'a byte that begins no character', cells: application('H', { 居住地址: bad('80') }), ends: quarantined('INVALID_BYTES') },
  { why: 'bad bytes come before a wrong number of cells', cells: [...application('I', { 申请人姓名: bad('ff'), ...means }), 'x'], ends: quarantined('INVALID_BYTES') },
  { why: 'too large comes before both', cells: [...application('J', { 申请人姓名: bad('ff'), 居住地址: 'x'.repeat(65_537) }), 'x'], ends: quarantined('TOO_LARGE') },
  { why: 'a cell of 64 KiB as UTF-8, less in the file', cells: application('K', { 居住地址: `${'路'.repeat(21_845)}x` }), ends: 'PUBLISHED' },
  { why: '… and a byte', cells: application('L', { 居住地址: `${'路'.repeat(21_845)}xx` }), ends: quarantined('TOO_LARGE') },
  { why: 'no day of application', cells: application('M', { 申请日期: '无', ...means }), ends: quarantined('REQUIRED_MISSING'), fields: meansFields },
  { why: 'no state', cells: application('N', { 办理状态: ' ' }), ends: quarantined('REQUIRED_MISSING') },
  { why: 'an update time that cannot be read', cells: application('O', { 更新时间: '月初' }), ends: quarantined('UNPARSABLE_TIME') },
  { why: 'Excel turned the number into an exponent', cells: application('P', { 证件号码: '6.20102E+17' }), ends: 'PUBLISHED' },
  { why: 'Excel rounded it', cells: application('Q', { 证件号码: '620102199003071000' }), ends: 'PUBLISHED' },
  { why: 'a wrong check digit', cells: application('R', { 证件号码: wrongCheck(idOf(90)) }), ends: 'PUBLISHED' },
  { why: 'a passport is not checked, and a lower-case x in it is its own', cells: application('S', { 证件类型: '414', 证件号码: 'e1234567x' }), ends: 'PUBLISHED' },
  { why: 'without a type it is checked', cells: application('T', { 证件类型: '', 证件号码: `${fifteen(idOf(91))}\u3000` }), ends: 'PUBLISHED' },
  { why: 'a lower-case x', cells: application('U', { 证件号码: idWithX(92).replace('X', 'x') }), ends: 'PUBLISHED' },
  ...['二〇二六年三月一日', '46082', '46082.41666667', '2026/3/1 10:00', '20260301', '20260301100000', '2026年3月1日'].map((time, n): Row => ({ why: `a time may be written ${time}`, cells: application(`time${n}`, { 更新时间: time, 申请日期: time }), ends: 'PUBLISHED' })),
  { why: 'there until a snapshot leaves it out', cells: application('V', means), ends: 'PUBLISHED', fields: meansFields },
  { why: 'there although its row in the snapshot is bad', cells: application('W'), ends: 'PUBLISHED' },
  { why: 'of one day, told to the second', cells: application('X', { 更新时间: '2026-03-02 15:00:00', 办理状态: '受理', 证件号码: fifteen(idOf(95)) }), ends: 'PUBLISHED' },
];
/** `asOf` 2026-03-10. */
const increment: Row[] = [
  { why: 'a newer version', cells: application('A', { 更新时间: '2026-03-09', 办理状态: '审核' }), ends: 'PUBLISHED' },
  { why: 'an older version', cells: application('P', { 更新时间: '2026-02-01 10:00:00', 证件号码: fifteen(idOf(93)) }), ends: 'OLDER' },
  { why: 'of one day, told to the day: equal at the coarser precision, and then the later `asOf` wins', cells: application('X', { 更新时间: '20260302', 办理状态: '批准' }), ends: 'PUBLISHED' },
];
/** `asOf` 2026-03-20: everything there is by then, in the newest version. */
const snapshot: Row[] = [...first.filter((row) => row.ends === 'PUBLISHED' && !['A', 'V', 'W', 'X'].includes(row.cells[0] as string)).map((row) => ({ ...row, why: `in the snapshot: ${row.why}` })),
  { why: 'in the snapshot', cells: application('A', { 更新时间: '2026-03-09', 办理状态: '审核' }), ends: 'PUBLISHED' },
  { why: 'in the snapshot', cells: application('X', { 更新时间: '20260302', 办理状态: '批准' }), ends: 'PUBLISHED' },
  { why: 'a quarantined row’s record is not absent', cells: application('W', { 申请日期: '某日' }), ends: quarantined('UNPARSABLE_TIME') },
];
/** `asOf` 2026-03-15, arrives after the snapshot. */
const late: Row[] = [
  { why: 'a late increment changes nothing that the snapshot settled', cells: application('B', { 更新时间: '2026-03-01 09:00:00', 证件号码: fifteen(idOf(94)) }), ends: 'OLDER' },
  { why: 'what it alone names was deleted by the time of the snapshot', cells: application('Y', { 更新时间: '2026-03-14', ...means }), ends: 'OLDER', fields: meansFields },
];
/** `asOf` 2026-04-01. */
const afterwards: Row[] = [
  { why: 'a record that returns', cells: application('V', { 更新时间: '2026-03-30' }), ends: 'PUBLISHED' },
  { why: 'a new one', cells: application('Z', { 更新时间: '2026-03-30' }), ends: 'PUBLISHED' },
];
/** A SNAPSHOT of 2026-04-10 in which a key cannot be read. */
const blind: Row[] = [
  { why: 'the same', cells: application('Z', { 更新时间: '2026-03-30' }), ends: 'PUBLISHED' },
  { why: 'a bad row’s key cannot be read: that snapshot deletes nothing', cells: application('', { 业务编号: bad('ff') }), ends: quarantined('INVALID_BYTES') },
];

const standing: Standing = {
  live: [...'ABCKPQRSTUVWXZ', ...Array.from({ length: 7 }, (_, n) => `time${n}`)],
  deleted: ['Y'],
  repaired: { ID_15: 1, ID_SPACE: 1, ID_LOWER_X: 1 },
  quarantinedValues: { ID_EXCEL: 2, ID_CHECK_DIGIT: 1 },
};

const register = ['名称', '统一社会信用代码', '类别', '状态', '住所', '行政区划代码', '业务主管单位', '联系电话', '调解类型', '更新时间'];
const code = (n: number) => `52620102MJ${String(10_000_000 + n)}`;
const organisation = (n: number, more: Record<string, unknown> = {}) => {
  const row: Record<string, unknown> = { 名称: `调解组织${n}`, 统一社会信用代码: code(n), 类别: '民办非企业单位', 状态: '正常', 住所: '某路7号', 行政区划代码: '620102', 业务主管单位: '司法局', 联系电话: '0931-8888888', 调解类型: '02、14', 更新时间: '2026-03-01', ...more };
  return register.map((column) => row[column]);
};

const organisations: { why: string; cells: unknown[]; ends: End }[] = [
  { why: 'an organisation', cells: organisation(1), ends: 'PUBLISHED' },
  { why: 'a date as Excel keeps it', cells: organisation(2, { 更新时间: 46082 }), ends: 'PUBLISHED' },
  { why: 'a date as a date', cells: organisation(3, { 更新时间: new Date('2026-03-01T02:00:00Z') }), ends: 'PUBLISHED' },
  { why: 'no name', cells: organisation(4, { 名称: '-' }), ends: quarantined('REQUIRED_MISSING') },
  { why: 'a time that cannot be read', cells: organisation(5, { 更新时间: '上月' }), ends: quarantined('UNPARSABLE_TIME') },
  { why: 'a cell too many', cells: [...organisation(6), 'x'], ends: quarantined('CELL_COUNT') },
  { why: 'empty cells at the end are left out by Excel', cells: organisation(7).slice(0, -1), ends: quarantined('REQUIRED_MISSING') },
  { why: 'an empty cell beyond the header, as a format leaves it behind, is no cell too many', cells: [...organisation(9), null, ''], ends: 'PUBLISHED' },
  { why: 'it mediates nothing', cells: organisation(8, { 调解类型: null }), ends: 'PUBLISHED' },
];

export async function writeCivil(folder: string) {
  const drop = join(folder, 'civil');
  const workbook = await sheet([register, ...organisations.map((row) => row.cells)]);
  const whole = { name: 'shzz_1.xlsx', stream: 'shzz', rows: organisations.length, encoding: 'binary', bytes: workbook };
  deliver(drop, '20260301', 'SNAPSHOT', '2026-03-01T20:00:00+08:00', [table(first, '20260301'), whole]);
  deliver(drop, '20260310', 'INCREMENT', '2026-03-10T20:00:00+08:00', [table(increment, '20260310')]);
  // Repeated byte for byte; cut on its way; still being written.
  deliver(drop, '20260310-2', 'INCREMENT', '2026-03-10T20:00:00+08:00', [table(increment, '20260310')]);
  deliver(drop, '20260311', 'INCREMENT', '2026-03-11T20:00:00+08:00', [{ ...table([{ why: '', cells: application('refused', means), ends: 'OLDER' }], '20260311'), sha256: '0'.repeat(64) }]);
  mkdirSync(join(drop, '20260312'));
  writeFileSync(join(drop, '20260312', 'jzsq_20260312.csv'), table(afterwards, '20260312').bytes);
  deliver(drop, '20260320', 'SNAPSHOT', '2026-03-20T20:00:00+08:00', [table(snapshot, '20260320')]);
  deliver(drop, '20260322', 'INCREMENT', '2026-03-15T20:00:00+08:00', [table(late, '20260322')]);
  deliver(drop, '20260401', 'INCREMENT', '2026-04-01T20:00:00+08:00', [table(afterwards, '20260401')]);
  deliver(drop, '20260410', 'SNAPSHOT', '2026-04-10T20:00:00+08:00', [table(blind, '20260410')]);
  const rows = [first, increment, snapshot, late, afterwards, blind].flat();
  const registered = [1, 2, 3, 8, 9].map(code);
  return {
    jzsq: { expected: expectedOf(rows, standing), live: standing.live },
    shzz: { expected: expectedOf(organisations, { live: registered, deleted: [] }), live: registered },
  };
}

interface DeliveredFile {
  name: string;
  stream: string;
  rows: number;
  encoding: string;
  bytes: Buffer;
  sha256?: string;
}

function table(rows: readonly Row[], folder: string): DeliveredFile {
  const line = (cells: readonly (string | Buffer)[]) => Buffer.concat([...cells.flatMap((cell, index) => [...(index > 0 ? [Buffer.from(',')] : []), typeof cell === 'string' ? iconv.encode(cell, 'gb18030') : cell]), Buffer.from('\r\n')]);
  return { name: `jzsq_${folder}.csv`, stream: 'jzsq', rows: rows.length, encoding: 'GB18030', bytes: Buffer.concat([header, ...rows.map((row) => row.cells)].map(line)) };
}

async function sheet(rows: readonly (readonly unknown[])[]): Promise<Buffer> {
  const book = new ExcelJS.Workbook();
  book.addWorksheet('登记').addRows(rows.map((row) => [...row]));
  return Buffer.from(await book.xlsx.writeBuffer());
}

function deliver(drop: string, folder: string, kind: string, asOf: string, files: readonly DeliveredFile[]): void {
  mkdirSync(join(drop, folder), { recursive: true });
  for (const { name, bytes } of files) writeFileSync(join(drop, folder, name), bytes);
  const manifest = files.map(({ bytes, sha256, ...file }) => ({ ...file, sha256: sha256 ?? createHash('sha256').update(bytes).digest('hex') }));
  writeFileSync(join(drop, folder, 'manifest.json'), JSON.stringify({ kind, asOf, files: manifest }));
}
