import { addDays, endOfDayMs, isAnnounced, isWorkingDay, shanghaiDayOf, startOfDayMs, type Day } from './calendar.ts';
import type { ClockRule, Moment } from './clock-rules.ts';

/** What clocks read of a record. Instants are RFC 3339, days `YYYY-MM-DD` in Shanghai. */
export interface ClockedRecord {
  status: string | null;
  facts: Readonly<Record<string, unknown>>;
  firstSeen: Readonly<Record<string, string>>;
}

/** One clock of one record, without its state: that is asked at a time (`hub.clock_state`). Milliseconds since 1970 UTC. */
export interface Clock {
  rule: string;
  /** Null where the source does not tell when it started: then nothing is due. */
  startedMs: number | null;
  dueMs: number | null;
  soonMs: number | null;
  stoppedMs: number | null;
  pausedSinceMs: number | null;
  extended: boolean;
  /** The working days of the year in which it ends are not announced yet. */
  provisional: boolean;
  statedDueMs: number | null;
}

/** Raised where the same facts give other times than before: then every record's clocks are counted again. */
export const countingVersion = 2;

/**
 * One rule on one record. The first day does not count, the last ends at 24:00, and one that is no working day moves to
 * the next that is (民法典 201–203); minutes and hours run on by the wall clock.
 */
export function clockOf(rule: ClockRule, record: ClockedRecord): Clock {
  const startedMs = timeMs(valueOf(record, rule.start));
  const stops = rule.stop.map((moment) => throughMs(valueOf(record, moment))).filter((ms) => ms !== null);
  const stoppedMs = stops.length > 0 ? Math.min(...stops) : null;
  const extended = rule.extension !== undefined && record.facts[rule.extension.when] === true;
  const statedDueMs = rule.statedDue === undefined ? null : throughMs(record.facts[rule.statedDue]);
  const base = { rule: rule.id, startedMs, stoppedMs, extended, statedDueMs };
  if (startedMs === null || (stoppedMs === null && isVoid(rule, record))) return { ...base, dueMs: null, soonMs: null, pausedSinceMs: null, provisional: false };
  const amount = extended ? rule.extension!.amount : rule.amount;
  const running = counted(rule.unit, startedMs, amount, 0);
  const { pausedMs, pausedSinceMs } = pauseOf(rule, record, startedMs, running.ms);
  const due = pausedMs === 0 ? running : counted(rule.unit, startedMs, amount, pausedMs);
  return { ...base, dueMs: due.ms, soonMs: before(rule.unit, due.ms, rule.soon), pausedSinceMs: stoppedMs === null ? pausedSinceMs : null, provisional: due.provisional };
}

/** Nothing is asked any more of what was withdrawn before it was done, and never of what was not taken on. */
function isVoid(rule: ClockRule, record: ClockedRecord): boolean {
  return record.status === 'WITHDRAWN' || (rule.unless !== undefined && rule.unless.is.includes(String(record.facts[rule.unless.fact])));
}

function valueOf(record: ClockedRecord, moment: Moment): unknown {
  return 'fact' in moment ? record.facts[moment.fact] : record.firstSeen[moment.firstSeen];
}

const dayText = /^\d{4}-\d{2}-\d{2}$/;

function timeMs(value: unknown): number | null {
  if (typeof value !== 'string') return null;
  const ms = dayText.test(value) ? startOfDayMs(value) : Date.parse(value);
  return Number.isNaN(ms) ? null : ms;
}

/** What happened on a day, or is due on one, had until its end: else a stop on the day after would still be in time. */
function throughMs(value: unknown): number | null {
  return typeof value === 'string' && dayText.test(value) ? endOfDayMs(value) : timeMs(value);
}

/** How long it stood still, and since when it does. What had run out already stands still no more. */
function pauseOf(rule: ClockRule, record: ClockedRecord, startedMs: number, dueMs: number): { pausedMs: number; pausedSinceMs: number | null } {
  const from = rule.pause ? timeMs(record.facts[rule.pause.from]) : null;
  if (from === null || from < startedMs || from > dueMs) return { pausedMs: 0, pausedSinceMs: null };
  const to = timeMs(record.facts[rule.pause!.to]);
  return to === null || to <= from ? { pausedMs: 0, pausedSinceMs: from } : { pausedMs: to - from, pausedSinceMs: null };
}

const dayMs = 86_400_000;
const unitMs = { MINUTES: 60_000, HOURS: 3_600_000, DAYS: dayMs } as const;

interface Due {
  ms: number;
  provisional: boolean;
}

function counted(unit: ClockRule['unit'], startedMs: number, amount: number, pausedMs: number): Due {
  if (unit === 'MINUTES' || unit === 'HOURS') return { ms: startedMs + amount * unitMs[unit] + pausedMs, provisional: false };
  const first = shanghaiDayOf(startedMs);
  const pausedDays = Math.floor(pausedMs / dayMs);
  // Thousands of records start on one day: what a day and an amount lead to is counted once.
  const key = `${unit} ${first} ${amount} ${pausedDays}`;
  const known = counts.get(key);
  if (known) return known;
  const due = unit === 'DAYS' ? calendarDays(first, amount + pausedDays) : workingDays(first, amount, pausedDays);
  if (counts.size < countsMax) counts.set(key, due);
  return due;
}

const counts = new Map<string, Due>();
const countsMax = 50_000;

function calendarDays(first: Day, amount: number): Due {
  return ended(addDays(first, amount));
}

/** Whole days of a pause are added before the last working day is looked for. */
function workingDays(first: Day, amount: number, pausedDays: number): Due {
  let at = first;
  let announced = isAnnounced(first);
  for (let left = amount, steps = 0; left > 0 && steps < stepsMax; steps += 1) {
    at = addDays(at, 1);
    announced &&= isAnnounced(at);
    if (isWorkingDay(at)) left -= 1;
  }
  const end = ended(addDays(at, pausedDays));
  return { ms: end.ms, provisional: end.provisional || !announced };
}

const stepsMax = 400; // ten working days never take a year

/** So long before it is due, counted back from where it ended: a day that moved past a holiday is announced as long before as any other. */
function before(unit: ClockRule['unit'], dueMs: number, amount: number): number {
  if (unit !== 'WORKING_DAYS') return dueMs - amount * unitMs[unit];
  let at = shanghaiDayOf(dueMs - 1);
  for (let left = amount, steps = 0; left > 0 && steps < stepsMax; steps += 1) {
    at = addDays(at, -1);
    if (isWorkingDay(at)) left -= 1;
  }
  return endOfDayMs(at);
}

function ended(last: Day): Due {
  let at = last;
  for (let steps = 0; !isWorkingDay(at) && steps < stepsMax; steps += 1) at = addDays(at, 1);
  return { ms: endOfDayMs(at), provisional: !isAnnounced(at) };
}
