import { InvalidArgumentError } from 'commander';
import { SingleBar } from 'cli-progress';

/** The one JSON document of `--json`, and nothing else on stdout. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

export function printLine(text = ''): void {
  process.stdout.write(`${text}\n`);
}

/** Columns that line up on a terminal, Chinese characters counted as two. */
export function printTable(header: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const cells = [header, ...rows].map((row) => row.map(String));
  const widths = header.map((_, column) => Math.max(...cells.map((row) => width(row[column] ?? ''))));
  for (const row of cells) printLine(row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - width(cell))).join('  ').trimEnd());
}

function width(text: string): number {
  return [...text].reduce((sum, character) => sum + (/[\u1100-\uffef]/.test(character) ? 2 : 1), 0);
}

/** A note for people on stderr, where it disturbs no document on stdout. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

export interface Progress {
  update(done: number, total: number): void;
  end(): void;
}

/** A progress bar on stderr; on anything but a terminal, silent. */
export function progressBar(label: string): Progress {
  if (!process.stderr.isTTY) return { update: () => undefined, end: () => undefined };
  const bar = new SingleBar({ format: `${label} [{bar}] {percentage}% {value}/{total}`, stream: process.stderr, hideCursor: true, clearOnComplete: false, barsize: 30 });
  let started = false;
  return {
    update(done, total) {
      if (!started) bar.start(total, done);
      started = true;
      bar.setTotal(total);
      bar.update(done);
    },
    end() {
      if (started) bar.stop();
    },
  };
}

/** Parses a whole number of an option within bounds; anything else is wrong usage. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) throw new InvalidArgumentError(`not a whole number from ${min} to ${max} · 应为 ${min} 至 ${max} 的整数`);
    return value;
  };
}

/** Before it no source has a record, and what some of them make of such a time is a fault of theirs. */
const yearMin = 1900;

/** Parses an instant of an option (RFC 3339 with its offset, from 1900 on); returns it in UTC. Anything else is wrong usage. */
export function instant(text: string): string {
  const time = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/.test(text) && beginsWithDay(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw new InvalidArgumentError('not a time like 2026-03-02T09:30:00+08:00 · 应为带时区的时间');
  if (time < Date.UTC(yearMin)) throw new InvalidArgumentError(`not a time from ${yearMin} on · 不得早于 ${yearMin} 年`);
  return new Date(time).toISOString();
}

/** Whether a time begins with a day that its month has: `Date` reads 31 February as 3 March. */
export function beginsWithDay(text: string): boolean {
  const [day] = /^\d{4}-\d{2}-\d{2}/.exec(text) ?? [];
  return day !== undefined && new Date(`${day}T00:00:00Z`).getUTCDate() === Number(day.slice(-2));
}
