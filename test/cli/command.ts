import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../../base/departments.ts';
import { removeHome } from '../../base/embedded-place.ts';

export interface Ended {
  code: number | null;
  out: string;
  err: string;
}

/** The environment of a machine that has nothing set for the hub. */
export function cleanEnv(more: Record<string, string> = {}): NodeJS.ProcessEnv {
  const isOurs = (name: string) => /^(YIWANG_|DATABASE_URL|REDIS_URL|OIDC_|PORT$|NODE_ENV$|VITEST|NODE_OPTIONS)|_SOURCE_URL$|^(COURT|PETITION|HOTLINE)_/.test(name);
  return { ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !isOurs(name))), ...more };
}

/** Runs `yiwang ARGS` to its end. */
export async function yiwang(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const { child, ended } = startYiwang(args, env);
  await once(child, 'close');
  return ended();
}

/** Starts `yiwang ARGS`; `ended` tells what it has said so far. */
export function startYiwang(args: readonly string[], env: Record<string, string> = {}): { child: ChildProcess; ended: () => Ended } {
  const child = spawn(process.execPath, [join(projectRoot(), 'cli/yiwang.mjs'), ...args], { env: cleanEnv(env), stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  return { child, ended: () => ({ code: child.exitCode, out, err }) };
}

/** A home of its own, and how to remove it with what lies outside of it. */
export function temporaryHome(): { home: string; remove(): void } {
  const home = mkdtempSync(join(tmpdir(), 'yiwang-cli-'));
  const remove = () => {
    removeHome(home);
  };
  return { home, remove };
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port > 60_000 ? port - 10_000 : port; // the simulator listens 200 above
}
