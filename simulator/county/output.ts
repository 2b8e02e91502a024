import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';

const canariesOfRuleMost = 300;
const flushCharacters = 1 << 20;

/** A text file written piece by piece. */
export class TextFile {
  readonly #descriptor: number;
  #pending: string[] = [];
  #length = 0;

  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true });
    this.#descriptor = openSync(path, 'w');
  }

  line(text: string): void {
    this.#pending.push(text, '\n');
    this.#length += text.length + 1;
    if (this.#length > flushCharacters) this.#flush();
  }

  json(value: unknown): void {
    this.line(JSON.stringify(value));
  }

  close(): void {
    this.#flush();
    closeSync(this.#descriptor);
  }

  #flush(): void {
    const bytes = Buffer.from(this.#pending.join(''));
    for (let written = 0; written < bytes.length; ) written += writeSync(this.#descriptor, bytes, written);
    this.#pending = [];
    this.#length = 0;
  }
}

export interface Canary {
  value: string;
  rule: string;
}

export interface Mention {
  department: string;
  stream: string;
  recordKey: string;
  role: string;
  ordinal: number;
  person: number;
}

/** The truth about what was generated: for evaluation, never for the hub. */
export class Truth {
  readonly #folder: string;
  readonly #persons: TextFile;
  readonly #matters: TextFile;
  readonly #seed: string;
  readonly #used = new Map<string, number>();
  readonly canaries: Canary[] = [];
  matters = 0;

  constructor(folder: string, seed: string) {
    this.#folder = folder;
    this.#seed = seed;
    this.#persons = new TextFile(join(folder, 'persons.csv'));
    this.#matters = new TextFile(join(folder, 'matters.csv'));
    this.#persons.line('department,stream,recordKey,role,ordinal,personId');
    this.#matters.line('department,stream,recordKey,matterId');
  }

  person(mention: Mention): void {
    this.#persons.line([mention.department, mention.stream, mention.recordKey, mention.role, mention.ordinal, personId(mention.person)].join(','));
  }

  matter(department: string, stream: string, recordKey: string, matter: number): void {
    this.#matters.line([department, stream, recordKey, matterId(matter)].join(','));
  }

  nextMatter(): number {
    return this.matters++;
  }

  /** A string that must never be found anywhere in the hub, and why. */
  canary(kind: string, rule: string): string {
    const value = `CANARY-${kind}-${this.#seed}-${String(this.canaries.length + 1).padStart(6, '0')}`;
    this.canaries.push({ value, rule });
    return value;
  }

  /** As `canary` for what many records hold: empty once a rule has 300. */
  someCanary(kind: string, rule: string): string {
    const used = this.#used.get(rule) ?? 0;
    if (used >= canariesOfRuleMost) return '';
    this.#used.set(rule, used + 1);
    return this.canary(kind, rule);
  }

  close(expected: unknown): void {
    this.#persons.close();
    this.#matters.close();
    writeFileSync(join(this.#folder, 'canaries.json'), `${JSON.stringify(this.canaries, null, 1)}\n`);
    writeFileSync(join(this.#folder, 'expected.json'), `${JSON.stringify(expected, null, 2)}\n`);
  }
}

function personId(index: number): string {
  return `P${String(index + 1).padStart(7, '0')}`;
}

export function matterId(index: number): string {
  return `M${String(index + 1).padStart(6, '0')}`;
}
