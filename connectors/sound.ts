import type { Row } from './contract.ts';
import type { QuarantineReason } from './judge.ts';
import { limits } from './limits.ts';

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

/** Why a version is quarantined, and the field where one can be told. */
export type Fault = { reason: QuarantineReason; field?: string };

/** What is known of a row before anybody asks what it says. */
export interface Soundness {
  large: Fault | null;
  ill: Fault | null;
  storableAsIs: boolean;
}

export const allSound: Soundness = { large: null, ill: null, storableAsIs: true };

/** `given`: as the source gave it, cut where `isDeep`; `row`: with what the source kind puts beside it; `text`: its JSON, where that is known. */
export function soundness(given: Row, row: Row, isDeep: boolean, beside: Row | undefined, text: string | undefined): Soundness {
  const serialised = beside === undefined && text !== undefined ? text : JSON.stringify(given); // as long, whatever the order of columns
  return {
    large: tooLarge(given, serialised),
    ill: isDeep ? { reason: 'SCHEMA', field: 'depth' } : unsound(row),
    storableAsIs: isStorable(serialised) && isStorable(JSON.stringify(beside ?? null)),
  };
}

/** `serialised` is its JSON, where that is known. */
export function tooLarge(row: Row, serialised: string = JSON.stringify(row)): Fault | null {
  if (serialised.length * 3 > limits.cellBytesMax) {
    if (Buffer.byteLength(serialised) > limits.recordBytesMax) return { reason: 'TOO_LARGE' };
    for (const [field, value] of Object.entries(row)) if (leaves(value).some((leaf) => Buffer.byteLength(leaf) > limits.cellBytesMax)) return { reason: 'TOO_LARGE', field: columnName(field) };
  }
  return null;
}

function leaves(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leaves) : [];
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

/** `jsonb` takes no NUL; nobody can read one either. */
export function storable<T>(value: T): T {
  return isStorable(JSON.stringify(value) ?? '') ? value : (withoutUnstorable(value) as T);
}

/** Whether what has this JSON is stored as it is. */
export function isStorable(serialised: string): boolean {
  return !serialised.includes('\\u0000') && !serialised.includes('\ufffd');
}

function withoutUnstorable(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll(/[\u0000\ufffd]/g, '');
  if (Array.isArray(value)) return value.map(withoutUnstorable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key.replaceAll('\u0000', ''), withoutUnstorable(part)]));
}
