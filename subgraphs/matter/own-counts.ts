import { sql, type SQL } from 'drizzle-orm';
import { clockRules } from '../../matters/clock-rules.ts';
import { sensitiveCategories, statisticFloors } from '../../matters/statistic-rules.ts';
import { named } from '../../schema/codes.ts';
import { stateNames } from '../../schema/states.ts';
import type { SubgraphContext } from '../context.ts';
import { reference } from '../record.ts';
import { territoryPrefix } from '../territory.ts';
import { clockState } from './clocks.ts';
import { readPeriod } from './snapshot.ts';
import type { StatisticCodeType, StatisticFilterType } from './types.generated.ts';

export type OwnCode = Extract<StatisticCodeType, 'TICKETS_BY_STATUS' | 'TICKET_CLOCKS' | 'TICKETS_REPEATED' | 'TICKETS_UNCLASSIFIED'>;

const { ordinary: floor, sensitive: sensitiveFloor } = statisticFloors;
const countyDigits = 6;

/** Data: what organisations are told of their own work, exactly from the floor on (matters.md). */
export const ownDefinitions: Record<OwnCode, { version: string; countedZh: string; countedEn: string; floor: number; sensitiveFloor: number }> = {
  TICKETS_BY_STATUS: { version: '2', floor, sensitiveFloor, countedZh: '辖区内现存的热线工单，按主办单位与办理状态；每张工单计一次', countedEn: 'live hotline tickets of the jurisdiction, by lead organisation and state; each ticket once' },
  TICKET_CLOCKS: { version: '2', floor, sensitiveFloor, countedZh: '辖区内热线工单的时限，按主办单位、规则与状态；时期按截止时间', countedEn: 'clocks of hotline tickets of the jurisdiction, by lead organisation, rule and state; a period is that of the due date' },
  TICKETS_REPEATED: { version: '3', floor, sensitiveFloor, countedZh: '辖区内的热线工单，其事项另有辖区内的工单，按主办单位', countedEn: 'hotline tickets of the jurisdiction whose matter holds another ticket of it, by lead organisation' },
  TICKETS_UNCLASSIFIED: { version: '2', floor, sensitiveFloor, countedZh: '没有纠纷类型的热线工单，按主办单位', countedEn: 'hotline tickets without a dispute type, by lead organisation' },
};

const tickets = sql`r.department = 'hotline' AND r.stream = 'tickets'`;

const counts: Record<OwnCode, { from: SQL; where: SQL; by: SQL; at: SQL }> = {
  TICKETS_BY_STATUS: { from: sql`hub.record r`, where: tickets, by: sql`r.status`, at: sql`r.occurred_at` },
  // A day ends at 24:00, which is the next one's beginning.
  TICKET_CLOCKS: { from: sql`hub.record r JOIN hub.clock c ON c.rid = r.rid`, where: tickets, by: sql`c.rule || ' ' || ${sql.raw(clockState)}`, at: sql`c.due_at - interval '1 millisecond'` },
  // The other ticket too lies in the caller's territory: one that is met by an assignment elsewhere would tell that it is there.
  TICKETS_REPEATED: {
    from: sql`hub.record r JOIN hub.matter_member m ON m.rid = r.rid`, by: sql`NULL::text`, at: sql`r.occurred_at`,
    where: sql`${tickets} AND EXISTS (SELECT 1 FROM hub.matter_member o JOIN hub.record x ON x.rid = o.rid WHERE o.matter_key = m.matter_key AND o.rid <> r.rid AND x.department = 'hotline' AND starts_with(x.division_now, hub.viewer('division_prefix')))`,
  },
  TICKETS_UNCLASSIFIED: { from: sql`hub.record r`, where: sql`${tickets} AND r.category IS NULL`, by: sql`NULL::text`, at: sql`r.occurred_at` },
};

const cellsMax = 2_000;
const rules = new Map(clockRules.map((rule) => [rule.id, { ...rule, extendedAmount: rule.extension?.amount ?? null }]));

/** No totals stand beside the cells: a total minus the shown cells would give a hidden one away. */
export async function ownCells(context: SubgraphContext, code: OwnCode, division: string, filter: StatisticFilterType) {
  const { from, where, by, at } = counts[code];
  const isSensitive = sensitiveCategories.includes(filter.category ?? '');
  const territory = territoryPrefix(division) ?? 'none';
  const floorHere = isSensitive ? sensitiveFloor : floor;
  const period = readPeriod(filter.period ?? null);
  const within = period ? sql`AND ${at} >= ${period.from}::timestamptz AND ${at} < ${period.to}::timestamptz` : sql``;
  // Below the county what is sensitive is in no cell, as in the snapshot: the whole minus the other categories would tell it.
  const counted = territory.length > countyDigits ? sql`AND NOT (r.minor OR r.family_violence OR coalesce(r.category = ANY (${sql.param([...sensitiveCategories])}::text[]), false))` : sql``;
  const category = filter.category ? sql`AND r.category = ${filter.category}` : sql``;
  const tx = await context.tx();
  const { rows } = await tx.execute<{ lead_org: string | null; key: string | null; n: number }>(sql`
    SELECT r.lead_org, ${by} AS key, count(*)::int AS n FROM ${from}
    WHERE ${where} ${within} ${category} ${counted} AND starts_with(r.division_now, hub.viewer('division_prefix')) AND starts_with(r.division_now, ${territory})
    GROUP BY 1, 2 ORDER BY 1 NULLS LAST, 2 NULLS LAST LIMIT ${cellsMax}`);
  return rows.map((row) => ({ organization: reference('Organization', 'creditCode', row.lead_org), ...whatOf(code, row.key), count: row.n >= floorHere ? String(row.n) : `<${floorHere}` }));
}

function whatOf(code: OwnCode, key: string | null) {
  if (code === 'TICKETS_BY_STATUS') return { status: named(key, 'matter-status', stateNames) };
  if (code !== 'TICKET_CLOCKS') return {};
  const [rule, state] = (key ?? ' ').split(' ');
  return { rule: rules.get(rule!) ?? null, status: named(state, 'clock-state', clockStateNames) };
}

const clockStateNames: Record<string, string> = { PENDING: '进行中', DUE_SOON: '即将到期', MET: '按时完成', OVERDUE: '超期', PAUSED: '暂停', NOT_APPLICABLE: '不适用' };
