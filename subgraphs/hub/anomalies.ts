import { sql } from 'drizzle-orm';
import { YiwangError } from '../../base/errors.ts';
import { isWorkingDay } from '../../matters/calendar.ts';
import type { SubgraphContext } from '../context.ts';
import type { AccessAnomalyKindType, AccessWindowType } from './types.generated.ts';

/** One lead for an auditor; a caller is a pseudonym, as in the log. */
export interface Anomaly {
  kind: AccessAnomalyKindType;
  viewer: string;
  organization: string;
  purpose: string | null;
  count: number;
  usualMax: number;
  peers: number;
  firstIndex: number;
  lastIndex: number;
}

const dayMs = 86_400_000;
const windowDaysDefault = 7;
const windowDaysMax = 31;
const anomaliesOfKindMax = 200;

/** Unusual uses between two instants, the largest of each kind first. Throws `BAD_REQUEST` for a window that is none. */
export async function anomalies(context: SubgraphContext, window: AccessWindowType | null | undefined): Promise<Anomaly[]> {
  const before = window?.before ?? context.clock();
  const from = window?.from ?? new Date(before.getTime() - windowDaysDefault * dayMs);
  const lengthMs = before.getTime() - from.getTime();
  if (!(lengthMs > 0 && lengthMs <= windowDaysMax * dayMs)) throw new YiwangError('BAD_REQUEST', { hint: `\`window\` must end after it begins and hold at most ${windowDaysMax} days` });
  const tx = await context.tx();
  const bounds = sql`(${from.toISOString()}::timestamptz, ${before.toISOString()}::timestamptz)`;
  const used = await tx.execute<UseRow>(sql`SELECT viewer, org, department, tier, purpose, to_char(hour, 'YYYY-MM-DD HH24') AS hour, operations, records, emergencies, first_index AS "firstIndex", last_index AS "lastIndex" FROM hub.access_use${bounds}`);
  const met = await tx.execute<{ viewer: string; org: string; purpose: string | null; subjects: number }>(sql`SELECT viewer, org, purpose, subjects FROM hub.access_subjects${bounds}`);
  return anomaliesOf(used.rows, met.rows);
}

/** What one caller did in one hour for one purpose. */
export interface UseRow extends Record<string, unknown> {
  viewer: string;
  org: string;
  department: string | null;
  tier: string | null;
  purpose: string | null;
  /** `YYYY-MM-DD HH` in Shanghai. */
  hour: string;
  operations: number;
  records: number;
  emergencies: number;
  firstIndex: number;
  lastIndex: number;
}

export interface SubjectRow {
  viewer: string;
  org: string;
  purpose: string | null;
  subjects: number;
}

export function anomaliesOf(used: readonly UseRow[], met: readonly SubjectRow[]): Anomaly[] {
  const callers = [...Map.groupBy(used, ({ viewer, org, purpose }) => JSON.stringify([viewer, org, purpose])).values()].map(added);
  const subjectsOf = new Map(met.map(({ viewer, org, purpose, subjects }) => [JSON.stringify([viewer, org, purpose]), Number(subjects)]));
  const all = [
    ...callers.filter(({ emergencies }) => emergencies > 0).map((one) => anomaly('FULL_WITHOUT_ASSIGNMENT', one, one.emergencies, 0, 0)),
    ...farAbove('FAR_ABOVE_PEERS', callers, ({ records }) => records, recordsUsual, ({ department, tier, purpose }) => JSON.stringify([department, tier, purpose])),
    ...farAbove('MANY_SUBJECTS', callers, ({ viewer, org, purpose }) => subjectsOf.get(JSON.stringify([viewer, org, purpose])) ?? 0, subjectsUsual, ({ purpose }) => String(purpose)),
    ...outsideHours(used),
  ];
  const sorted = all.sort((a, b) => (a.kind === b.kind ? b.count - a.count || a.firstIndex - b.firstIndex : a.kind < b.kind ? -1 : 1));
  return [...Map.groupBy(sorted, ({ kind }) => kind).values()].flatMap((ofKind) => ofKind.slice(0, anomaliesOfKindMax)); // many of one kind hide none of another
}

/** Below these nothing is unusual, however little others did. */
const recordsUsual = 50;
const subjectsUsual = 100;
const peersMin = 5;

interface Use extends UseRow {
  /** Operations outside office hours. */
  late: number;
}

function added(rows: readonly UseRow[]): Use {
  const sum = (of: (row: UseRow) => number) => rows.reduce((total, row) => total + Number(of(row)), 0);
  return {
    ...rows[0]!,
    operations: sum(({ operations }) => operations),
    records: sum(({ records }) => records),
    emergencies: sum(({ emergencies }) => emergencies),
    late: sum(({ hour, operations }) => (isOfficeHour(hour) ? 0 : operations)),
    firstIndex: Math.min(...rows.map(({ firstIndex }) => Number(firstIndex))),
    lastIndex: Math.max(...rows.map(({ lastIndex }) => Number(lastIndex))),
  };
}

/** Beyond Tukey's far fence of the peers, Q3 + 3 × (Q3 − Q1) (Exploratory Data Analysis, 1977); with few peers, beyond what is usual. */
function farAbove(kind: AccessAnomalyKindType, callers: readonly Use[], countOf: (one: Use) => number, usual: number, peersOf: (one: Use) => string): Anomaly[] {
  return [...Map.groupBy(callers, peersOf).values()].flatMap((group) =>
    group.flatMap((one) => {
      const others = group.filter((other) => other !== one).map(countOf).sort((a, b) => a - b);
      const [lower, upper] = [quantile(others, 0.25), quantile(others, 0.75)];
      const fence = others.length < peersMin ? usual * peersMin : Math.max(usual, Math.ceil(upper + 3 * (upper - lower)));
      return countOf(one) > fence ? [anomaly(kind, one, countOf(one), fence, others.length)] : [];
    }),
  );
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

const lateOperationsUsual = 3;
/** Of a department's operations, outside office hours: more than this, and it works around the clock. */
const lateShareOfShifts = 0.2;

function outsideHours(used: readonly UseRow[]): Anomaly[] {
  return [...Map.groupBy(used, ({ department, tier }) => JSON.stringify([department, tier])).values()].flatMap((rows) => {
    const callers = [...Map.groupBy(rows, ({ viewer }) => viewer).values()].map(added);
    return callers.flatMap((one) => {
      const others = callers.filter((other) => other !== one);
      const [late, all] = [others.reduce((sum, other) => sum + other.late, 0), others.reduce((sum, other) => sum + other.operations, 0)];
      const worksInShifts = late > all * lateShareOfShifts;
      return one.late > lateOperationsUsual && !worksInShifts ? [anomaly('OUTSIDE_HOURS', { ...one, purpose: null }, one.late, lateOperationsUsual, others.length)] : [];
    });
  });
}

const officeHours = { from: 8, before: 20 };

function isOfficeHour(hour: string): boolean {
  const [day, at] = hour.split(' ') as [string, string];
  return isWorkingDay(day) && Number(at) >= officeHours.from && Number(at) < officeHours.before;
}

function anomaly(kind: AccessAnomalyKindType, { viewer, org, purpose, firstIndex, lastIndex }: UseRow, count: number, usualMax: number, peers: number): Anomaly {
  return { kind, viewer, organization: org, purpose, count, usualMax, peers, firstIndex: Number(firstIndex), lastIndex: Number(lastIndex) };
}
