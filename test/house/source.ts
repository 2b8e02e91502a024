import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { parseSync } from 'vite';
import { projectRoot } from '../../base/departments.ts';

export interface SourceFile {
  /** From the project's root, `gateway/main.ts`. */
  path: string;
  text: string;
  /** Every module it names: static and dynamic imports, type imports, re-exports, `new URL('./x.ts', import.meta.url)`. */
  references: Reference[];
  program: Node;
}

export interface Reference {
  specifier: string;
  /** Of the file meant, from the root; undefined for a package. */
  path: string | undefined;
  line: number;
}

export interface Node {
  type: string;
  start: number;
  [field: string]: unknown;
}

const skipped = new Set(['node_modules', 'dist', 'coverage', 'fixtures']);

/** Every file of the project, generated and untracked ones too, but for what a build or an install makes. */
export function projectFiles(): string[] {
  return walk(projectRoot()).sort();
}

/** Every TypeScript file, parsed. */
export function sourceFiles(): SourceFile[] {
  return projectFiles().filter((path) => /\.tsx?$/.test(path) && !path.endsWith('.d.ts')).map(sourceFile);
}

/** The folder that a file lies in, of the first level: its room. */
export function room(path: string): string {
  return path.split('/')[0] ?? '';
}

export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** Calls `visit` on every node of a syntax tree. */
export function visitNodes(value: unknown, visit: (node: Node) => void): void {
  if (Array.isArray(value)) for (const each of value) visitNodes(each, visit);
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return;
  if (typeof (value as Node).type === 'string') visit(value as Node);
  for (const child of Object.values(value)) if (child !== null && typeof child === 'object') visitNodes(child, visit);
}

function walk(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isFile()) return [relative(projectRoot(), path)];
    const hidden = entry.name.startsWith('.') && entry.name !== '.ci';
    return entry.isDirectory() && !skipped.has(entry.name) && !hidden && path !== join(projectRoot(), 'bench/peers') ? walk(path) : [];
  });
}

function sourceFile(path: string): SourceFile {
  const text = readFileSync(join(projectRoot(), path), 'utf8');
  const { program } = parseSync(path, text) as unknown as { program: Node };
  const specifiers: { specifier: string; start: number }[] = [];
  visitNodes(program, (node) => {
    const specifier = specifierOf(node);
    if (specifier !== undefined) specifiers.push({ specifier, start: node.start });
  });
  const references = specifiers.map(({ specifier, start }) => ({ specifier, path: target(path, specifier), line: lineAt(text, start) }));
  return { path, text, references, program };
}

function specifierOf(node: Node): string | undefined {
  if (['ImportDeclaration', 'ExportNamedDeclaration', 'ExportAllDeclaration', 'ImportExpression', 'TSImportType'].includes(node.type)) return textOf(node['source'] ?? node['argument']);
  if (node.type !== 'NewExpression' || (node['callee'] as Node)['name'] !== 'URL') return undefined;
  const first = textOf((node['arguments'] as Node[])[0]);
  return first !== undefined && /^\.{1,2}\/.*\.(m?[jt]s|tsx)$/.test(first) ? first : undefined;
}

function textOf(value: unknown): string | undefined {
  const node = value as Node | null | undefined;
  if (node?.type === 'Literal' && typeof node['value'] === 'string') return node['value'];
  return node?.type === 'TSLiteralType' ? textOf(node['literal']) : undefined;
}

function target(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return relative(projectRoot(), resolve(projectRoot(), dirname(from), specifier.split('?')[0] ?? ''));
  return undefined;
}

export function isFile(path: string): boolean {
  return existsSync(join(projectRoot(), path));
}
