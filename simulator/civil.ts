import { cpSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readJsonFile } from '../base/json-file.ts';
import { bombWorkbook } from './bomb.ts';
import type { Dataset } from './dataset.ts';
import type { Misbehaviour, Misbehaviours } from './misbehave.ts';

const manifestName = 'manifest.json';
/** Numbers of deliveries that stand there again: no data set counts so far. */
const repeatedFrom = 9000;

/**
 * The folder that deliveries of civil affairs arrive in. Round 1 brings the first two thirds of them in the order of
 * their names, each further round an equal part of the rest; sources.md ties rounds to keys of polled streams only, and
 * the counts are the same however deliveries are spread.
 */
export class DropFolder {
  readonly url: string;
  readonly #folder: string;
  readonly #dataset: Dataset;
  readonly #misbehaviours: Misbehaviours | undefined;
  readonly #repairs = new Map<NodeJS.Timeout, () => void>();
  #repeated = 0;

  /** `folder` is emptied. */
  constructor(dataset: Dataset, folder: string, misbehaviours?: Misbehaviours) {
    this.#dataset = dataset;
    this.#folder = resolve(folder);
    this.#misbehaviours = misbehaviours;
    rmSync(this.#folder, { recursive: true, force: true });
    mkdirSync(this.#folder, { recursive: true });
    this.url = pathToFileURL(this.#folder).href;
  }

  deliver(round: number): void {
    for (const name of this.#ofRound(round)) {
      const wrong = this.#misbehaviours?.next('civil', (kind) => this.#canBe(name, kind));
      this.#copy(name, name, wrong);
      if (wrong?.kind === 'repeat') this.#copy(name, `${name.split('-')[0]}-${repeatedFrom + (this.#repeated += 1)}`);
    }
  }

  /** What is to be put right later is not: nothing writes to the folder any more. */
  stop(): void {
    for (const timer of this.#repairs.keys()) clearTimeout(timer);
    this.#repairs.clear();
  }

  #ofRound(round: number): string[] {
    const { deliveries, lastRound } = this.#dataset;
    if (lastRound === 1) return deliveries;
    const first = Math.ceil((deliveries.length * 2) / 3);
    const each = (deliveries.length - first) / (lastRound - 1);
    const start = round === 1 ? 0 : first + Math.round(each * (round - 2));
    return deliveries.slice(start, first + Math.round(each * (round - 1)));
  }

  /** A delivery without a manifest is half written already, and only a workbook can be a bomb. */
  #canBe(name: string, kind: string): boolean {
    const files = readdirSync(join(this.#dataset.folder, 'civil', name));
    return files.includes(manifestName) && files.length > 1 && (kind !== 'garbage' || files.some(isWorkbook));
  }

  /** The manifest comes last: until it stands there the delivery is half written. */
  #copy(name: string, as: string, wrong?: Misbehaviour): void {
    const from = join(this.#dataset.folder, 'civil', name);
    const to = join(this.#folder, as);
    mkdirSync(to, { recursive: true });
    const files = readdirSync(from).filter((file) => file !== manifestName);
    const whole = () => files.forEach((file) => cpSync(join(from, file), join(to, file), { recursive: true }));
    const settled = () => existsSync(join(from, manifestName)) && copyFileSync(join(from, manifestName), join(to, manifestName));
    whole();
    if (wrong?.kind === 'late') return this.#later(wrong.ms, settled);
    if (wrong?.kind === 'truncate') {
      truncateSync(join(to, files[0]!), Math.floor(readFileSync(join(to, files[0]!)).length / 2));
      this.#later(wrong.ms, whole);
    }
    if (wrong?.kind === 'garbage') {
      writeFileSync(join(to, manifestName), withBomb(from, to, files.find(isWorkbook)!));
      return this.#later(wrong.ms, () => {
        whole();
        settled();
      });
    }
    settled();
  }

  #later(ms: number, repair: () => void): void {
    const timer = setTimeout(() => {
      this.#repairs.delete(timer);
      repair();
    }, ms).unref();
    this.#repairs.set(timer, repair);
  }
}

function isWorkbook(file: string): boolean {
  return file.toLowerCase().endsWith('.xlsx');
}

/** Puts a bomb in the place of a workbook. Returns the manifest, whose hash is true. */
function withBomb(from: string, to: string, file: string): string {
  const bomb = bombWorkbook();
  writeFileSync(join(to, file), bomb);
  const manifest = readJsonFile(join(from, manifestName)) as { files: { name: string; sha256: string }[] };
  for (const one of manifest.files) if (one.name === file) one.sha256 = createHash('sha256').update(bomb).digest('hex');
  return JSON.stringify(manifest);
}
