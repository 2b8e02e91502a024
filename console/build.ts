import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { projectRoot } from '../base/departments.ts';
import { YiwangError } from '../base/errors.ts';

/**
 * Builds the console where console/dist is missing or older than its sources (the registered operations among them).
 * Tells whether it built. About ten seconds; Vite is a development package, so an installed production tree is left alone.
 */
export async function ensureConsole(): Promise<boolean> {
  if (isCurrent()) return false;
  const vite = viteBinary();
  if (!vite) {
    if (existsSync(builtPage())) return false;
    throw new YiwangError('CONFIG', { hint: 'the console is not built and Vite is not installed: run `npm ci --include=dev`, then `npm run console`' });
  }
  const child = spawn(process.execPath, [vite, 'build', join(projectRoot(), 'console'), '--logLevel', 'error', '--configLoader', 'native'], { stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => (complaint = `${complaint}${chunk.toString()}`.slice(-complaintCharactersMax)));
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('exit', resolve));
  if (code !== 0) throw new YiwangError('CONFIG', { hint: 'the console does not build; run `npm run console` to see why', detail: complaint });
  return true;
}

const complaintCharactersMax = 2_000;

function isCurrent(): boolean {
  const page = builtPage();
  if (!existsSync(page)) return false;
  const builtAtMs = statSync(page).mtimeMs;
  const sources = [...filesOf(join(projectRoot(), 'console')), ...filesOf(join(projectRoot(), 'gateway', 'operations')), join(projectRoot(), 'package-lock.json')];
  return sources.every((file) => statSync(file).mtimeMs <= builtAtMs);
}

function builtPage(): string {
  return join(projectRoot(), 'console', 'dist', 'index.html');
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(folder, entry.name));
}

function viteBinary(): string | undefined {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('vite/package.json')), 'bin', 'vite.js');
  } catch {
    return undefined;
  }
}
