import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fold, type FirstSeen } from '../../connectors/fold.ts';
import { judge } from '../../connectors/judge.ts';
import { connectorOf, streamOf } from '../../connectors/registry.ts';
import { dockingOf, mediationOf } from '../../matters/docking.ts';
import type { HistoryRecord } from '../../matters/history.ts';
import { recurrenceOf } from '../../matters/recurrence.ts';
import { matterState } from '../../matters/status.ts';
import { timelineOf } from '../../matters/timeline.ts';
import { keys } from '../connectors/sample.ts';

const at = (minute: number) => `2026-03-02 10:${String(minute).padStart(2, '0')}:00`;
const instant = (minute: number) => new Date(Date.parse(`2026-03-02T10:${String(minute).padStart(2, '0')}:00+08:00`)).toISOString();

function record(rid: string, more: Partial<HistoryRecord> = {}): HistoryRecord {
  const [occurredMs, firstSeen] = [more.occurredMs ?? 0, more.firstSeen ?? {}];
  const updatedMs = Math.max(occurredMs, Date.parse(firstSeen['FINISHED'] ?? '') || 0);
  return { rid, department: 'hotline', status: 'OPEN', occurredMs, updatedMs, assistOrgs: [], facts: { receivedAt: new Date(occurredMs).toISOString() }, firstSeen, handledByMediator: false, ...more };
}
const dayMs = 86_400_000;
const day = (n: number) => new Date(n * dayMs).toISOString();

describe('replaying versions in any order', () => {
  it('gives the same facts, milestones, timeline and state', async () => {
    const stream = streamOf(await connectorOf('petition'), 'petitions');
    const version = fc.record({ minute: fc.integer({ min: 0, max: 59 }), clyj: fc.constantFrom('', '1', '2'), clfs: fc.constantFrom('1', '2', '4'), slgzrq: fc.constantFrom('', '2026-03-09'), zf: fc.constantFrom('0', '0', '0') });
    fc.assert(
      fc.property(fc.uniqueArray(version, { minLength: 1, maxLength: 7, selector: (one) => one.minute }), fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), fc.integer({ min: 1, max: 3 }), (versions, chance, pageSize) => {
        const rank = new Map(versions.map((one) => [one, chance.next().value as number]));
        const shuffled = [...versions].sort((a, b) => rank.get(a)! - rank.get(b)!);
        const replay = (order: typeof versions, size: number) => {
          const rows = order.map(({ minute, ...rest }) => ({ xfjbh: '7', nd: '2026', djsj: '2026-03-01', xfmd: '3', gxsj: at(minute), ...rest }));
          const judged = rows.map((row, index) => judge('petition', stream, { row, position: String(index) }, keys));
          return replayed(stream, judged, size);
        };
        expect(replay(shuffled, pageSize)).toEqual(replay([...versions].sort((a, b) => a.minute - b.minute), versions.length));
      }),
      { numRuns: 200 },
    );
  });

  it('a late older version moves a milestone back, a later one does not', async () => {
    const stream = streamOf(await connectorOf('petition'), 'petitions');
    const version = (minute: number, clyj: string) => judge('petition', stream, { row: { xfjbh: '7', nd: '2026', djsj: '2026-03-01', xfmd: '3', gxsj: at(minute), clyj }, position: String(minute) }, keys);
    expect(replayed(stream, [version(30, '1'), version(20, '1'), version(40, '2'), version(10, '')], 1).firstSeen).toEqual({ DECIDED: instant(20), FINISHED: instant(20) });
  });
});

type Judged = ReturnType<typeof judge>;
type Stream = Parameters<typeof fold>[0];

