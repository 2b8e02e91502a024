import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addDays, isAnnounced, isWorkingDay } from '../../matters/calendar.ts';
import { clockRules, type ClockRule } from '../../matters/clock-rules.ts';
import { clockOf, type Clock } from '../../matters/clocks.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';

const rule = (id: string): ClockRule => clockRules.find((one) => one.id === id)!;
const clock = (id: string, facts: Record<string, unknown>, firstSeen: Record<string, string> = {}, status = 'IN_PROGRESS') => clockOf(rule(id), { status, facts, firstSeen });
const shanghai = (ms: number | null) => (ms === null ? null : new Date(ms + 8 * 3_600_000).toISOString().slice(0, 16).replace('T', ' '));
const due = (found: Clock) => shanghai(found.dueMs);

describe('when a clock is due', () => {
  it.each([
    ['30 minutes run by the wall clock, over midnight too', 'HOTLINE-30MIN', { receivedAt: '2026-03-02T23:50:00+08:00' }, '2026-03-03 00:20'],
    ['24 hours run through a Sunday', 'HOTLINE-24H', { receivedAt: '2026-03-07T18:30:00+08:00' }, '2026-03-08 18:30'],
    ['the first day does not count and the last ends at 24:00', 'HOTLINE-5WD', { receivedAt: '2026-03-02T08:00:00+08:00' }, '2026-03-10 00:00'],
    ['received on a Saturday, the first working day is Monday', 'HOTLINE-5WD', { receivedAt: '2026-03-07T10:00:00+08:00' }, '2026-03-14 00:00'],
    ['the day is that of Shanghai, whatever the zone of the text', 'HOTLINE-5WD', { receivedAt: '2026-03-01T16:30:00Z' }, '2026-03-10 00:00'],
    ['the National Day holidays are none of the five days, a make-up Saturday is one', 'HOTLINE-5WD', { receivedAt: '2026-09-30T09:00:00+08:00' }, '2026-10-14 00:00'],
    ['fifteen days that end on a working day', 'PETITION-15D', { registeredAt: '2026-03-02T15:00:00+08:00' }, '2026-03-18 00:00'],
    ['a last day on a Sunday moves to Monday', 'PETITION-15D', { registeredAt: '2026-03-07T15:00:00+08:00' }, '2026-03-24 00:00'],
    ['a last day in the National Day holidays moves to the first working day after them', 'PETITION-15D', { registeredAt: '2026-09-18T15:00:00+08:00' }, '2026-10-09 00:00'],
    ['sixty days', 'PETITION-60D', { acceptedOn: '2026-03-02' }, '2026-05-07 00:00'],
    ['ninety where extended', 'PETITION-60D', { acceptedOn: '2026-03-02', extended: true }, '2026-06-02 00:00'],
    ['a diverted case', 'MEDIATION-30D', { divertedOn: '2026-03-02' }, '2026-04-02 00:00'],
  ])('%s', (_, id, facts, expected) => {
    expect(due(clock(id, facts))).toBe(expected);
  });

  it.each([
    ['PETITION-15D', { registeredAt: '2026-03-02T15:00:00+08:00' }, '2026-03-15 00:00', '2026-03-18 00:00'],
    ['PETITION-15D', { registeredAt: '2026-09-19T15:00:00+08:00' }, '2026-10-06 00:00', '2026-10-09 00:00'], // both days would have moved past the holidays
    ['MEDIATION-30D', { divertedOn: '2026-09-04' }, '2026-10-04 00:00', '2026-10-09 00:00'],
    ['HOTLINE-5WD', { receivedAt: '2026-03-06T08:00:00+08:00' }, '2026-03-13 00:00', '2026-03-14 00:00'],
    // It stood still for three days: what moved from a Sunday to Monday is due soon from Friday's end.
    ['HOTLINE-5WD', { receivedAt: '2026-03-05T08:00:00+08:00', returnedAt: '2026-03-06T09:00:00+08:00', assignedAt: '2026-03-09T09:00:00+08:00' }, '2026-03-14 00:00', '2026-03-17 00:00'],
    ['HOTLINE-24H', { receivedAt: '2026-03-07T18:30:00+08:00' }, '2026-03-08 14:30', '2026-03-08 18:30'],
  ])('%s on %j is due soon from %s, due at %s', (id, facts, soonAt, dueAt) => {
    const found = clock(id, facts);
    expect([shanghai(found.soonMs), due(found)]).toEqual([soonAt, dueAt]);
  });

  it('a make-up Saturday is a working day and a holiday on a weekday is none', () => {
    expect(['2026-10-10', '2026-10-01', '2026-10-11', '2026-10-12'].map(isWorkingDay)).toEqual([true, false, false, true]);
  });

  it('a year that is not announced gives a provisional date, counted by weekends', () => {
    expect(clock('HOTLINE-5WD', { receivedAt: '2026-12-29T09:00:00+08:00' })).toMatchObject({ provisional: true });
    expect(clock('HOTLINE-5WD', { receivedAt: '2026-12-21T09:00:00+08:00' })).toMatchObject({ provisional: false });
    expect(clock('PETITION-60D', { acceptedOn: '2026-12-01' })).toMatchObject({ provisional: true });
    expect([isAnnounced('2026-12-31'), isAnnounced('2027-01-01')]).toEqual([true, false]);
    expect(addDays('2026-02-28', 1)).toBe('2026-03-01');
  });

  it('a returned ticket stands still until it is assigned again, and is due by as many whole days later', () => {
    const waiting = clock('HOTLINE-5WD', { receivedAt: '2026-03-02T08:00:00+08:00', assignedAt: '2026-03-02T09:00:00+08:00', returnedAt: '2026-03-03T09:00:00+08:00' });
    expect(shanghai(waiting.pausedSinceMs)).toBe('2026-03-03 09:00');
    const again = clock('HOTLINE-5WD', { receivedAt: '2026-03-02T08:00:00+08:00', assignedAt: '2026-03-05T10:00:00+08:00', returnedAt: '2026-03-03T09:00:00+08:00' });
    expect([again.pausedSinceMs, due(again)]).toEqual([null, '2026-03-12 00:00']);
  });

  it('what is returned when it is late already stays late', () => {
    const late = { receivedAt: '2026-03-02T08:00:00+08:00', returnedAt: '2026-03-10T09:00:00+08:00' };
    const found = [clock('HOTLINE-5WD', late), clock('HOTLINE-5WD', { ...late, assignedAt: '2026-03-20T09:00:00+08:00', closedAt: '2026-03-19T09:00:00+08:00' })];
    expect(found.map((one) => [one.pausedSinceMs, due(one)])).toEqual([[null, '2026-03-10 00:00'], [null, '2026-03-10 00:00']]);
  });

  it('the first assignment stops the 24 hours, whenever the ticket was assigned again', () => {
    const found = clock('HOTLINE-24H', { receivedAt: '2026-03-02T08:00:00+08:00', assignedAt: '2026-03-05T10:00:00+08:00' }, { ASSIGNED: '2026-03-02T01:00:00.000Z' });
    expect(shanghai(found.stoppedMs)).toBe('2026-03-02 09:00');
  });

  it('a petition is decided with the first version that carries a decision; what the source states as due stands beside it', () => {
    const found = clock('PETITION-60D', { acceptedOn: '2026-03-02', dueOn: '2026-04-28' }, { DECIDED: '2026-04-20T02:00:00.000Z' });
    expect([shanghai(found.stoppedMs), due(found), shanghai(found.statedDueMs)]).toEqual(['2026-04-20 10:00', '2026-05-07 00:00', '2026-04-29 00:00']);
  });

  it('a notice on the last day is in time, one on the day after is not', () => {
    const found = (acceptedOn: string) => clock('PETITION-15D', { registeredAt: '2026-03-02T15:00:00+08:00', acceptedOn });
    expect([found('2026-03-17'), found('2026-03-18')].map((one) => one.stoppedMs! <= one.dueMs!)).toEqual([true, false]);
  });

  it('nothing is due of what was withdrawn, not taken on, or has no start', () => {
    expect(due(clock('HOTLINE-5WD', { receivedAt: '2026-03-02T08:00:00+08:00' }, {}, 'WITHDRAWN'))).toBeNull();
    expect(due(clock('PETITION-60D', { acceptedOn: '2026-03-02', handling: '4' }))).toBeNull();
    expect(due(clock('PETITION-REVIEW-30D', { reviewedOn: '2026-03-02' }))).toBeNull();
  });
});

