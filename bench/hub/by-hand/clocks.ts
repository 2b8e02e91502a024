import { clockRules } from '../../../matters/clock-rules.ts';
import { clockState } from '../../../subgraphs/matter/clocks.ts';
import { allByKey } from '../../../subgraphs/loader.ts';
import { openRows, rowsOf, type Asked } from './asked.ts';

interface ClockRow {
  matter_key: string;
  rule: string;
  state: string;
  due_at: Date | null;
  stopped_at: Date | null;
  stated_due_at: Date | null;
  provisional: boolean;
  late_minutes: number;
}

const rules = new Map(clockRules.map((rule) => [rule.id, rule]));

/** The clocks of a page of matters by matter, in one statement: of the records that the caller sees, by record and rule. */
export async function clocksOf(asked: Asked, matterKeys: readonly string[]) {
  const rows = await rowsOf<ClockRow>(asked, 'clocks',
    `SELECT mm.matter_key, c.rule, ${clockState} AS state, c.due_at, c.stopped_at, c.stated_due_at, c.provisional, ceil(extract(epoch FROM coalesce(c.stopped_at, hub.business_now()) - c.due_at) / 60)::float8 AS late_minutes
     FROM hub.matter_member mm JOIN hub.record r ON r.rid = mm.rid JOIN hub.clock c ON c.rid = r.rid
     WHERE mm.matter_key = ANY ($1) AND ${openRows(asked, 'r')} ORDER BY mm.matter_key, coalesce(r.occurred_at, 'epoch'), r.rid, array_position($2::text[], c.rule)`,
    [matterKeys, clockRules.map((rule) => rule.id)],
  );
  const grouped = allByKey(rows, (row) => row.matter_key);
  return new Map([...grouped].map(([key, group]) => [key, group.flatMap(asClock)]));
}

function asClock(row: ClockRow) {
  const rule = rules.get(row.rule);
  return rule ? [{ rule, state: row.state, dueAt: row.due_at, stoppedAt: row.stopped_at, statedDueAt: row.stated_due_at, provisional: row.provisional, lateMinutes: row.state === 'OVERDUE' ? row.late_minutes : null }] : [];
}
