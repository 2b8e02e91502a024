import { existsSync, readdirSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { z } from 'zod';
import { YiwangError } from '../../base/errors.ts';
import type { AuditSuite } from './testkit.ts';

/**
 * The suites of a fetched copy of graphql-hive/federation-gateway-audit, in the order of their names. Its modules run in
 * this process, on this project's packages. Errors: `USAGE` where the folder is no such copy.
 */
export async function readSuites(folder: string): Promise<AuditSuite[]> {
  const source = join(resolve(folder), 'src');
  const suites = join(source, 'test-suites');
  if (!existsSync(suites)) throw new YiwangError('USAGE', { hint: `\`${folder}\` is no copy of graphql-hive/federation-gateway-audit: it has no src/test-suites · 该目录不是该仓库的副本` });
  const hooks = registerHooks({ resolve: (specifier, context, next) => next(resolved(specifier, context.parentURL, source), context) });
  try {
    const names = readdirSync(suites, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name);
    const read: AuditSuite[] = [];
    for (const name of names.sort()) read.push(await readSuite(join(suites, name, 'index.ts')));
    return read;
  } finally {
    hooks.deregister();
  }
}

const ownModules = new Set(['subgraph.js', 'supergraph.js', 'testkit.js']);

/** The copy names its TypeScript files `.js`; its packages are looked up from here, where they are installed. */
function resolved(specifier: string, parentUrl: string | undefined, source: string): string {
  if (!parentUrl?.startsWith(pathToFileURL(source).href)) return specifier;
  if (!specifier.startsWith('.')) return specifier.startsWith('node:') ? specifier : import.meta.resolve(specifier);
  const file = fileURLToPath(new URL(specifier, parentUrl));
  const isOwn = [...ownModules].some((name) => file === join(source, name));
  return isOwn ? new URL('./testkit.ts', import.meta.url).href : pathToFileURL(file.replace(/\.js$/, '.ts')).href;
}

const suiteShape = z.object({
  id: z.string().regex(/^[\w-]+$/),
  subgraphs: z.array(z.object({ name: z.string().regex(/^[\w-]+$/), typeDefs: z.string(), resolvers: z.record(z.string(), z.unknown()) })),
  tests: z.union([z.array(z.object({ query: z.string(), expected: z.object({ data: z.unknown().optional(), errors: z.boolean().optional() }) })), z.function()]),
});

async function readSuite(file: string): Promise<AuditSuite> {
  const module = (await import(pathToFileURL(file).href)) as { default?: unknown };
  const { success } = suiteShape.safeParse(module.default);
  if (!success) throw new YiwangError('USAGE', { hint: `\`${file}\` is not a suite as this runner knows them; the audit may have changed since` });
  return module.default as AuditSuite;
}
