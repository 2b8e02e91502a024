import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Kind, parse, visit, type ASTNode, type StringValueNode } from 'graphql';
import { expect, test } from 'vitest';
import { projectRoot } from '../../base/departments.ts';
import { subgraphSdl } from '../../subgraphs/sdl.ts';
import { lineAt, projectFiles } from './source.ts';

const sdlFiles = projectFiles().filter((path) => path.endsWith('.graphql') && /^(schema|subgraphs)\//.test(path) && path !== 'schema/supergraph.graphql');

test.each([...subgraphSdl()].map(([name, text]) => ({ name, text })))('subgraph $name: every field and argument is classified', ({ text }) => {
  const open: string[] = [];
  visit(parse(text), {
    enter(node, _key, _parent, _path, ancestors) {
      const isOpen = (node.kind === Kind.FIELD_DEFINITION || node.kind === Kind.INPUT_VALUE_DEFINITION) && !node.directives?.some((directive) => directive.name.value === 'classified');
      if (isOpen && !ancestors.some(isDirective)) open.push([...ancestors.map(nameOf), node.name.value].filter(Boolean).join('.'));
    },
  });
  expect(open).toEqual([]);
});

test.each(sdlFiles)('%s: everything is described in Chinese and in English', (path) => {
  const text = readFileSync(join(projectRoot(), path), 'utf8');
  const silent: string[] = [];
  visit(parse(text), {
    enter(node) {
      if (described.has(node.kind) && !isBilingual((node as { description?: StringValueNode }).description)) silent.push(`${path}:${lineAt(text, node.loc?.start ?? 0)} ${nameOf(node)}`);
    },
  });
  expect(silent).toEqual([]);
});

test('generated code is current', () => {
  const { status, stderr } = spawnSync(process.execPath, [join(projectRoot(), 'scripts/generate.ts'), '--check'], { encoding: 'utf8' });
  expect({ status, stale: /not current: [^\n]*/.exec(stderr)?.[0] ?? '' }).toEqual({ status: 0, stale: '' });
});

const described = new Set<string>([Kind.OBJECT_TYPE_DEFINITION, Kind.INTERFACE_TYPE_DEFINITION, Kind.UNION_TYPE_DEFINITION, Kind.ENUM_TYPE_DEFINITION, Kind.INPUT_OBJECT_TYPE_DEFINITION, Kind.SCALAR_TYPE_DEFINITION, Kind.FIELD_DEFINITION, Kind.INPUT_VALUE_DEFINITION, Kind.ENUM_VALUE_DEFINITION]);

function isBilingual(description: StringValueNode | undefined): boolean {
  return /\p{Script=Han}/u.test(description?.value ?? '') && /[A-Za-z]{2}/.test(description?.value ?? '');
}

function isDirective(ancestor: ASTNode | readonly ASTNode[]): boolean {
  return 'kind' in ancestor && ancestor.kind === Kind.DIRECTIVE_DEFINITION;
}

function nameOf(node: ASTNode | readonly ASTNode[]): string {
  return 'name' in node && node.name ? ((node.name as { value?: string }).value ?? '') : '';
}
