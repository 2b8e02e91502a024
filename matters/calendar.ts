import announced from 'chinese-days/dist/chinese-days.json' with { type: 'json' };

/** A calendar day in Shanghai, `YYYY-MM-DD`. */
export type Day = string;

const dayMs = 86_400_000;
const shanghaiMs = 8 * 3_600_000;

// The package holds the State Council's notices year by year; a year without one has no day off in them.
const holidays = announced.holidays as Record<Day, string>;
const makeUpDays = announced.workdays as Record<Day, string>;
const announcedYears = new Set(Object.keys(holidays).map((day) => day.slice(0, 4)));

/** Works as the State Council arranged it: a holiday is none, a make-up Saturday is one; unannounced years know weekends only. */
export function isWorkingDay(day: Day): boolean {
  if (Object.hasOwn(makeUpDays, day)) return true;
  if (Object.hasOwn(holidays, day)) return false;
  const weekday = new Date(`${day}T00:00:00Z`).getUTCDay();
  return weekday !== 0 && weekday !== 6;
}

/** Whether the year's arrangement is known. What is counted over an unknown one is provisional. */
export function isAnnounced(day: Day): boolean {
  return announcedYears.has(day.slice(0, 4));
}

export function addDays(day: Day, days: number): Day {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * dayMs).toISOString().slice(0, 10);
}

export function shanghaiDayOf(instantMs: number): Day {
  return new Date(instantMs + shanghaiMs).toISOString().slice(0, 10);
}

/** 0:00 of the day in Shanghai. */
export function startOfDayMs(day: Day): number {
  return Date.parse(`${day}T00:00:00Z`) - shanghaiMs;
}

/** 24:00 of the day in Shanghai (民法典 203). */
export function endOfDayMs(day: Day): number {
  return startOfDayMs(day) + dayMs;
}

/** The last year whose arrangement is known; clocks are counted again when it moves on. */
export const announcedThrough: string = [...announcedYears].sort().at(-1)!;
