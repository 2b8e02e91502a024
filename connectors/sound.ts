import type { Row } from './contract.ts';

/** Nothing a department keeps is nested deeper; what is could not be walked, stored or shown. */
const depthMax = 32;

export interface Unsound {
  reason: 'INVALID_BYTES' | 'SCHEMA';
  field: string;
}

/** Whether a row is nested deeper than anything may be. Walks no deeper itself. */
export function isTooDeep(value: unknown, left = depthMax): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (left === 0) return true;
  for (const name of Object.keys(value)) if (isTooDeep((value as Row)[name], left - 1)) return true;
  return false;
}

/** The row down to the depth that can be walked; what was deeper is marked. */
export function shallow(value: unknown, left = depthMax): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (left === 0) return '…';
  if (Array.isArray(value)) return value.map((part) => shallow(part, left - 1));
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, shallow(part, left - 1)]));
}

/**
 * Why no table could hold this row as it is: a lone surrogate, which is no character in any encoding, in a value or a name,
 * or a name that JavaScript takes for something else. The row is not deeper than `isTooDeep` allows.
 */
export function unsound(row: Row): Unsound | null {
  for (const field of Object.keys(row)) {
    const reason = fieldFault(field, row[field]);
    if (reason) return { reason, field: columnName(field) };
  }
  return null;
}

function fieldFault(name: string, value: unknown): Unsound['reason'] | null {
  if (!name.isWellFormed()) return 'INVALID_BYTES';
  if (name === '__proto__') return 'SCHEMA';
  if (typeof value === 'string') return value.isWellFormed() ? null : 'INVALID_BYTES';
  if (typeof value !== 'object' || value === null) return null;
  for (const inner of Object.keys(value)) {
    const reason = fieldFault(inner, (value as Row)[inner]);
    if (reason) return reason;
  }
  return null;
}

/** A source's name of a column, as far as it can be stored and shown. */
export function columnName(name: string): string {
  return name.toWellFormed().replaceAll(/[\u0000-\u001f\u007f\ufffd]/g, '').slice(0, columnCharactersMax) || '(unreadable)';
}

const columnCharactersMax = 64;
