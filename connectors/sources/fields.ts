import { z } from 'zod';
import { YiwangError } from '../../base/errors.ts';
import type { Row, Stream } from '../contract.ts';

/** Below this many records, a field that none of them has may be chance: then each record is judged for itself. */
const wholePageRowsMin = 20;

/** A record as JSON gives it, untouched: a copy would lose names such as `__proto__`, which are to be refused. */
export const rowShape = z.custom<Row>((value) => typeof value === 'object' && value !== null && !Array.isArray(value));

/** Where no record of a page has a required field, the source has dropped or renamed it: the stream stops, nothing is judged. */
export function requireFields(stream: Stream, rows: readonly Row[]): void {
  if (rows.length < wholePageRowsMin) return;
  const missing = stream.required.filter((field) => rows.every((row) => !Object.hasOwn(row, field)));
  if (missing.length === 0) return;
  throw new YiwangError('SOURCE_SCHEMA', { hint: `\`${stream.name}\` lacks the required column${missing.length > 1 ? 's' : ''} ${missing.map((field) => `\`${field}\``).join(', ')}` });
}
