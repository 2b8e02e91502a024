import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { projectRoot } from '../../base/departments.ts';
import type { Look } from './hunt.ts';

/** One way to break the source, as a patch with a head: what is broken, where to look, and what must hold all the same. */
export interface Mutant {
  name: string;
  text: string;
  look: Look;
  holds: readonly Look[];
  /** A migration is changed: databases are made with it. */
  changesTables: boolean;
}

export interface Outcome {
  name: string;
  /** Why the patch does not apply; null where it does. */
  stale: string | null;
  /** What the look found; null: the mutant lives. */
  found: string | null;
  /** Looks that should have found nothing, and what they found. */
  fallen: Partial<Record<Look, string>>;
  ms: number;
}

export const mutantFolder = join(projectRoot(), 'test', 'mutants');
/** What a hub and this campaign need of the source. */
const copiedPaths = ['audit', 'base', 'connectors', 'gateway', 'linkage', 'matters', 'policy', 'schema', 'subgraphs', 'test/noninterference', 'test/gateway/differential', 'package.json'];

export function mutants(): Mutant[] {
  return readdirSync(mutantFolder).filter((file) => file.endsWith('.patch')).sort().map((file) => {
    const [text = '', ...rest] = readFileSync(join(mutantFolder, file), 'utf8').split('\n');
    const headOf = (name: string) => rest.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
    return { name: file.slice(0, -'.patch'.length), text, look: headOf('look') as Look, holds: (headOf('holds')?.split(' ') ?? []) as Look[], changesTables: rest.some((line) => line.startsWith('+++ ') && line.includes('/migrations/')) };
  });
}

/** Breaks a copy of the source and looks at a hub that is made of it. `urls`: databases of this source, or of the copy's own. */
export async function outcomeOf({ name, look, holds }: Mutant, databases: (source: string) => Promise<readonly [string, string]>): Promise<Outcome> {
  const startedAtMs = performance.now();
  const source = mkdtempSync(join(tmpdir(), `yiwang-mutant-${name}-`));
  try {
    for (const path of copiedPaths) cpSync(join(projectRoot(), path), join(source, path), { recursive: true });
    symlinkSync(join(projectRoot(), 'node_modules'), join(source, 'node_modules'));
    const { status, stderr } = spawnSync('git', ['apply', '-C1', join(mutantFolder, `${name}.patch`)], { cwd: source, encoding: 'utf8', env: { ...process.env, GIT_CEILING_DIRECTORIES: dirname(source) } });
    if (status !== 0) return { name, stale: stderr.trim().split('\n')[0] ?? 'git apply failed', found: null, fallen: {}, ms: performance.now() - startedAtMs };
    const { hunted } = (await import(pathToFileURL(join(source, 'test', 'noninterference', 'hunt.ts')).href)) as typeof import('./hunt.ts');
    const urls = await databases(source);
    const { [look]: found, ...fallen } = await hunted(urls, [look, ...holds]);
    return { name, stale: null, found: found ?? null, fallen, ms: performance.now() - startedAtMs };
  } catch (error) {
    // A hub that does not even start, or breaks in a way that no check foresees, is found too.
    return { name, stale: null, found: `it breaks: ${error instanceof Error ? error.message : String(error)}`, fallen: {}, ms: performance.now() - startedAtMs };
  } finally {
    rmSync(source, { recursive: true, force: true });
  }
}
