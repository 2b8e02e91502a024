import { createHmac } from 'node:crypto';
import { macKey } from '../base/canonical.ts';

/** A published count of persons or matters (matters.md). */
export interface Counted {
  /** A decimal number, or `<k`. */
  text: string;
  /** What `text` says, for ratios and orders; null below the floor. */
  value: number | null;
}

/** −2 to +2 in sixteenths: the mean is 0. */
const steps = [-2, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2] as const;
const shownMin = 5;

/**
 * Perturbs a count by its cell key: an HMAC over the keys of what is counted, so that one set gets one noise however it is
 * asked for, and a total minus the shown parts gives no hidden cell away. Unbiased, at most ±2. The floor is asked of the
 * true count, and what is shown is never 1 to 4. This is not differential privacy.
 */
export function perturbed(keys: readonly string[], secret: Uint8Array, floor: number): Counted {
  if (keys.length < Math.max(floor, shownMin + 2)) return { text: `<${Math.max(floor, shownMin + 2)}`, value: null };
  const value = keys.length + noiseOf(keys, secret);
  return { text: String(value), value };
}

/** The noise of a set: the same whatever order its keys come in. */
export function noiseOf(keys: readonly string[], secret: Uint8Array): number {
  const text = [...keys].sort().map((key) => `${key}\n`).join('');
  return steps[createHmac('sha256', macKey(secret)).update(text).digest()[0]! % steps.length]!;
}
