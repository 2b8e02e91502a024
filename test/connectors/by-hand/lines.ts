import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What sources.md says becomes of one version: worked out by a person, beside the version it is about. */
export type End = 'PUBLISHED' | 'OLDER' | 'TOMBSTONE' | { dropped: string } | { quarantined: string };

export interface Line {
  /** The sentence of sources.md that it is about. */
  why: string;
  row: Record<string, unknown>;
  ends: End;
  /** Never-stored values that are counted, by field. */
  fields?: Record<string, number>;
}

/** What the newest versions of live records add up to. */
export interface Standing {
  live: string[];
  deleted: string[];
  repaired?: Record<string, number>;
  quarantinedValues?: Record<string, number>;
}

export interface Expected {
  offered: number;
  tombstones: number;
  dropped: Record<string, number>;
  droppedFields: Record<string, number>;
  quarantined: Record<string, number>;
  quarantinedValues: Record<string, number>;
  repaired: Record<string, number>;
  deleted: number;
  live: number;
}

export function expectedOf(lines: readonly Pick<Line, 'ends' | 'fields'>[], standing: Standing): Expected {
  const sums: Expected = {
    offered: lines.length, tombstones: 0, dropped: {}, droppedFields: {}, quarantined: {}, quarantinedValues: standing.quarantinedValues ?? {}, repaired: standing.repaired ?? {},
    deleted: standing.deleted.length, live: standing.live.length,
  };
  for (const { ends, fields } of lines) {
    if (ends === 'TOMBSTONE') sums.tombstones += 1;
    else if (typeof ends === 'object' && 'dropped' in ends) add(sums.dropped, ends.dropped, 1);
    else if (typeof ends === 'object') add(sums.quarantined, ends.quarantined, 1);
    for (const [field, n] of Object.entries(fields ?? {})) add(sums.droppedFields, field, n);
  }
  return sums;
}

function add(into: Record<string, number>, name: string, n: number): void {
  into[name] = (into[name] ?? 0) + n;
}

export function writeLines(folder: string, file: string, rows: readonly unknown[]): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
}

/** A number with its check character (GB 11643), from its first seventeen digits. */
export function idNumber(seventeen: string): string {
  let sum = 0;
  for (const digit of seventeen) sum = ((sum + Number(digit)) * 2) % 11;
  return seventeen + '0123456789X'[(12 - sum) % 11]!;
}

/** Of a person of the test, always another one. */
export function idOf(n: number): string {
  return idNumber(`62010219900307${String(100 + n).padStart(3, '0')}`);
}

/** The first number from `n` on that ends in `X`. */
export function idWithX(n: number): string {
  for (let at = n; ; at += 1) if (idOf(at).endsWith('X')) return idOf(at);
}

export function wrongCheck(id: string): string {
  return id.slice(0, 17) + (id.endsWith('1') ? '2' : '1');
}

/** `６２０１…`: what an input method leaves behind. */
export function fullWidth(text: string): string {
  return text.replace(/[!-~]/g, (character) => String.fromCharCode(character.charCodeAt(0) + 0xfee0));
}

/** The first generation's fifteen digits of somebody born in the 1900s. */
export function fifteen(id: string): string {
  return id.slice(0, 6) + id.slice(8, 17);
}
