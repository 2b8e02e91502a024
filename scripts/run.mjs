#!/usr/bin/env node
// Runs one entry under the Node this project pins, after `npm ci` where that has not been run: `run.mjs ENTRY [ARGS…]`.
// Plain JavaScript without a dependency, because it starts on whatever Node ≥ 20 the machine has and before any install.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const pinnedNode = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

const [entry, ...args] = process.argv.slice(2);
if (!entry) {
  process.stderr.write('usage: node scripts/run.mjs ENTRY [ARGUMENTS…]\n');
  process.exit(2);
}
install();
run();

function install() {
  if (isInstalled()) return;
  process.stderr.write('installing the packages of package-lock.json (npm ci) … 正在安装依赖 …\n');
  const npm = process.env.npm_execpath?.endsWith('.js') ? [process.execPath, process.env.npm_execpath] : ['npm'];
  // Development packages hold the pinned Node and the embedded PostgreSQL: wanted whatever NODE_ENV says.
  const { status } = spawnSync(npm[0], [...npm.slice(1), 'ci', '--include=dev', '--no-audit', '--no-fund'], { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
  if (status !== 0) fail('npm ci failed; see above · npm ci 失败，见上文');
  if (!existsSync(pinnedNode)) fail('npm ci did not install the pinned Node: allow install scripts (npm config get ignore-scripts) and try again · 未能安装指定版本的 Node，请允许安装脚本后重试');
}

// npm writes into node_modules what it installed; the lockfile says what should be there. Entries for other platforms are
// in the lockfile only.
function isInstalled() {
  if (!existsSync(pinnedNode)) return false;
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const found = packagesOf(join(root, 'node_modules', '.package-lock.json'));
  if (!wanted || !found) return false;
  const paths = new Set([...Object.keys(wanted), ...Object.keys(found)]);
  paths.delete('');
  for (const path of paths) {
    if (!found[path] && wanted[path]?.optional) continue;
    if (wanted[path]?.version !== found[path]?.version || wanted[path]?.integrity !== found[path]?.integrity) return false;
  }
  return true;
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

// The child gets a terminal's Ctrl-C by itself (same process group); what is sent to this process alone is passed on.
function run() {
  const child = spawn(pinnedNode, [join(root, entry), ...args], { stdio: 'inherit', env: { ...process.env, PATH: withPinnedNodeFirst(), YIWANG_WRAPPER_PID: String(process.pid) } });
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  process.on('SIGINT', () => { if (!process.stdin.isTTY) child.kill('SIGINT'); });
  // Who ends npm ends npm and its shell, and nothing tells this process.
  const shell = process.ppid;
  if (process.env.npm_lifecycle_event) setInterval(() => { if (process.ppid !== shell) child.kill('SIGTERM'); }, 500).unref();
  child.on('error', (error) => fail(`${pinnedNode}: ${error.code ?? 'cannot be started'}`));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}

// Whatever the entry starts in turn must be the same Node.
function withPinnedNodeFirst() {
  const separator = process.platform === 'win32' ? ';' : ':';
  return [join(root, 'node_modules', 'node', 'bin'), join(root, 'node_modules', '.bin'), process.env.PATH ?? ''].join(separator);
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
