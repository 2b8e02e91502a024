import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { shanghaiText } from '../time.ts';
import { dayMs, type Context } from './context.ts';
import { ledger, type StreamCounts } from './ledger.ts';
import { planApplications, type Application } from './applications.ts';
import { encodedCsv, type CsvRow } from './csv.ts';
import { associationRows } from './associations.ts';
import { random } from './random.ts';
import { valuesOf } from './records.ts';
import { workbook } from './xlsx.ts';

export interface CivilResult {
  jzsq: StreamCounts & { repeatedRows: number };
  shzz: StreamCounts;
  deliveries: { name: string; kind: 'SNAPSHOT' | 'INCREMENT'; asOf: string; rows: number; state: DeliveryState }[];
  samples: { stream: 'jzsq'; key: string; field: string; value: string }[];
}

type DeliveryState = 'ACCEPTED' | 'REFUSED_HASH' | 'REPEATED' | 'ACCEPTED_LATE' | 'INCOMPLETE';

interface Delivery {
  name: string;
  kind: 'SNAPSHOT' | 'INCREMENT';
  asOfMs: number;
  state: DeliveryState;
  rows: number;
  /** Days before the set's end; also its name in what follows. */
  daysBefore: number;
  means: boolean;
  remark: boolean;
  associations: boolean;
}

/** Days before the set's end, kind, and what is special. */
const schedule: readonly [number, Partial<Delivery>][] = [
  [264, { kind: 'SNAPSHOT', associations: true }], [244, {}], [224, {}], [204, { state: 'REFUSED_HASH', means: true }], [204, { means: true }], [184, {}], [184, { state: 'REPEATED' }], [164, { remark: true }],
  [144, { means: true, associations: true }], [124, {}], [104, {}], [84, { means: true }], [84, { state: 'ACCEPTED_LATE' }], [64, {}], [44, {}], [25, { kind: 'SNAPSHOT', means: true, associations: true }], [5, {}], [1, { state: 'INCOMPLETE' }],
];
const lateAsOfDays = 124;
const snapshotDays = 25;
const lastDays = 5;

/** Writes civil/: applications and social organisations in deliveries of every state. */
export function writeDeliveries(context: Context, folder: string): CivilResult {
  const applications = planApplications(context, snapshotDays, lastDays);
  const book = { ...ledger(), repeatedRows: 0 };
  const shzz = ledger();
  const names = new Map<string, number>();
  const deliveries = schedule.map(([daysBefore, special]) => deliveryOf(context, daysBefore, special, names));
  /** What the delivery before held, for the one that repeats or replaces it. */
  let content: { daysBefore: number; rows: CsvRow[] } = { daysBefore: Infinity, rows: [] };
  let previousMs = -Infinity;
  for (const delivery of deliveries) {
    if (delivery.state !== 'ACCEPTED_LATE' && content.daysBefore !== delivery.daysBefore) {
      content = { daysBefore: delivery.daysBefore, rows: rowsOf(context, applications, delivery, previousMs) };
      previousMs = delivery.asOfMs;
    }
    const rows = delivery.state === 'ACCEPTED_LATE' ? lateRows(context, applications) : content.rows;
    delivery.rows = rows.length;
    const accepted = delivery.state === 'ACCEPTED' || delivery.state === 'ACCEPTED_LATE';
    if (accepted) for (const row of rows) book.version(row.quarantined ? { quarantined: row.quarantined } : {}, delivery.means && row.quarantined !== 'CELL_COUNT' ? { 经济状况核对: 1 } : {});
    if (delivery.state === 'REPEATED') book.repeatedRows += rows.length;
    writeDelivery(context, folder, delivery, rows, shzz.version);
  }
  for (const application of applications) close(context, application, book);
  const organisations = associationRows(context, 'all');
  for (const row of organisations) shzz.record(row.end);
  return {
    jzsq: { ...book.counts, repeatedRows: book.repeatedRows }, shzz: shzz.counts,
    deliveries: deliveries.map(({ name, kind, asOfMs, rows, state }) => ({ name, kind, asOf: rfc3339(asOfMs), rows, state })),
    samples: applications.filter((application) => application.end === 'live').slice(0, 40).map((application) => ({ stream: 'jzsq', key: application.key, field: '办理状态', value: application.stateAt(context.asOfMs - lastDays * dayMs) ?? '' })),
  };
}

