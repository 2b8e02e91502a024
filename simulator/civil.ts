import { cpSync, copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Dataset } from './dataset.ts';

/**
 * The folder that deliveries of civil affairs arrive in. Round 1 brings the first two thirds of them in the order of
 * their names, each further round an equal part of the rest; sources.md ties rounds to keys of polled streams only, and
 * the counts are the same however deliveries are spread.
 */
export class DropFolder {
  readonly url: string;
  readonly #folder: string;
  readonly #dataset: Dataset;

  /** `folder` is emptied. */
  constructor(dataset: Dataset, folder: string) {
    this.#dataset = dataset;
    this.#folder = resolve(folder);
    rmSync(this.#folder, { recursive: true, force: true });
    mkdirSync(this.#folder, { recursive: true });
    this.url = pathToFileURL(this.#folder).href;
  }

  deliver(round: number): void {
    for (const name of this.#ofRound(round)) this.#copy(name);
  }

  #ofRound(round: number): string[] {
    const { deliveries, lastRound } = this.#dataset;
    if (lastRound === 1) return deliveries;
    const first = Math.ceil((deliveries.length * 2) / 3);
    const each = (deliveries.length - first) / (lastRound - 1);
    const start = round === 1 ? 0 : first + Math.round(each * (round - 2));
    return deliveries.slice(start, first + Math.round(each * (round - 1)));
  }

  /** The manifest comes last: until it stands there the delivery is half written. */
  #copy(name: string): void {
    const from = join(this.#dataset.folder, 'civil', name);
    const to = join(this.#folder, name);
    mkdirSync(to, { recursive: true });
    for (const file of readdirSync(from)) if (file !== 'manifest.json') cpSync(join(from, file), join(to, file), { recursive: true });
    if (existsSync(join(from, 'manifest.json'))) copyFileSync(join(from, 'manifest.json'), join(to, 'manifest.json'));
  }
}
