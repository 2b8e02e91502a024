import { chmodSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { derivedKey } from './canonical.ts';
import { projectRoot } from './departments.ts';
import { YiwangError } from './errors.ts';
import { makeFolder } from './folder.ts';

/**
 * The hub's own folder (`$YIWANG_HOME`, by default `.yiwang/` beside package.json): the embedded database, the secrets of
 * the demo, exported checkpoints. It survives the demo. Created here when it is missing.
 */
export function openHome(env: NodeJS.ProcessEnv = process.env): string {
  const home = env['YIWANG_HOME'] ? resolve(env['YIWANG_HOME']) : join(projectRoot(), '.yiwang');
  try {
    makeFolder(home, 0o711);
    // The database's own user may pass through to its folder; listing and reading stay with the owner.
    chmodSync(home, 0o711);
  } catch (error) {
    throw new YiwangError('CONFIG', { hint: `the folder \`${home}\` (YIWANG_HOME) cannot be created or is another user's`, cause: error });
  }
  return home;
}

/**
 * A secret for one use, as 43 characters of base64url. All are derived (HKDF) from one master secret in
 * `$YIWANG_HOME/secrets.json`, mode 0600, which is made on first use: the same home gives the same secret in every process.
 */
export function loadOrCreateSecret(name: string, home: string = openHome()): string {
  return derivedKey(masterSecret(home), name).toString('base64url');
}

/** The 32 bytes from which every other secret of this home is derived. Two processes that start together agree on one. */
export function masterSecret(home: string = openHome()): Buffer {
  const file = join(home, 'secrets.json');
  const known = readMaster(file);
  if (known) return known;
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  writeFileSync(draft, `${JSON.stringify({ master: randomBytes(32).toString('base64') })}\n`, { mode: 0o600 });
  try {
    linkSync(draft, file); // fails when another process was first; then theirs counts
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft);
  }
  const agreed = readMaster(file);
  if (!agreed) throw brokenSecrets(file);
  return agreed;
}

/** Writes a file that only its owner may read, whole or not at all. */
export function writePrivateFile(file: string, text: string): void {
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, file);
}

const secretsFile = z.object({ master: z.base64() });

function readMaster(file: string): Buffer | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new YiwangError('CONFIG', { hint: `\`${file}\` cannot be read`, cause: error });
  }
  const parsed = secretsFile.safeParse(asJson(text));
  const master = parsed.success ? Buffer.from(parsed.data.master, 'base64') : undefined;
  if (master?.length !== 32) throw brokenSecrets(file);
  return master;
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // refused by the schema, with a message that shows nothing of the content
  }
}

function brokenSecrets(file: string): YiwangError {
  return new YiwangError('CONFIG', { hint: `\`${file}\` is broken; restore it, or remove its folder to start from an empty hub` });
}
