import { createHmac } from 'node:crypto';
import { aessiv } from '@noble/ciphers/aes.js';
import { derivedKey } from '../base/canonical.ts';
import type { Viewer } from './viewer.ts';

/**
 * Ids of persons as given out: the entity key under deterministic authenticated encryption (AES-SIV, RFC 5297), bound to
 * the caller's organisation and purpose. Two exports cannot be joined by them, and only the same caller can resolve them.
 */
export interface Pseudonyms {
  /** The id of an entity for this viewer: base64url, always the same. */
  pseudonym(viewer: Viewer, entityKey: string): string;
  /** The entity behind an id that was given to this organisation for this purpose; null for anything else. */
  entityKey(viewer: Viewer, id: string): string | null;
}

export function pseudonyms(master: Uint8Array): Pseudonyms {
  // AES-SIV with 256-bit halves takes 64 bytes: one for S2V, one for CTR.
  const key = new Uint8Array(Buffer.concat([derivedKey(master, 'pseudonym-mac'), derivedKey(master, 'pseudonym-encrypt')]));
  const logKey = derivedKey(master, 'pseudonym-resident');
  const binding = (viewer: Viewer): Uint8Array => Buffer.from(`person|${viewer.org ?? residentBinding(viewer, logKey)}|${viewer.purpose ?? ''}`);
  return {
    pseudonym: (viewer, entityKey) => Buffer.from(aessiv(key, binding(viewer)).encrypt(Buffer.from(entityKey))).toString('base64url'),
    entityKey: (viewer, id) => {
      if (id.length > idCharactersMax || !/^[\w-]+$/.test(id)) return null;
      const bytes = Buffer.from(id, 'base64url');
      if (bytes.toString('base64url') !== id) return null; // one id, one text
      try {
        return Buffer.from(aessiv(key, binding(viewer)).decrypt(bytes)).toString();
      } catch {
        return null; // another caller's id, or none of ours: the same answer
      }
    },
  };
}

const idCharactersMax = 200;

/** A resident belongs to no organisation: the ids are bound to the resident. */
function residentBinding(viewer: Viewer, key: Uint8Array): string {
  return createHmac('sha256', key).update(viewer.idHmac ?? viewer.sub).digest('hex');
}
