import { chineseNumber, plainText } from './text.ts';

/**
 * A birth date as far as it is known: `YYYY-MM-DD`, `YYYY-MM` or `YYYY`. Reads every spelling of sources.md; `19630000`
 * and `1963-00-00` keep the year. `null` where there is no year between 1850 and 2100.
 */
export function standardiseBirthDate(raw: unknown): string | null {
  const text = plainText(raw);
  if (text === null) return null;
  const digits = /^(\d{4})(\d{2})(\d{2})(?:\d{6})?$/.exec(text);
  if (digits !== null) return partialDate(digits[1], digits[2], digits[3]);
  const parts = /^(\d{4})\s*[-/.年]\s*(\d{1,2})?(?:\s*[-/.月]\s*(\d{1,2})?)?/u.exec(withDigits(text));
  if (parts !== null) return partialDate(parts[1], parts[2], parts[3]);
  if (/^\d{4}$/.test(text)) return partialDate(text, undefined, undefined);
  return /^\d{4,5}(?:\.0+)?$/.test(text) ? excelDate(Number(text)) : null;
}

/** `一九八三年五月二日` → `1983年5月2日`. */
function withDigits(text: string): string {
  return text.replace(/[〇零一二两三四五六七八九十]+/gu, (numeral) => String(chineseNumber(numeral) ?? numeral));
}

function partialDate(year: string | undefined, month: string | undefined, day: string | undefined): string | null {
  const y = Number(year);
  if (!(y >= yearMin && y <= yearMax)) return null;
  const m = Number(month ?? 0);
  if (!(m >= 1 && m <= 12)) return String(y);
  const d = Number(day ?? 0);
  const lastDay = new Date(Date.UTC(y, m, 0)).getUTCDate();
  const prefix = `${y}-${String(m).padStart(2, '0')}`;
  return d >= 1 && d <= lastDay ? `${prefix}-${String(d).padStart(2, '0')}` : prefix;
}

/** Excel counts days from 1899-12-30. */
function excelDate(serial: number): string | null {
  const date = new Date(Date.UTC(1899, 11, 30) + serial * 86_400_000);
  return date.getUTCFullYear() >= 1900 ? date.toISOString().slice(0, 10) : null;
}

const yearMin = 1850;
const yearMax = 2100;
