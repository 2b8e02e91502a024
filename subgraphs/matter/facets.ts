import { dockingOf, isAgreementBroken, mediationOf } from '../../matters/docking.ts';
import { recurrenceOf } from '../../matters/recurrence.ts';
import { timelineOf } from '../../matters/timeline.ts';
import { access } from '../../policy/row.ts';
import { named, outcomes } from '../../schema/codes.ts';
import { isFinished, recordState } from '../../schema/states.ts';
import type { SubgraphContext } from '../context.ts';
import { load } from '../loader.ts';
import { reference } from '../record.ts';
import { assignmentsByMatter } from './assignments.ts';
import { clocksByMatter } from './clocks.ts';
import { historiesByMatter, type MemberHistory } from './histories.ts';
import type { MatterParent } from './matters.ts';
import type { MatterAlertType } from './types.generated.ts';

type Context = SubgraphContext;

/** What is derived from a matter's records: one statement for the histories of all matters asked for, one for their clocks. */
export const facets = {
  assignments: async ({ matterKey }: MatterParent, _: unknown, context: Context) => (await load(context, assignmentsByMatter, matterKey)) ?? [],
  clocks: async ({ matterKey }: MatterParent, _: unknown, context: Context) => (await load(context, clocksByMatter, matterKey)) ?? [],
  timeline: async ({ matterKey }: MatterParent, _: unknown, context: Context) => {
    const { records, of } = await historyOf(context, matterKey);
    return timelineOf(records).map((entry) => ({ ...entry, at: instant(entry.atMs), record: of(entry.rid).stub, [access]: of(entry.rid).row }));
  },
  docking: async ({ matterKey }: MatterParent, _: unknown, context: Context) => {
    const { records, of } = await historyOf(context, matterKey);
    return dockingOf(records).map((one) => ({
      ...one, record: of(one.rid).stub, divertedAt: instant(one.divertedMs), divertedTo: reference('Organization', 'creditCode', one.divertedTo), outcome: named(one.outcome, 'outcome', outcomes), [access]: of(one.rid).row,
    }));
  },
  mediation: async (parent: MatterParent, _: unknown, context: Context) => {
    const found = mediationOf((await historyOf(context, parent.matterKey)).records);
    return found && { ...found, organization: reference('Organization', 'creditCode', found.organization), divertedAt: instant(found.divertedMs), outcome: named(found.outcome, 'outcome', outcomes), endedAt: instant(found.endedMs), [access]: parent[access] };
  },
  recurrence: async (parent: MatterParent, _: unknown, context: Context) => {
    const found = recurrenceOf((await historyOf(context, parent.matterKey)).records);
    return { ...found, thirdRecordAt: instant(found.thirdRecordMs), reopened: found.reopenedMs !== null, reopenedAt: instant(found.reopenedMs), [access]: parent[access] };
  },
  alerts: async ({ matterKey }: MatterParent, _: unknown, context: Context): Promise<MatterAlertType[]> => {
    const [clocks, { records }] = await Promise.all([load(context, clocksByMatter, matterKey), historyOf(context, matterKey)]);
    const running = (clocks ?? []).filter((clock) => clock.stoppedAt === null).map((clock) => clock.state);
    const open = records.some((record) => !isFinished(recordState(record.status)));
    const recurrence = recurrenceOf(records);
    const found: [MatterAlertType, boolean][] = [
      ['OVERDUE', running.includes('OVERDUE')],
      ['DUE_SOON', running.includes('DUE_SOON')],
      ['THIRD_RECORD', open && recurrence.thirdRecordMs !== null],
      ['REOPENED', open && recurrence.reopenedMs !== null],
      ['AGREEMENT_NOT_KEPT', isAgreementBroken(records)],
    ];
    return found.filter(([, holds]) => holds).map(([alert]) => alert);
  },
};

async function historyOf(context: Context, matterKey: string): Promise<{ records: MemberHistory[]; of(rid: string): MemberHistory }> {
  const records = (await load(context, historiesByMatter, matterKey)) ?? [];
  const byRid = new Map(records.map((record) => [record.rid, record]));
  return { records, of: (rid) => byRid.get(rid)! };
}

function instant(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms);
}
