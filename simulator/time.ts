const shanghaiOffsetMs = 8 * 3600_000;

/**
 * The instant that a source's watermark text means (Asia/Shanghai without a zone), in ms since 1970, or Infinity where it
 * cannot be read: such a row is always offered, last.
 */
export function instantMs(value: unknown): number {
  if (typeof value !== 'string') return Infinity;
  const text = value.normalize('NFKC').trim();
  const compact = /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d))?$/.exec(text);
  const dated = /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ](\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?)?\s*(Z|[+-]\d\d:?\d\d)?$/.exec(text);
  const parts = compact ?? dated;
  if (!parts) return Infinity;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1, 7).map((part) => Number(part ?? 0));
  const ms = Date.UTC(year, month - 1, day, hour, minute, second) + (dated?.[7] ? Number(dated[7].padEnd(3, '0').slice(0, 3)) : 0);
  const same = new Date(ms);
  if (same.getUTCMonth() !== month - 1 || same.getUTCDate() !== day || same.getUTCHours() !== hour) return Infinity;
  return ms - zoneMs(dated?.[8]);
}

function zoneMs(zone: string | undefined): number {
  if (zone === undefined) return shanghaiOffsetMs;
  if (zone === 'Z') return 0;
  const sign = zone.startsWith('-') ? -1 : 1;
  return sign * (Number(zone.slice(1, 3)) * 3600_000 + Number(zone.slice(-2)) * 60_000);
}

/** `2026-03-02 09:30:00.123` in Asia/Shanghai, cut to `length` characters (19 for seconds, 10 for the day). */
export function shanghaiText(ms: number, length = 19): string {
  return new Date(ms + shanghaiOffsetMs).toISOString().replace('T', ' ').slice(0, length);
}

/** `2026-03-02T09:30:00+08:00`. */
export function shanghaiRfc3339(ms: number): string {
  return `${new Date(ms + shanghaiOffsetMs).toISOString().slice(0, 19)}+08:00`;
}
