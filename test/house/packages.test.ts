import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from '../../base/departments.ts';
import { sourceFiles } from './source.ts';

interface Manifest {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
}

interface Lockfile {
  packages: Record<string, { version?: string; resolved?: string; integrity?: string; link?: boolean; dependencies?: Record<string, string>; devDependencies?: Record<string, string> }>;
}

const manifest = read<Manifest>('package.json');
const lockfile = read<Lockfile>('package-lock.json');
const declared = { ...manifest.dependencies, ...manifest.devDependencies };

test('versions are exact', () => {
  expect(Object.entries(declared).filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
});

test('the lockfile is of this manifest, has hashes and no download addresses', () => {
  const root = lockfile.packages[''];
  expect({ ...root?.dependencies, ...root?.devDependencies }).toEqual(declared);
  const installed = Object.entries(lockfile.packages).filter(([path, entry]) => path !== '' && !entry.link);
  expect(installed.filter(([, entry]) => entry.resolved !== undefined).map(([path]) => path)).toEqual([]);
  expect(installed.filter(([path, entry]) => entry.integrity === undefined && !isBundled(path)).map(([path]) => path)).toEqual([]);
});

test('there is one copy of graphql', () => {
  expect(Object.keys(lockfile.packages).filter((path) => path.endsWith('node_modules/graphql'))).toEqual(['node_modules/graphql']);
});

test('what the running hub imports is a dependency, and every package imported is declared', () => {
  const imported = sourceFiles().flatMap((file) => file.references.filter(({ path, specifier }) => path === undefined && !specifier.startsWith('node:')).map(({ specifier }) => ({ file: file.path, name: packageName(specifier) })));
  const inHub = (path: string) => !/^(test|bench|scripts|console|codegen\.ts)/.test(path) && !/(^|\/)[^/]+\.config\.ts$/.test(path);
  const wrong = imported.filter(({ file, name }) => !(name in (inHub(file) ? manifest.dependencies : declared)) && !lent(file, name));
  expect([...new Set(wrong.map(({ file, name }) => `${file}: ${name}`))]).toEqual([]);
});

/** Demo and tests only, loaded where they are used and absent in production. */
function lent(file: string, name: string): boolean {
  return name in declared && file.startsWith('simulator/');
}

function packageName(specifier: string): string {
  return specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}

// Packages that carry their own dependencies inside have one hash for all.
function isBundled(path: string): boolean {
  return (path.match(/node_modules\//g) ?? []).length > 1;
}

function read<T>(name: string): T {
  return JSON.parse(readFileSync(join(projectRoot(), name), 'utf8')) as T;
}
