import { createPublicKey, hash, sign, verify, type KeyObject } from 'node:crypto';
import { YiwangError, invariant } from '../base/errors.ts';

/**
 * Signed notes (C2SP signed-note, the format of Go's sumdb/note): text, a blank line, and signature lines. A note is
 * opened with the verifier key of who must have signed it; other signatures, a witness's for instance, are skipped.
 * Returns the signed text, or null when it is no note or that key did not sign it. The note comes from outside.
 */
export function openNote(note: string, verifierKey: string): string | null {
  const key = readVerifierKey(verifierKey);
  const split = note.lastIndexOf('\n\n');
  if (note.length > noteCharsMax || split < 0 || !note.endsWith('\n')) return null;
  const text = note.slice(0, split + 1);
  const lines = note.slice(split + 2, -1).split('\n');
  if (lines.length > signaturesMax) return null;
  const signatures = lines.map(readSignature);
  if (signatures.some((signature) => signature === null)) return null;
  const ours = signatures.filter((signature) => signature?.name === key.name && signature.keyId === key.keyId);
  const valid = ours.length > 0 && ours.every((signature) => signature!.value.length === 64 && verify(null, Buffer.from(text), key.publicKey, signature!.value));
  return valid ? text : null;
}

/** Names and key ids that claim to have signed; nothing is checked. */
export function noteSigners(note: string): { name: string; keyId: string }[] {
  const signatures = note.split('\n').map(readSignature);
  return signatures.flatMap((signature) => (signature ? [{ name: signature.name, keyId: signature.keyId }] : []));
}

const noteCharsMax = 1_000_000;
const signaturesMax = 100;
const ed25519Algorithm = 1;
const signatureLine = /^\u2014 ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/u;

function readSignature(line: string): { name: string; keyId: string; value: Buffer } | null {
  const [, name, encoded] = signatureLine.exec(line) ?? [];
  if (!name || !encoded) return null;
  const bytes = Buffer.from(encoded, 'base64');
  return bytes.length < 5 ? null : { name, keyId: bytes.subarray(0, 4).toString('hex'), value: bytes.subarray(4) };
}

/** Signs `text`, which ends with a newline and holds no blank line at its end. */
export function signedNote(text: string, name: string, privateKey: KeyObject): string {
  invariant(text.endsWith('\n') && !/[\u0000-\u0009\u000b-\u001f]/u.test(text), 'the text of a note ends with a newline and has no control characters');
  const publicKey = rawPublicKey(createPublicKey(privateKey));
  const signature = Buffer.concat([Buffer.from(keyId(name, publicKey), 'hex'), sign(null, Buffer.from(text), privateKey)]);
  return `${text}\n\u2014 ${name} ${signature.toString('base64')}\n`;
}

/** The public key as people exchange it: `name+key id+base64`. */
export function verifierKey(name: string, publicKey: KeyObject): string {
  invariant(/^[^\s+]+$/u.test(name), 'the name of a key has no blanks and no plus sign');
  const raw = rawPublicKey(publicKey);
  return `${name}+${keyId(name, raw)}+${Buffer.concat([Buffer.from([ed25519Algorithm]), raw]).toString('base64')}`;
}

/** Reads a verifier key, or fails with `CONFIG`: a log that is checked with the wrong key must not pass for checked. */
export function readVerifierKey(text: string): { name: string; keyId: string; publicKey: KeyObject } {
  const [, name, id, encoded] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/u.exec(text.trim()) ?? [];
  const bytes = Buffer.from(encoded ?? '', 'base64');
  const raw = bytes.subarray(1);
  if (!name || !id || bytes[0] !== ed25519Algorithm || raw.length !== 32 || keyId(name, raw) !== id) {
    throw new YiwangError('CONFIG', { hint: 'the public key of the access log is not a note verifier key (`name+id+base64`)' });
  }
  return { name, keyId: id, publicKey: createPublicKey({ key: Buffer.concat([spkiPrefix, raw]), format: 'der', type: 'spki' }) };
}

/** What stands before the 32 bytes of an Ed25519 key in SubjectPublicKeyInfo (RFC 8410). */
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');

function rawPublicKey(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'spki' }).subarray(spkiPrefix.length);
}

function keyId(name: string, publicKey: Buffer): string {
  const input = Buffer.concat([Buffer.from(`${name}\n`), Buffer.from([ed25519Algorithm]), publicKey]);
  return hash('sha256', input, 'buffer').subarray(0, 4).toString('hex');
}