/** What hub.record holds of the key after pages of versions, and what is derived from it. */
function replayed(stream: Stream, versions: readonly Judged[], pageSize: number) {
  const heads = new Map();
  let stored: { facts: Record<string, unknown>; status: string | null; updatedMs: number } | null = null;
  let firstSeen: FirstSeen = {};
  const note = (seen: FirstSeen) => {
    for (const [name, when] of Object.entries(seen)) if (firstSeen[name] === undefined || when < firstSeen[name]) firstSeen[name] = when;
  };
  for (let from = 0; from < versions.length; from += pageSize) {
    const effects = fold(stream, versions.slice(from, from + pageSize), { heads, seen: new Set() }, keys);
    for (const [key, head] of effects.heads) heads.set(key, head);
    if (effects.gone.size > 0) [stored, firstSeen] = [null, {}];
    for (const live of effects.live.values()) {
      stored = { facts: live.mapped.record['facts'] as Record<string, unknown>, status: live.mapped.record['status'] as string, updatedMs: Date.parse(live.mapped.sourceUpdatedAt!) };
      note(live.firstSeen);
    }
    for (const seen of effects.earlier.values()) note(seen);
  }
  const records = stored ? [record('r', { ...stored, firstSeen })] : [];
  return { stored, firstSeen, timeline: timelineOf(records), docking: dockingOf(records) };
}

describe('the state of a matter', () => {
  it.each([
    ['one open record', [record('a')], 'OPEN'],
    ['the least finished decides', [record('a', { status: 'CLOSED', firstSeen: { FINISHED: day(9) } }), record('b', { status: 'IN_PROGRESS', occurredMs: dayMs })], 'IN_PROGRESS'],
    ['open again after everything was settled', [record('a', { status: 'CLOSED', firstSeen: { FINISHED: day(2) } }), record('b', { occurredMs: 3 * dayMs })], 'REOPENED'],
    ['open before the first was settled', [record('a', { status: 'CLOSED', firstSeen: { FINISHED: day(4) } }), record('b', { occurredMs: 3 * dayMs })], 'OPEN'],
    ['a finished record taken up once more', [record('a', { firstSeen: { FINISHED: day(2) } })], 'REOPENED'],
    ['assigned, it is no longer called reopened', [record('a', { status: 'ASSIGNED', firstSeen: { FINISHED: day(2) } })], 'ASSIGNED'],
    ['on its way through the court', [record('a', { status: 'CLOSED' }), record('b', { status: 'TRANSFERRED_TO_LITIGATION' })], 'TRANSFERRED_TO_LITIGATION'],
    ['withdrawn altogether', [record('a', { status: 'WITHDRAWN' })], 'WITHDRAWN'],
  ])('%s: %s', (_, records, expected) => {
    const stated = records.map(({ status, occurredMs, firstSeen }) => ({ state: status, startedMs: occurredMs, finishedMs: firstSeen['FINISHED'] ? Date.parse(firstSeen['FINISHED']) : null }));
    expect(matterState(stated)).toBe(expected);
    expect(timelineOf(records).findLast((entry) => entry.status !== null)?.status).toBe(expected);
  });
});

