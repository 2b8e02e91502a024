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
  const version = generatorVersion();
  const folder = join(home, 'datasets', `${residents}-${version}`);
  if (existsSync(join(folder, 'dataset.json'))) return folder;
  const { generateDataset } = await import('../../simulator/generate.ts');
  removeOthers(join(home, 'datasets'), version);
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

/** Counties of older generators and half-written ones. Those of this one stay: another demo may be serving one at this moment. */
function removeOthers(folder: string, version: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) if (!name.endsWith(`-${version}`)) rmSync(join(folder, name), { recursive: true, force: true });
}

/** Changes with what makes it, so that a county of an older generator is not served to a newer hub. */
function generatorVersion(): string {
  const files = generatorFolders.flatMap((folder) =>
    readdirSync(join(projectRoot(), folder), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)),
  );
  return sha256Hex(`${seed} ${files.sort().map((file) => sha256Hex(readFileSync(file))).join(' ')}`).slice(0, 8);
}
