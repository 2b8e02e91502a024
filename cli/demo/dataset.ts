import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { projectRoot } from '../../base/departments.ts';
import { sha256Hex } from '../../base/canonical.ts';
import { progressBar } from '../output.ts';

const seed = 20260930;
const generatorFolders = ['simulator', 'schema/divisions'];

/** The data set of the demo: the one given, or a county of this many residents, made once and kept in the home. */
export async function demoDataset(home: string, given: string | undefined, residents: number): Promise<string> {
  if (given !== undefined) return resolve(given);
  const folder = join(home, 'datasets', `${residents}-${generatorVersion()}`);
  if (existsSync(join(folder, 'dataset.json'))) return folder;
  const { generateDataset } = await import('../../simulator/generate.ts');
  rmSync(join(home, 'datasets'), { recursive: true, force: true });
  const draft = `${folder}.draft`; // a half-written county is never served
  mkdirSync(draft, { recursive: true });
  const bar = progressBar('generate · 生成');
  try {
    await generateDataset({ out: draft, residents, seed, progress: bar.update });
  } finally {
    bar.end();
  }
  renameSync(draft, folder);
  return folder;
}

/** Changes with what makes it, so that a county of an older generator is not served to a newer hub. */
function generatorVersion(): string {
  const files = generatorFolders.flatMap((folder) =>
    readdirSync(join(projectRoot(), folder), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)),
  );
  return sha256Hex(`${seed} ${files.sort().map((file) => sha256Hex(readFileSync(file))).join(' ')}`).slice(0, 8);
}