describe('the states of a timeline', () => {
  const told = (one: HistoryRecord) => timelineOf([one]).map((entry) => `${entry.kind} ${entry.status}`);
  const mediated = (outcome: string, status: string, more: Record<string, unknown> = {}, firstSeen: Record<string, string> = {}) =>
    record('c', { department: 'court', status, updatedMs: Date.parse(day(20_600.5)), facts: { registeredOn: '2026-05-01', divertedOn: '2026-05-02', outcome, ...more }, firstSeen: { MEDIATED: day(20_600.5), FINISHED: day(20_600.5), ...firstSeen } });

  it('what was accepted on the day of its registration, at an hour that is not told, is not open again', () => {
    const petition = record('p', { department: 'petition', status: 'IN_PROGRESS', updatedMs: Date.parse('2026-03-02T16:00:00+08:00'), facts: { registeredAt: '2026-03-02T09:30:00+08:00', acceptedOn: '2026-03-02' } });
    expect(told(petition)).toEqual(['ACCEPTED IN_PROGRESS', 'REGISTERED null']);
  });

  it.each([
    ['AGREED', mediated('AGREED', 'RESOLVED', {}, { AGREED: day(20_600.5) }), ['MEDIATED null', 'AGREED RESOLVED']],
    ['AGREED after it had failed', mediated('AGREED', 'RESOLVED', {}, { AGREED: day(20_601) }), ['MEDIATED CLOSED', 'AGREED RESOLVED']],
    ['NOT_AGREED', mediated('NOT_AGREED', 'CLOSED'), ['MEDIATED CLOSED']],
    ['WITHDRAWN', mediated('WITHDRAWN', 'WITHDRAWN'), ['MEDIATED WITHDRAWN']],
    ['FILED on that day', mediated('FILED', 'TRANSFERRED_TO_LITIGATION', { filedOn: '2026-05-27' }), ['FILED TRANSFERRED_TO_LITIGATION', 'MEDIATED null']],
    ['FILED later', mediated('FILED', 'TRANSFERRED_TO_LITIGATION', { filedOn: '2026-05-29' }), ['MEDIATED CLOSED', 'FILED TRANSFERRED_TO_LITIGATION']],
  ])('mediation that ended as %s goes through no state that it never had', (_, one, expected) => {
    expect(told(one)).toEqual(['REGISTERED OPEN', 'DIVERTED IN_PROGRESS', ...expected]);
  });
});

describe('recurrence', () => {
  it('finds the third record within 30 days, not the third of 31', () => {
    const records = (days: number[]) => days.map((n) => record(`r${n}`, { occurredMs: n * dayMs }));
    expect(recurrenceOf(records([0, 10, 30]))).toMatchObject({ recordsIn30Days: 3, thirdRecordMs: 30 * dayMs });
    expect(recurrenceOf(records([0, 10, 31]))).toMatchObject({ recordsIn30Days: 2, thirdRecordMs: null });
  });
});

describe('docking and mediation', () => {
  const agreed = (fulfilment: string, more: Record<string, unknown> = {}) => record('c', { department: 'court', status: 'RESOLVED', facts: { divertedOn: '2026-03-02', divertedTo: 'ORG', outcome: 'AGREED', fulfilment, ...more }, firstSeen: { MEDIATED: day(20_600), AGREED: day(20_600) } });

  it.each([['VOLUNTARY', true], ['ENFORCED', false], ['UNFULFILLED', false], ['NONE', null]])('an agreement with fulfilment %s is kept: %s', (fulfilment, kept) => {
    expect(dockingOf([agreed(fulfilment)])).toMatchObject([{ channel: 'LITIGATION', divertedTo: 'ORG', outcome: 'AGREED', agreementKept: kept, confirmation: 'NONE' }]);
    expect(mediationOf([agreed(fulfilment)])).toMatchObject({ organization: 'ORG', outcome: 'AGREED', agreementKept: kept });
  });

  it('tells how far confirmation is, who was handed over by the police, and which petition a mediator handles in time', () => {
    expect(dockingOf([agreed('NONE', { confirmationFiledOn: '2026-04-01' })])[0]!.confirmation).toBe('FILED');
    expect(dockingOf([agreed('NONE', { confirmationFiledOn: '2026-04-01', confirmedOn: '2026-04-09' })])[0]!.confirmation).toBe('CONFIRMED');
    expect(dockingOf([record('p', { facts: { handedOver: true, handedOverAt: day(3) }, assistOrgs: ['CENTRE'] })])).toMatchObject([{ channel: 'POLICE', divertedTo: 'CENTRE', acceptedInTime: null }]);
    const petition = (acceptedOn: string) => dockingOf([record('x', { handledByMediator: true, facts: { registeredAt: '2026-03-07T07:00:00.000Z', acceptedOn, handledBy: 'CENTRE' } })])[0]!.acceptedInTime;
    expect([petition('2026-03-23'), petition('2026-03-24')]).toEqual([true, false]);
    expect(mediationOf([record('h')])).toBeNull();
  });
});
