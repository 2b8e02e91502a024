import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from '../../base/departments.ts';
import { lineAt, projectFiles, room, sourceFiles, visitNodes, type Node } from './source.ts';

const linesMax = 400;
const files = sourceFiles();
// Patterns are put together here so that this file does not name what it looks for.
const leftovers = new RegExp(`\\b(${['FIX', 'TO', 'HA', 'XX'].map((start, index) => start + ['ME', 'DO', 'CK', 'X'][index]).join('|')})\\b`);

test('an error has a code or is an invariant: nobody throws a bare Error', () => {
  expect(found((node) => node.type === 'ThrowStatement' && calleeOf(node['argument']) === 'Error', (path) => !['console', 'test'].includes(room(path)))).toEqual([]);
});

test('nothing is left to be done', () => {
  expect(linesWith(leftovers)).toEqual([]);
});

test('no test is switched off, and none keeps the others from running', () => {
  expect(found((node) => node.type === 'MemberExpression' && /^(describe|test|it|suite)$/.test(rootName(node)) && /^(skip|only|todo|fails)$/.test(propertyName(node)), (path) => room(path) === 'test')).toEqual([]);
});

test('only commands, scripts and benches write to the terminal', () => {
  expect(found((node) => node.type === 'MemberExpression' && rootName(node) === 'console', (path) => !['cli', 'scripts', 'bench', 'console', 'test'].includes(room(path)))).toEqual([]);
});

test('Mercurius gets a schema, never `loaders` or `resolvers`: they would replace the enforced ones', () => {
  const isBanned = (node: Node) => node.type === 'Property' && /^(loaders|resolvers)$/.test(String((node['key'] as Node)['name'] ?? (node['key'] as Node)['value']));
  const offences = files.flatMap((file) => {
    const lines: string[] = [];
    visitNodes(file.program, (node) => {
      const [first, second] = (node['arguments'] as Node[] | undefined) ?? [];
      const isMercurius = node.type === 'CallExpression' && [node['callee'], first].some((each) => (each as Node | undefined)?.['name'] === 'mercurius');
      if (isMercurius) for (const options of [first, second]) for (const property of (options?.['properties'] as Node[] | undefined) ?? []) if (isBanned(property)) lines.push(`${file.path}:${lineAt(file.text, property.start)}`);
    });
    return lines;
  });
  expect(offences).toEqual([]);
});

test(`no source file is longer than ${linesMax} lines`, () => {
  expect(files.filter((file) => file.text.split('\n').length > linesMax && !isGenerated(file.text)).map((file) => file.path)).toEqual([]);
});

test('nothing names the machine it was written on', () => {
  const places = new RegExp(['', 'work', ''].join('/') + `|${['', 'home', ''].join('/')}[a-z]+/|${['', 'root', ''].join('/')}[a-z]`);
  expect(linesWith(places, (path) => path !== 'test/house/text.test.ts')).toEqual([]);
});

test('database accounts of the tests stand in one file', () => {
  expect(linesWith(/mysql:\/\/root@/, (path) => path !== 'test/services.ts' && path !== 'test/house/text.test.ts')).toEqual([]);
});

function found(isWrong: (node: Node) => boolean, concerns: (path: string) => boolean): string[] {
  return files.filter((file) => concerns(file.path)).flatMap((file) => {
    const lines: string[] = [];
    visitNodes(file.program, (node) => {
      if (isWrong(node)) lines.push(`${file.path}:${lineAt(file.text, node.start)}`);
    });
    return lines;
  });
}

function linesWith(pattern: RegExp, concerns: (path: string) => boolean = () => true): string[] {
  const texts = projectFiles().filter((path) => /(\.(tsx?|mjs|js|sql|graphql|cedar|cedarschema|md|ya?ml|css|html|json)|^\.ci\/run|Dockerfile)$/.test(path) && path !== 'package-lock.json' && concerns(path));
  return texts.flatMap((path) => readFileSync(join(projectRoot(), path), 'utf8').split('\n').flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}`] : [])));
}

function isGenerated(text: string): boolean {
  return /@generated|generated (code|by)|do not edit/i.test(text.slice(0, 400));
}

function calleeOf(value: unknown): string {
  const node = value as Node;
  return node.type === 'NewExpression' || node.type === 'CallExpression' ? String((node['callee'] as Node)['name'] ?? '') : '';
}

function rootName(node: Node): string {
  let object = node['object'] as Node;
  while (object.type === 'MemberExpression') object = object['object'] as Node;
  return String(object['name'] ?? '');
}

function propertyName(node: Node): string {
  return String((node['property'] as Node)['name'] ?? '');
}
