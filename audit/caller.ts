import { derivedKey, hmacHex } from '../base/canonical.ts';

const pseudonymDigits = 32;

/** The log names a caller by a pseudonym; who it is can be found by those who hold the secret and the sign-in records. */
export function callerPseudonym(masterSecret: Uint8Array, { sub, idHmac }: { sub: string; idHmac: string | null }): string {
  return hmacHex(derivedKey(masterSecret, 'audit-viewer'), idHmac ?? sub).slice(0, pseudonymDigits);
}