describe('the state of a clock at a time', () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await testDatabase();
  });
  afterAll(() => db.drop());

  const at = async (now: string, more: { stopped?: string; paused?: string; right?: boolean; due?: string | null } = {}) => {
    const { rows } = await db.pool.query<{ state: string }>('SELECT hub.clock_state($1, $2, $3, $4, $5, $6) AS state', [more.due === undefined ? '2026-03-10T00:00:00+08:00' : more.due, '2026-03-09T00:00:00+08:00', more.stopped ?? null, more.paused ?? null, more.right ?? false, now]);
    return rows[0]!.state;
  };

  it.each([
    ['2026-03-08T23:59:59+08:00', {}, 'PENDING'],
    ['2026-03-09T00:00:00+08:00', {}, 'DUE_SOON'],
    ['2026-03-10T00:00:00+08:00', {}, 'DUE_SOON'],
    ['2026-03-10T00:00:00.001+08:00', {}, 'OVERDUE'],
    ['2026-03-12T00:00:00+08:00', { stopped: '2026-03-10T00:00:00+08:00' }, 'MET'],
    ['2026-03-12T00:00:00+08:00', { stopped: '2026-03-10T00:00:01+08:00' }, 'OVERDUE'],
    ['2026-03-12T00:00:00+08:00', { paused: '2026-03-05T00:00:00+08:00' }, 'PAUSED'],
    ['2026-03-12T00:00:00+08:00', { right: true }, 'NOT_APPLICABLE'],
    ['2026-03-12T00:00:00+08:00', { due: null }, 'NOT_APPLICABLE'],
  ])('at %s %j it is %s', async (now, more, expected) => {
    expect(await at(now, more)).toBe(expected);
  });

  it('business time starts at the data set\'s `asOf` and runs on; without one it is the real time', async () => {
    const seconds = async () => (await db.pool.query<{ s: number }>('SELECT extract(epoch FROM hub.business_now() - now())::float8 AS s')).rows[0]!.s;
    expect(await seconds()).toBe(0);
    await db.pool.query(`INSERT INTO hub.setting (name, value, set_at) VALUES ('as_of', to_jsonb('2026-09-30T20:00:00+08:00'::text), now() - interval '1 hour')`);
    const { rows } = await db.pool.query<{ now: Date }>('SELECT hub.business_now() AS now');
    expect(Math.abs(rows[0]!.now.getTime() - Date.parse('2026-09-30T21:00:00+08:00'))).toBeLessThan(5_000);
  });
});
