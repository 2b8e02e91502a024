import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { chmodSync, closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { YiwangError } from '../base/errors.ts';
import { checkpointText } from './checkpoint-text.ts';
import { emptyRoot, verifyConsistency } from './merkle.ts';
import { signedNote, verifierKey } from './note.ts';

/**
 * The holder of the log's signing key. It signs a tree head only with a proof that the tree begins with the one it signed
 * last, and remembers that head on disk before the signature leaves, so that whoever owns the database cannot have two
 * histories signed. It needs no database; everything it is asked comes from a process that may have been taken over.
 * Only one process may hold the folder.
 */
export function openSigner(options: { folder: string; origin: string }): Signer {
  mkdirSync(options.folder, { recursive: true, mode: 0o700 });
  const privateKey = signingKey(join(options.folder, keyFile));
  const publicKey = verifierKey(options.origin, createPublicKey(privateKey));
  const headFile = join(options.folder, lastSignedFile);
  let last = lastSigned(headFile);
  return {
    publicKey,
    lastSigned: () => ({ size: last.size, root: Buffer.from(last.root) }),
    sign: (head) => {
      if (!verifyConsistency({ first: last.size, size: head.size, firstRoot: last.root, root: head.root, path: head.proof })) {
        throw new YiwangError('LOG_TAMPERED', { detail: `the log at ${head.size} entries does not continue the one signed at ${last.size}` });
      }
      writeDurably(headFile, JSON.stringify({ size: head.size, root: head.root.toString('hex') }), 0o600);
      last = { size: head.size, root: head.root };
      return signedNote(checkpointText({ origin: options.origin, size: head.size, root: head.root }), options.origin, privateKey);
    },
  };
}

/** The verifier key of the signer that holds the folder; null where none ever signed there. For whoever only reads. */
export function signerPublicKey({ folder, origin }: { folder: string; origin: string }): string | null {
  const file = join(folder, keyFile);
  return existsSync(file) ? verifierKey(origin, createPublicKey(readFileSync(file))) : null;
}

export interface Signer {
  /** The verifier key, `origin+id+base64`. */
  publicKey: string;
  lastSigned: () => { size: number; root: Buffer };
  /** A signed checkpoint, or `LOG_TAMPERED` when `proof` does not lead from the head signed last to this one. */
  sign: (head: { size: number; root: Buffer; proof: readonly Buffer[] }) => string;
}

const keyFile = 'access-log.key.pem';
const lastSignedFile = 'access-log.last-signed.json';

const lastSignedSchema = z.object({ size: z.int().min(0), root: z.string().regex(/^[0-9a-f]{64}$/) });

/** The key in the folder, or a new one. `wx` lets only one of two processes that start together create it. */
function signingKey(file: string): KeyObject {
  try {
    const { privateKey } = generateKeyPairSync('ed25519');
    const handle = openSync(file, 'wx', 0o600);
    writeSync(handle, privateKey.export({ format: 'pem', type: 'pkcs8' }).toString());
    fsyncSync(handle);
    closeSync(handle);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  chmodSync(file, 0o600);
  const key = createPrivateKey(readFileSync(file));
  if (key.asymmetricKeyType !== 'ed25519') throw new YiwangError('CONFIG', { hint: 'the signing key of the access log is not an Ed25519 key' });
  return key;
}

/** Nothing signed yet is the empty tree, which begins every tree. An unreadable memory is not an empty one. */
function lastSigned(file: string): { size: number; root: Buffer } {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { size: 0, root: emptyRoot() };
    throw error;
  }
  try {
    const { size, root } = lastSignedSchema.parse(JSON.parse(text));
    return { size, root: Buffer.from(root, 'hex') };
  } catch (cause) {
    throw new YiwangError('CONFIG', { hint: `\`${lastSignedFile}\` beside the signing key cannot be read; restore it before anything is signed`, cause });
  }
}

/** Whole or not at all, and on disk before anybody hears of it. */
export function writeDurably(file: string, text: string, mode: number): void {
  const handle = openSync(`${file}.new`, 'w', mode);
  try {
    writeSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(`${file}.new`, file);
}
