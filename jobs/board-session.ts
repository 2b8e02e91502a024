import { timingSafeEqual } from 'node:crypto';
import { derivedKey, hmacHex } from '../base/canonical.ts';

/**
 * The sign-in to the board. A page and its files are fetched by the browser itself, which sends no bearer token, so an
 * operator's token is exchanged for a cookie: of this path alone, out of scripts' reach, never sent with a request from
 * another site, and good for a quarter of an hour. It opens nothing that changes anything, so there is nothing to forge.
 */
export interface BoardSessions {
  /** The value of `Set-Cookie`. */
  cookie(): string;
  isOpen(cookieHeader: string | undefined): boolean;
}

export const sessionSeconds = 900;
const name = 'yiwang_jobs';

export function boardSessions(masterSecret: Uint8Array, { path, isSecure, now }: { path: string; isSecure: boolean; now: () => Date }): BoardSessions {
  const key = derivedKey(masterSecret, 'job-board-session');
  const signed = (endsAtMs: string) => `${endsAtMs}.${hmacHex(key, endsAtMs)}`;
  return {
    cookie: () => `${name}=${signed(String(now().getTime() + sessionSeconds * 1000))}; Path=${path}; HttpOnly; SameSite=Strict; Max-Age=${sessionSeconds}${isSecure ? '; Secure' : ''}`,
    isOpen(cookieHeader) {
      const value = new RegExp(`(?:^|; )${name}=(\\d{1,15})\\.([0-9a-f]{64})(?:;|$)`).exec(cookieHeader ?? '');
      if (!value) return false;
      const expected = Buffer.from(signed(value[1]!));
      const given = Buffer.from(`${value[1]}.${value[2]}`);
      return expected.length === given.length && timingSafeEqual(expected, given) && Number(value[1]) > now().getTime();
    },
  };
}
