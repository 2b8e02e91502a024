/** What reports about a facility tell of it, as one reports the time a bus was waited for: kinds of facilities and how it is read. Data. */
export interface ThingFact {
  name: string;
  value: string;
  unit: string;
  /** Always written `≥3`: how many reports it rests on is nobody's to know exactly. */
  reports: string;
}

/** A fact of a facility is told when this many reports through this many channels agree that there is something to tell. */
export const factFloor = { reports: 3, channels: 2 } as const;

interface Reading {
  name: string;
  unit: string;
  /** Around a value, in sentences. */
  zh: readonly [string, string];
  en: readonly [string, string];
  kinds: RegExp;
  read(text: string): number | null;
}

const readings: readonly Reading[] = [{ name: 'REPORTED_HEADWAY_MINUTES', unit: 'min', zh: ['反映的候车时间 ', ' 分钟'], en: ['reported headway ', ' minutes'], kinds: /公交|地铁|班车|轻轨/u, read: waitedMinutes }];

/** The median of what the reports tell, for every reading that fits the kind; nothing below the floor. */
export function factsOf(kind: string, reports: readonly { text: string; channel: string | null }[]): ThingFact[] {
  return readings.flatMap(({ name, unit, kinds, read }) => {
    if (!kinds.test(kind)) return [];
    const told = reports.flatMap(({ text, channel }) => {
      const value = read(text);
      return value === null ? [] : [{ value, channel }];
    });
    if (told.length < factFloor.reports || new Set(told.map((one) => one.channel)).size < factFloor.channels) return [];
    const values = told.map((one) => one.value).sort((a, b) => a - b);
    return [{ name, value: String(values[Math.floor(values.length / 2)]), unit, reports: `≥${factFloor.reports}` }];
  });
}

/** A fact in words; null for one that no reading gives any more. */
export function factInWords({ name, value }: Pick<ThingFact, 'name' | 'value'>): { zh: string; en: string } | null {
  const reading = readings.find((one) => one.name === name);
  return reading ? { zh: reading.zh.join(value), en: reading.en.join(value) } : null;
}

const minutesMax = 240;

/** `等了四十分钟`, `40多分钟`, `半小时才来一趟`, `一个小时` → minutes; null where no time is told. */
function waitedMinutes(text: string): number | null {
  const match = /(半|\d{1,3}|[一二两三四五六七八九十百]{1,4})多?(?:个)?多?(半)?(分钟|小时|钟头)/u.exec(text.normalize('NFKC'));
  if (!match) return null;
  const [, amount, half, unit] = match;
  const number = amount === '半' ? 0.5 : numberOf(amount!);
  const minutes = unit === '分钟' ? number : (number + (half ? 0.5 : 0)) * 60;
  return minutes > 0 && minutes <= minutesMax ? Math.round(minutes) : null;
}

const digits: Record<string, number> = { 一: 1, 二: 2, 两: 2, 三: 3, 四: 4, 五: 5, 六: 6, 七: 7, 八: 8, 九: 9 };

/** Up to 999, in digits or Chinese numerals. */
function numberOf(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  let total = 0;
  let part = 0;
  for (const character of text) {
    if (character === '百' || character === '十') {
      total += (part || 1) * (character === '百' ? 100 : 10);
      part = 0;
    } else part = digits[character] ?? 0;
  }
  return total + part;
}
