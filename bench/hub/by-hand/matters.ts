import { coded } from '../../../schema/codes.ts';
import { plain, type Asked } from './asked.ts';
import { clocksOf } from './clocks.ts';
import { matterPage, pageInfo, type MatterRow } from './matter-page.ts';

/** 1: a page of matters. */
export async function matters(asked: Asked<{ first: number }>) {
  const { first } = asked.variables;
  const rows = await matterPage(asked, 'matters', {});
  const nodes = rows.slice(0, first).map((row) => ({
    matterNo: row.matter_no,
    status: row.status,
    category: plain(coded(row.category, 'dispute-type')),
    openedAt: row.opened_at,
    lead: row.lead_org === null ? null : { name: row.lead_name, publicPhone: row.lead_phone },
    division: divisionOf(row),
  }));
  return { matters: { nodes, pageInfo: pageInfo(rows, first) } };
}

/** 1: overdue matters, those that were opened first at the top, with their clocks. */
export async function overdueMatters(asked: Asked<{ first: number }>) {
  const { first } = asked.variables;
  const running = 'c.stopped_at IS NULL AND c.paused_since IS NULL';
  const rows = await matterPage(asked, 'overdue', {
    likely: `EXISTS (SELECT 1 FROM hub.matter_member cm JOIN hub.clock c ON c.rid = cm.rid WHERE cm.matter_key = om.matter_key AND ${running} AND c.due_at < hub.business_now() AND NOT c.is_right)`,
    where: `EXISTS (SELECT 1 FROM unnest(x.rids) AS w(rid) JOIN hub.clock c ON c.rid = w.rid WHERE ${running} AND c.due_at < hub.business_now() AND NOT c.is_right)`,
    earliestFirst: true,
  });
  const shown = rows.slice(0, first);
  const clocks = await clocksOf(asked, shown.map((row) => row.matter_key));
  const nodes = shown.map((row) => ({
    matterNo: row.matter_no,
    status: row.status,
    category: plain(coded(row.category, 'dispute-type')),
    openedAt: row.opened_at,
    division: divisionOf(row),
    lead: row.lead_org === null ? null : { creditCode: row.lead_org, name: row.lead_name, publicPhone: row.lead_phone },
    clocks: (clocks.get(row.matter_key) ?? []).map(({ rule: { id, zh, en }, state, dueAt, provisional, stoppedAt, lateMinutes }) => ({ rule: { id, zh, en }, state, dueAt, provisional, stoppedAt, lateMinutes })),
  }));
  return { matters: { nodes, pageInfo: pageInfo(rows, first) } };
}

function divisionOf(row: MatterRow) {
  return row.division === null ? null : { code: row.division, name: row.division_name };
}
