#!/usr/bin/env node
// The one executable. Under an older Node than the pinned one it starts itself again under that one.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const nodeMajorMin = 24; // runs TypeScript as it stands
const main = new URL('main.ts', import.meta.url);

if (Number.parseInt(process.versions.node, 10) >= nodeMajorMin) {
  await import(main.href);
} else {
  const pinnedNode = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url));
  if (!existsSync(pinnedNode)) {
    process.stderr.write('run `npm ci` first: the pinned Node is not installed · 请先运行 npm ci\n');
    process.exit(1);
  }
  const child = spawn(pinnedNode, [fileURLToPath(main), ...process.argv.slice(2)], { stdio: 'inherit', env: { ...process.env, YIWANG_WRAPPER_PID: String(process.pid) } });
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  process.on('SIGINT', () => { if (!process.stdin.isTTY) child.kill('SIGINT'); });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}
