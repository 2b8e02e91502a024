import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'graphql';
import { z } from 'zod';
import { projectRoot } from '../base/departments.ts';
import { YiwangError } from '../base/errors.ts';
import { normalHashOf } from './documents.ts';

/** An operation that was registered when this hub was deployed. */
export interface RegisteredOperation {
  name: string;
  text: string;
  hash: string;
  /** Open to callers without a token; holds PUBLIC fields only, which the gateway checks when it starts. */
  anonymous: boolean;
}

/** What is registered: by hash of the printed document, and by name. */
export interface Operations {
  all: readonly RegisteredOperation[];
  byHash(hash: string): RegisteredOperation | undefined;
  /** The text of an operation by its name or hash. */
  text(nameOrHash: string): string | undefined;
}

/**
 * Reads `operations/*.graphql` and holds each against `operations/manifest.json`. A file that is missing, new or changed
 * since the manifest was written keeps the gateway from starting: nobody adds an operation to a running hub, and a
 * changed one is another operation (threats.md, 16).
 */
export function loadOperations(folder: string = operationsFolder()): Operations {
  const manifest = readManifest(folder);
  const files = readdirSync(folder).filter((name) => name.endsWith('.graphql')).sort();
  const all = files.map((file) => registered(folder, file, manifest));
  const lost = Object.keys(manifest.operations).filter((name) => !all.some((operation) => operation.name === name));
  if (lost.length > 0) throw new YiwangError('CONFIG', { hint: `the manifest of operations names \`${lost[0]}\`, which has no file` });
  return registerOf(all);
}

export function registerOf(all: readonly RegisteredOperation[]): Operations {
  const byHash = new Map(all.map((operation) => [operation.hash, operation]));
  const byName = new Map(all.map((operation) => [operation.name, operation]));
  return { all, byHash: (hash) => byHash.get(hash), text: (key) => (byName.get(key) ?? byHash.get(key))?.text };
}

/** The manifest as it should stand for the files of a folder: what `npm run generate` writes. */
export function manifestText(folder: string = operationsFolder()): string {
  const files = readdirSync(folder).filter((name) => name.endsWith('.graphql')).sort();
  const entries = files.map((file) => {
    const text = readFileSync(join(folder, file), 'utf8');
    return [file.slice(0, -'.graphql'.length), { sha256: normalHashOf(parse(text)), anonymous: anonymousMark.test(text) }];
  });
  return `${JSON.stringify({ operations: Object.fromEntries(entries) }, null, 2)}\n`;
}

export function operationsFolder(): string {
  return join(projectRoot(), 'gateway', 'operations');
}

/** A first comment line of this form opens an operation to callers without a token. */
const anonymousMark = /^# anonymous$/m;
const operationsMax = 1_000;

const manifestShape = z.strictObject({
  operations: z.record(z.string(), z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/), anonymous: z.boolean() })).refine((all) => Object.keys(all).length <= operationsMax),
});

function readManifest(folder: string): z.output<typeof manifestShape> {
  try {
    return manifestShape.parse(JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')));
  } catch (error) {
    throw new YiwangError('CONFIG', { hint: 'the manifest of registered operations is missing or broken; run `npm run generate`', cause: error });
  }
}

function registered(folder: string, file: string, manifest: z.output<typeof manifestShape>): RegisteredOperation {
  const name = file.slice(0, -'.graphql'.length);
  const text = readFileSync(join(folder, file), 'utf8');
  const entry = Object.hasOwn(manifest.operations, name) ? manifest.operations[name] : undefined;
  const hash = normalHashOf(parse(text));
  if (!entry || entry.sha256 !== hash || entry.anonymous !== anonymousMark.test(text)) {
    throw new YiwangError('CONFIG', { hint: `the operation \`${name}\` is not as the manifest registered it; run \`npm run generate\` and review the change` });
  }
  return { name, text, hash, anonymous: entry.anonymous };
}
