import { sql } from 'drizzle-orm';
import { YiwangError } from '../../base/errors.ts';
import { statisticFloors, statisticRules, type StatisticRule } from '../../matters/statistic-rules.ts';
import { access, divisionAccess } from '../../policy/row.ts';
import type { SubgraphContext } from '../context.ts';
import { ownDefinitions, ownCells, type OwnCode } from './own-counts.ts';
import { readPeriod, snapshotCells, snapshotTime } from './snapshot.ts';
import type { StatisticCodeType, StatisticFilterType } from './types.generated.ts';

/** A statistic of a division, the caller's own territory unless told; its parts are read when they are asked for. */
export function statistic(context: SubgraphContext, code: StatisticCodeType, filter: StatisticFilterType) {
  const division = (filter.division ?? context.viewer.division ?? '').padEnd(12, '0');
  readPeriod(filter.period ?? null);
  const rule = statisticRules.find((one) => one.code === code);
  requireDimensions(code, rule, filter);
  const row = { [access]: divisionAccess(context.viewer, division) };
  if (!rule) {
    const own = ownDefinitions[code as OwnCode];
    return { ...row, definition: { code, ...own, exact: true }, takenAt: null, total: null, coverage: () => coverage(context, ['hotline']), cells: () => ownCells(context, code as OwnCode, division, filter) };
  }
  const definition = {
    code, version: rule.version, countedZh: rule.numerator.zh, countedEn: rule.numerator.en, denominatorZh: rule.denominator.zh, denominatorEn: rule.denominator.en, wholeZh: rule.whole?.zh ?? null, wholeEn: rule.whole?.en ?? null,
    floor: statisticFloors.ordinary, sensitiveFloor: statisticFloors.sensitive, exact: false,
  };
  return {
    ...row, definition, takenAt: () => snapshotTime(context), coverage: () => coverage(context, rule.departments),
    total: async () => (await snapshotCells(context, rule, division, { ...filter, by: null }))[0] ?? null,
    cells: () => (filter.by ? snapshotCells(context, rule, division, filter) : []),
  };
}

/** What a statistic is not counted by would be answered as if nothing were there, or as if it had not been asked. */
function requireDimensions(code: StatisticCodeType, rule: StatisticRule | undefined, { by, channel, period }: StatisticFilterType): void {
  if ((channel || by === 'CHANNEL') && rule?.extra !== 'CHANNEL') throw new YiwangError('BAD_REQUEST', { hint: `\`${code}\` has no channels` });
  if (by && !rule) throw new YiwangError('BAD_REQUEST', { hint: `\`${code}\` is told by organisation only` });
  if (rule && /^\d{4}-\d\d-\d\d$/.test(period ?? '')) throw new YiwangError('BAD_REQUEST', { hint: `\`${code}\` is not counted by the day` });
}

async function coverage(context: SubgraphContext, departments: readonly string[]) {
  const tx = await context.tx();
  const { rows } = await tx.execute<{ department: string; stream: string; fresh_through: string | null; stale: boolean; live: number; quarantined: number }>(
    sql`SELECT department, stream, fresh_through::text AS fresh_through, stale, live, quarantined FROM hub.stream_coverage WHERE department = ANY (${sql.param([...departments])}) AND stream NOT IN ('rk_hj', 'shzz') ORDER BY 1, 2`,
  );
  return rows.map((row) => ({ department: row.department, stream: row.stream, freshThrough: row.fresh_through, stale: row.stale, completePercent: completePercent(row.live, row.quarantined) }));
}

function completePercent(live: number, quarantined: number): string | null {
  return live + quarantined === 0 ? null : ((100 * live) / (live + quarantined)).toFixed(1);
}
