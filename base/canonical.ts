import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import canonicalize from 'canonicalize';
import { invariant } from './errors.ts';

/** JSON in the canonical form of RFC 8785: one byte string for one value, so that it can be hashed and signed. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  invariant(text !== undefined, 'only JSON values have a canonical form');
  return text;
}

/** SHA-256 as 64 hexadecimal digits. */
export function sha256Hex(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** HMAC-SHA-256 as 64 hexadecimal digits (RFC 2104). */
export function hmacHex(key: Uint8Array, text: string): string {
  return createHmac('sha256', key).update(text).digest('hex');
}

/** A 32-byte key for one use, from the hub's master secret (HKDF, RFC 5869): a key is never used for two purposes. */
export function derivedKey(master: Uint8Array, use: string): Buffer {
  return Buffer.from(hkdfSync('sha256', master, Buffer.alloc(0), `yiwang:${use}`, 32));
}

/** Compares two secrets without telling by time where they differ. */
export function equalSecrets(a: string, b: string): boolean {
  const left = Buffer.from(sha256Hex(a));
  const right = Buffer.from(sha256Hex(b));
  return timingSafeEqual(left, right);
}
