import { sql } from 'drizzle-orm';
import { YiwangError } from '../../base/errors.ts';
import { sensitiveCategories, statisticFloors, type StatisticRule } from '../../matters/statistic-rules.ts';
import { everything, percentOf } from '../../matters/statistics.ts';
import { coded, disputeTypes } from '../../schema/codes.ts';
import type { SubgraphContext } from '../context.ts';
import { reference } from '../record.ts';
import type { DockingChannelType, StatisticFilterType } from './types.generated.ts';

const channels: readonly DockingChannelType[] = ['LITIGATION', 'POLICE', 'PETITION'];
const divisionsMax = 500;

export async function snapshotTime(context: SubgraphContext): Promise<string | null> {
  const tx = await context.tx();
  const { rows } = await tx.execute<{ at: string }>(sql`SELECT value #>> '{}' AS at FROM hub.setting WHERE name = 'statistics_snapshot'`);
  return rows[0]?.at ?? null;
}

/**
 * Cells of the snapshot in one statement. The dimension that is asked for is listed whole: what is below its floor and what
 * is not there at all look the same. Without a dimension there is one cell, the total.
 */
export async function snapshotCells(context: SubgraphContext, rule: StatisticRule, division: string, filter: StatisticFilterType) {
  const wanted = await wantedCells(context, division, filter);
  const tx = await context.tx();
  const { rows } = await tx.execute<Columns>(sql`
    SELECT c.division, c.category, c.extra, c.numerator, c.denominator, c.all_counted FROM jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb) AS w(division text, category text, extra text)
    JOIN hub.statistic_cell c ON c.code = ${rule.code} AND c.period = ${filter.period ?? everything} AND c.division = w.division AND c.category = w.category AND c.extra = w.extra`);
  const found = new Map(rows.map((row) => [`${row.division}|${row.category}|${row.extra}`, row]));
  return wanted.map((cell) => shown(rule, cell, found.get(`${cell.division}|${cell.category}|${cell.extra}`)));
}

type Columns = { division: string; category: string; extra: string; numerator: string; denominator: string; all_counted: string | null };

interface Wanted {
  division: string;
  category: string;
  extra: string;
}

async function wantedCells(context: SubgraphContext, division: string, filter: StatisticFilterType): Promise<Wanted[]> {
  const one: Wanted = { division, category: filter.category ?? everything, extra: filter.channel ?? everything };
  if (filter.by === 'CATEGORY') return disputeTypes.map((category) => ({ ...one, category }));
  if (filter.by === 'CHANNEL') return channels.map((extra) => ({ ...one, extra }));
  if (filter.by !== 'DIVISION') return [one];
  const tx = await context.tx();
  const { rows } = await tx.execute<{ code: string }>(sql`SELECT code FROM hub.division WHERE parent = ${division} AND valid_to IS NULL ORDER BY code LIMIT ${divisionsMax}`);
  return rows.map(({ code }) => ({ ...one, division: code }));
}

function shown(rule: StatisticRule, cell: Wanted, found: Columns | undefined) {
  const below = `<${sensitiveCategories.includes(cell.category) ? statisticFloors.sensitive : statisticFloors.ordinary}`;
  const [count, denominator, whole] = [found?.numerator ?? below, found?.denominator ?? below, rule.whole ? (found?.all_counted ?? below) : null];
  return {
    division: reference('Division', 'code', cell.division),
    category: cell.category === everything ? null : coded(cell.category, 'dispute-type'),
    channel: cell.extra === everything ? null : (cell.extra as DockingChannelType),
    count,
    denominator,
    whole,
    percent: percentOf(count, denominator),
    percentOfWhole: whole === null ? null : percentOf(count, whole),
    denominatorPercentOfWhole: whole === null ? null : percentOf(denominator, whole),
  };
}

/** A year, quarter, month or day as instants in Shanghai; anything else is `BAD_REQUEST`. */
export function readPeriod(text: string | null): { from: string; to: string } | null {
  if (text === null) return null;
  const match = /^(\d{4})(?:-(?:Q([1-4])|(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?))?$/.exec(text);
  if (!match || !isDate(text)) throw new YiwangError('BAD_REQUEST', { hint: 'a period is `2026`, `2026-Q3`, `2026-09` or `2026-09-30`' });
  const [year, quarter, month, day] = match.slice(1).map((part) => (part === undefined ? undefined : Number(part)));
  const first = quarter ? (quarter - 1) * 3 : month ? month - 1 : 0;
  const months = quarter ? 3 : month ? 1 : 12;
  const at = (months: number, days: number) => `${new Date(Date.UTC(year!, months, days)).toISOString().slice(0, 10)}T00:00:00+08:00`;
  return day ? { from: at(first, day), to: at(first, day + 1) } : { from: at(first, 1), to: at(first + months, 1) };
}

/** There is a 29 February of 2028 and none of 2026; years before 100 are read as of the 1900s. */
function isDate(text: string): boolean {
  if (text.startsWith('00')) return false;
  return text.length < 10 || new Date(`${text}T00:00:00Z`).toISOString().startsWith(text);
}
