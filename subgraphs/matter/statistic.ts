import { sql } from 'drizzle-orm';
import { access, noRow } from '../../policy/row.ts';
import { named } from '../../schema/codes.ts';
import type { SubgraphContext } from '../context.ts';
import { reference } from '../record.ts';
import type { StatisticCodeType } from './types.generated.ts';

interface Definition {
  version: string;
  department: string;
  stream: string;
  countedZh: string;
  countedEn: string;
  floor: number;
}

/** Data: what each statistic counts. An organisation's own work is counted exactly from the floor on (matters.md). */
const definitions: Record<StatisticCodeType, Definition> = {
  TICKETS_BY_STATUS: {
    version: '1',
    department: 'hotline',
    stream: 'tickets',
    countedZh: '辖区内现存的热线工单，按主办单位与办理状态；每张工单计一次',
    countedEn: 'live hotline tickets of the jurisdiction, by lead organisation and state; each ticket once',
    floor: 10,
  },
};

/** A statistic; its parts are read when they are asked for. */
export function statistic(code: StatisticCodeType) {
  const definition = definitions[code];
  return {
    [access]: noRow,
    definition: { code, ...definition },
    coverage: (_: unknown, context: SubgraphContext) => coverage(context, definition),
    cells: (_: unknown, context: SubgraphContext) => cells(context, definition),
  };
}

async function coverage(context: SubgraphContext, { department, stream }: Definition) {
  const tx = await context.tx();
  const { rows } = await tx.execute<{ department: string; stream: string; fresh_through: string | null }>(
    sql`SELECT department, stream, fresh_through::text AS fresh_through FROM hub.stream_coverage WHERE department = ${department} AND stream = ${stream}`,
  );
  return rows.map((row) => ({ department: row.department, stream: row.stream, freshThrough: row.fresh_through }));
}

/** No totals stand beside the cells: a total minus the shown cells would give a hidden one away. */
async function cells(context: SubgraphContext, { department, stream, floor }: Definition) {
  const tx = await context.tx();
  const { rows } = await tx.execute<{ lead_org: string | null; status: string | null; n: number }>(sql`
    SELECT r.lead_org, r.status, count(*)::int AS n FROM hub.record r
    WHERE r.department = ${department} AND r.stream = ${stream} AND starts_with(r.division_now, hub.viewer('division_prefix'))
    GROUP BY r.lead_org, r.status ORDER BY r.lead_org NULLS LAST, r.status NULLS LAST`);
  return rows.map((row) => ({
    organization: reference('Organization', 'creditCode', row.lead_org),
    status: named(row.status, 'matter-status', statusNames),
    count: row.n >= floor ? String(row.n) : `<${floor}`,
  }));
}

const statusNames: Record<string, string> = { OPEN: '已登记', ASSIGNED: '已交办', IN_PROGRESS: '办理中', RESOLVED: '已办结', CLOSED: '已归档', WITHDRAWN: '已撤回' };