function deliveryOf(context: Context, daysBefore: number, special: Partial<Delivery>, names: Map<string, number>): Delivery {
  const asOfMs = context.asOfMs - daysBefore * dayMs;
  const day = shanghaiText(asOfMs, 10).replaceAll('-', '');
  const nth = (names.get(day) ?? 0) + 1;
  names.set(day, nth);
  const late = special.state === 'ACCEPTED_LATE';
  return { name: nth === 1 ? day : `${day}-${nth}`, kind: 'INCREMENT', state: 'ACCEPTED', means: false, remark: false, associations: false, rows: 0, daysBefore, ...special, asOfMs: late ? context.asOfMs - lateAsOfDays * dayMs : asOfMs };
}

function rfc3339(ms: number): string {
  return `${shanghaiText(ms).replace(' ', 'T')}+08:00`;
}

function rowsOf(context: Context, applications: readonly Application[], delivery: Delivery, previousMs: number): CsvRow[] {
  const rows: CsvRow[] = [];
  for (const application of applications) {
    const row = delivery.kind === 'SNAPSHOT' ? application.rowAt(delivery.asOfMs, delivery.means) : application.rowBetween(previousMs, delivery.asOfMs, delivery.means);
    if (row) rows.push(row);
    if (delivery.kind === 'INCREMENT') rows.push(...application.spoiledIn(previousMs, delivery.asOfMs, delivery.means));
  }
  const chance = random(context.seed, 'delivery', delivery.daysBefore);
  for (let at = rows.length - 1; at > 0; at -= 1) {
    const other = chance.below(at + 1);
    [rows[at], rows[other]] = [rows[other]!, rows[at]!];
  }
  return rows;
}

/** Rows of an increment that was forgotten: older states of applications that have moved on. */
function lateRows(context: Context, applications: readonly Application[]): CsvRow[] {
  const toMs = context.asOfMs - lateAsOfDays * dayMs;
  return applications.flatMap((application) => application.rowBetween(toMs - 20 * dayMs, toMs, false) ?? []).filter((row) => !row.quarantined).slice(0, 3);
}

function writeDelivery(context: Context, folder: string, delivery: Delivery, rows: CsvRow[], countAssociation: (outcome?: { quarantined?: string }) => void): void {
  const path = join(folder, delivery.name);
  mkdirSync(path, { recursive: true });
  const day = delivery.name.slice(0, 8);
  const bytes = encodedCsv(rows, { means: delivery.means, remark: delivery.remark });
  const files = [{ name: `jzsq_${day}.csv`, stream: 'jzsq', rows: rows.length, sha256: sha256(bytes), encoding: 'GB18030' }];
  const cut = delivery.state === 'REFUSED_HASH' || delivery.state === 'INCOMPLETE';
  writeFileSync(join(path, files[0]!.name), cut ? bytes.subarray(0, Math.floor(bytes.length * 0.6)) : bytes);
  if (delivery.associations) {
    const listed = associationRows(context, delivery.daysBefore);
    const book = workbook('社会组织', [associationHeader, ...listed.map((row) => row.cells)]);
    for (const row of listed) countAssociation(row.quarantined ? { quarantined: row.quarantined } : {});
    files.push({ name: `shzz_${day}.xlsx`, stream: 'shzz', rows: listed.length, sha256: sha256(book), encoding: 'binary' });
    writeFileSync(join(path, `shzz_${day}.xlsx`), book);
  }
  if (delivery.state === 'INCOMPLETE') return;
  writeFileSync(join(path, 'manifest.json'), JSON.stringify({ kind: delivery.kind, asOf: rfc3339(delivery.asOfMs), files }, null, 1));
}

const associationHeader = ['名称', '统一社会信用代码', '类别', '状态', '住所', '行政区划代码', '业务主管单位', '联系电话', '调解类型', '更新时间'];

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function close(context: Context, application: Application, book: ReturnType<typeof ledger>): void {
  if (application.end === 'never') return;
  book.record(application.end, valuesOf([application.id], application.refused));
  if (application.end !== 'live') return;
  context.truth.matter('civil', 'jzsq', application.key, context.truth.nextMatter());
  context.truth.person({ department: 'civil', stream: 'jzsq', recordKey: application.key, role: 'APPLICANT', ordinal: 0, person: application.person });
}
