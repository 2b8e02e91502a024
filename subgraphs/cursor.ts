import { aessiv } from '@noble/ciphers/aes.js';
import { canonicalJson, derivedKey } from '../base/canonical.ts';
import { YiwangError } from '../base/errors.ts';
import type { Viewer } from '../policy/viewer.ts';

/** Where a page ends, as the values of its order. */
export type Position = readonly (string | number | null)[];

/** The list a cursor belongs to: `Query.matters` and every argument that chooses or orders its items. */
export interface CursorScope {
  coordinate: string;
  args: unknown;
}

export interface Cursors {
  seal(scope: CursorScope, position: Position): string;
  /** Throws `CURSOR_INVALID` for a cursor of another caller, purpose, list, filter or policy, and for any other text. */
  open(scope: CursorScope, cursor: string): Position;
}

/**
 * Cursors of one viewer: encrypted and authenticated (AES-SIV, RFC 5297, which is deterministic: the same page has the same
 * cursor), so that a cursor neither tells the value it stands on nor works for anybody or anything else (threats.md, 12).
 */
export function cursorsOf(viewer: Viewer, key: Uint8Array): Cursors {
  const secret = derivedKey(key, 'cursor');
  const caller = [viewer.kind, viewer.sub, viewer.clientId, viewer.org, viewer.division, viewer.purpose, viewer.matterKey, viewer.idHmac, viewer.policyVersion];
  const cipher = (scope: CursorScope) => aessiv(secret, Buffer.from(canonicalJson([...caller, scope.coordinate, scope.args ?? null])));
  return {
    seal: (scope, position) => Buffer.from(cipher(scope).encrypt(Buffer.from(JSON.stringify(position)))).toString('base64url'),
    open(scope, cursor) {
      if (cursor.length > cursorCharactersMax) throw new YiwangError('CURSOR_INVALID');
      try {
        return JSON.parse(Buffer.from(cipher(scope).decrypt(Buffer.from(cursor, 'base64url'))).toString()) as Position;
      } catch (error) {
        throw new YiwangError('CURSOR_INVALID', { cause: error });
      }
    },
  };
}

const cursorCharactersMax = 1_000;
