import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { projectRoot } from '../../base/departments.ts';

// A sixth department is two folders and a URL. The proof: a copy of the project as it is, the two folders laid in, the
// generated code made again, and the suites that every department inherits run there, untouched.
const runTimeoutMs = 400_000;
const kept = /^(?:node_modules|\.git|\.yiwang|coverage|console\/dist|bench\/peers\/[^/]+\/node_modules)(?:\/|$)/;
let copy: string;

beforeAll(() => {
  const root = projectRoot();
  copy = mkdtempSync(join(tmpdir(), 'yiwang-further-'));
  cpSync(root, copy, { recursive: true, filter: (path) => !kept.test(relative(root, path)) });
  cpSync(join(root, 'test/fixtures/forestry'), copy, { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: copy, encoding: 'utf8', timeout: runTimeoutMs, env: { ...process.env, VITEST: undefined, VITEST_POOL_ID: undefined, VITEST_WORKER_ID: undefined } });
  return { status, output: `${stdout}\n${stderr}` };
}

it('the supergraph composes with it', () => {
  const { status, output } = run('scripts/generate.ts');
  expect(status, output).toBe(0);
});

it('it passes the conformance suite, the house rules on imports and the graph, and its own scenario', () => {
  const { status, output } = run('node_modules/vitest/vitest.mjs', 'run', 'test/connectors/conformance.test.ts', 'test/house/imports.test.ts', 'test/house/graph.test.ts', 'test/scenarios/forestry.test.ts');
  expect(status, output.slice(-8_000)).toBe(0);
}, runTimeoutMs);
