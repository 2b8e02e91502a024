import { sql } from 'drizzle-orm';
import { clockRules } from '../../matters/clock-rules.ts';
import { recordRelation, rowAccess, workRows } from '../../policy/relation.sql.ts';
import { access, type RowAccess } from '../../policy/row.ts';
import { globalId } from '../globalId.ts';
import { allByKey, type Batch } from '../loader.ts';
import { reference } from '../record.ts';
import type { ClockStateType } from './types.generated.ts';

export interface ClockParent {
  rule: (typeof clockRules)[number] & { extendedAmount: number | null };
  record: { __typename: string; id: string };
  owner: { __typename: 'Organization'; [field: string]: string } | null;
  startedAt: string | null;
  dueAt: string | null;
  stoppedAt: string | null;
  pausedSince: string | null;
  state: ClockStateType;
  lateMinutes: number | null;
  extended: boolean;
  provisional: boolean;
  statedDueAt: string | null;
  statedDifferenceMinutes: number | null;
  [access]: RowAccess;
}

const clocksPerMatterMax = 1_000;

/** State of the clock `c` by business time. */
export const clockState = `hub.clock_state(c.due_at, c.soon_at, c.stopped_at, c.paused_since, c.is_right, hub.business_now())`;

/** The clocks of many matters in one statement, by record and rule; of records of which the caller sees WORK fields. */
export const clocksByMatter: Batch<string, ClockParent[]> = async (context, keys) => {
  const tx = await context.tx();
  const { rows } = await tx.execute<Columns>(sql`
    SELECT k.matter_key, p.* FROM unnest(${sql.param([...keys])}::text[]) AS k(matter_key) CROSS JOIN LATERAL (
      SELECT c.rule, r.rid, r.type_name, r.department, r.lead_org, r.facts ->> 'divertedTo' AS diverted_to, r.relation,
        c.started_at::text, c.due_at::text, c.stopped_at::text, c.paused_since::text, c.extended, c.provisional, c.stated_due_at::text, ${sql.raw(clockState)} AS state,
        ceil(extract(epoch FROM coalesce(c.stopped_at, hub.business_now()) - c.due_at) / 60)::float8 AS late_minutes,
        round(extract(epoch FROM c.stated_due_at - c.due_at) / 60)::float8 AS difference, coalesce(r.occurred_at, 'epoch') AS at
      FROM (
        SELECT r.rid, r.type_name, r.department, r.lead_org, r.facts, r.occurred_at, ${sql.raw(recordRelation('r'))} AS relation
        FROM hub.matter_member mm JOIN hub.record r ON r.rid = mm.rid
        WHERE mm.matter_key = k.matter_key AND (${sql.raw(workRows(context.policy, context.viewer, 'r'))}) OFFSET 0 -- once a record, which has several clocks
      ) r JOIN hub.clock c ON c.rid = r.rid
      ORDER BY coalesce(r.occurred_at, 'epoch'), r.rid LIMIT ${clocksPerMatterMax}
    ) p ORDER BY k.matter_key, p.at, p.rid, array_position(${sql.param(clockRules.map((rule) => rule.id))}::text[], p.rule)`);
  const grouped = allByKey(rows, (row) => row.matter_key);
  return new Map([...grouped].map(([key, group]) => [key, group.flatMap(asClock)]));
};

type Columns = {
  matter_key: string;
  rule: string;
  rid: string;
  type_name: string;
  department: string;
  lead_org: string | null;
  diverted_to: string | null;
  relation: number;
  started_at: string | null;
  due_at: string | null;
  stopped_at: string | null;
  paused_since: string | null;
  extended: boolean;
  provisional: boolean;
  stated_due_at: string | null;
  state: ClockStateType;
  late_minutes: number | null;
  difference: number | null;
};

const rules = new Map(clockRules.map((rule) => [rule.id, rule]));

/** A row of a rule that is no more is nobody's clock. */
function asClock(row: Columns): ClockParent[] {
  const rule = rules.get(row.rule);
  if (!rule) return [];
  const owner = rule.owner === 'LEAD' ? row.lead_org : rule.owner === 'MEDIATOR' ? row.diverted_to : null;
  return [{
    rule: { ...rule, extendedAmount: rule.extension?.amount ?? null },
    record: { __typename: row.type_name, id: globalId(row.type_name, row.rid) },
    owner: reference('Organization', 'creditCode', owner) as ClockParent['owner'],
    startedAt: row.started_at,
    dueAt: row.due_at,
    stoppedAt: row.stopped_at,
    pausedSince: row.paused_since,
    state: row.state,
    lateMinutes: row.state === 'OVERDUE' ? row.late_minutes : null,
    extended: row.extended,
    provisional: row.provisional,
    statedDueAt: row.stated_due_at,
    statedDifferenceMinutes: row.difference,
    [access]: rowAccess({ department: row.department, relation: Number(row.relation), rid: row.rid }),
  }];
}
