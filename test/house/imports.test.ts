import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from '../../base/departments.ts';
import { isFile, projectFiles, room, sourceFiles, type SourceFile } from './source.ts';

/** docs/architecture.md: imports go down only, and rooms of one number do not see each other. */
const floors: Record<string, number> = {
  schema: 0, base: 0, policy: 1, audit: 1, linkage: 1, matters: 2, connectors: 2, subgraphs: 3, jobs: 4, gateway: 4, console: 5, simulator: 5, cli: 6,
};
/** What is no part of the running hub sees everything and is seen by nothing in it. */
const outside = new Set(['test', 'bench', 'scripts', 'codegen.ts', 'vitest.config.ts']);

const files = sourceFiles();

test('imports go down only, and rooms of one floor do not see each other', () => {
  expect(offences((file, to) => {
    if (outside.has(room(file.path))) return false;
    if (room(file.path) === 'cli' && to === 'bench/main.ts') return false; // `yiwang bench`
    const [from, into] = [floors[room(file.path)], floors[room(to)]];
    return into === undefined || from === undefined || (room(file.path) !== room(to) && into >= from && !isGround(file.path, to));
  })).toEqual([]);
});

test('every room has its floor', () => {
  const rooms = new Set(files.map((file) => room(file.path)));
  expect([...rooms].filter((name) => floors[name] === undefined && !outside.has(name))).toEqual([]);
});

test('the gateway knows subgraphs as SDL and endpoints, never as code', () => {
  expect(offences((file, to) => room(file.path) === 'gateway' && room(to) === 'subgraphs')).toEqual([]);
});

test('departments never import each other', () => {
  expect(offences((file, to) => {
    const [from, into] = [department(file.path), department(to)];
    return from !== undefined && into !== undefined && from !== into && !outside.has(room(file.path));
  })).toEqual([]);
});

test('outside its folders nothing of a department is imported', () => {
  expect(offences((file, to) => department(to) !== undefined && department(file.path) === undefined && !outside.has(room(file.path)))).toEqual([]);
});

test('a subgraph imports only its own department\'s tables from connectors', () => {
  expect(offences((file, to) => room(file.path) === 'subgraphs' && room(to) === 'connectors' && !(department(to) === department(file.path) && to.endsWith('/tables.ts')))).toEqual([]);
});

test('an import names a file that is there, with its ending', () => {
  expect(offences((_, to) => !isFile(to))).toEqual([]);
});

test('no file only hands on what others export', () => {
  expect(files.filter((file) => isBarrel(file)).map((file) => file.path)).toEqual([]);
});

test('every file is reached from an entry, and none of the hub only from its tests', () => {
  const reached = reachable(files.filter((file) => isEntry(file.path)).map((file) => file.path));
  expect(files.map((file) => file.path).filter((path) => !reached.has(path))).toEqual([]);
});

// schema and base share the ground floor: base stands on schema's data, schema on base's errors, both on nothing else.
function isGround(from: string, to: string): boolean {
  return floors[room(from)] === 0 && floors[room(to)] === 0;
}

function offences(isWrong: (file: SourceFile, to: string) => boolean): string[] {
  return files.flatMap((file) => file.references.filter(({ path }) => path !== undefined && isWrong(file, path)).map(({ path, line }) => `${file.path}:${line} → ${path}`));
}

function department(path: string): string | undefined {
  const [top, name, rest] = path.split('/');
  return (top === 'connectors' || top === 'subgraphs') && rest !== undefined && isFile(`connectors/${name}/connector.ts`) ? name : undefined;
}

function isBarrel(file: SourceFile): boolean {
  const body = file.program['body'] as { type: string; source?: unknown }[];
  return body.length > 0 && body.every((node) => node.type === 'ExportAllDeclaration' || (node.type === 'ExportNamedDeclaration' && node.source));
}

const folderEntries = [/^connectors\/[^/]+\/(connector|tables)\.ts$/, /^subgraphs\/[^/]+\/resolvers\.ts$/, /^scripts\/[^/]+\.ts$/, /^bench\/[^/]+\/[^/]+\.ts$/, /^test\/.+/, /^[^/]+\.config\.ts$/, /^console\/(vite\.config|build)\.ts$/, /\.generated\.ts$/];

function isEntry(path: string): boolean {
  return path === 'cli/main.ts' || pageScripts().has(path) || folderEntries.some((pattern) => pattern.test(path));
}

/** What the console's pages load. */
function pageScripts(): Set<string> {
  const pages = projectFiles().filter((path) => path.startsWith('console/') && path.endsWith('.html'));
  const scripts = pages.flatMap((page) => [...readFileSync(join(projectRoot(), page), 'utf8').matchAll(/src="\/?([^"]+\.tsx?)"/g)].map((match) => `console/${match[1]}`));
  return new Set(scripts);
}

/** From the hub's entries; tests are entries for the test folder alone. */
function reachable(entries: readonly string[]): Set<string> {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const reached = new Set<string>();
  const waiting = [...entries];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    for (const { path: to } of byPath.get(path)?.references ?? []) {
      if (to !== undefined && (room(path) !== 'test' || room(to) === 'test')) waiting.push(to);
    }
  }
  return reached;
}
