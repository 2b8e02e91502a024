import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { z } from 'zod';
import { YiwangError } from '../../base/errors.ts';
import { readSuites } from './copy.ts';
import { serveSubgraphs, startGateway, supergraphOf } from './servers.ts';
import type { AuditCase, AuditSuite } from './testkit.ts';

// The public federation audit through `yiwang gateway --supergraph`; see README.md beside this file.
const usage = 'usage: npm run audit:federation -- FOLDER [--suite NAME]… [--gateway OPTION]… [--json]';
const nameColumns = 42;
const answerTimeoutMs = 10_000;
const answerShape = z.object({ data: z.unknown().optional(), errors: z.array(z.unknown()).optional() });

interface Outcome {
  /** `SUITE_NUMBER`, as the audit names it. */
  name: string;
  passed: boolean;
  query: string;
  expected: unknown;
  received: unknown;
}

process.exitCode = await main().catch((error: unknown) => {
  if (!(error instanceof YiwangError)) throw error;
  process.stderr.write(`${error.hint ?? error.code}\n`);
  return error.code === 'USAGE' ? 2 : 1;
});

/** 0 every case passed, 1 some failed, 2 wrong usage. */
async function main(): Promise<number> {
  const options = readOptions();
  if (!options) return process.stderr.write(`${usage}\n`), 2;
  const all = await readSuites(options.folder);
  const suites = all.filter(({ id }) => options.suites.length === 0 || options.suites.includes(id));
  if (suites.length === 0) return process.stderr.write(`no such suite; there are: ${all.map(({ id }) => id).join(' ')}\n`), 2;
  const subgraphs = await serveSubgraphs(suites);
  const files = mkdtempSync(join(tmpdir(), 'yiwang-audit-'));
  try {
    const outcomes: Outcome[] = [];
    for (const suite of suites) outcomes.push(...(await suiteOutcomes(suite, subgraphs.port, join(files, `${suite.id}.graphql`), options)));
    report(outcomes, suites.length, options.json);
    return outcomes.every(({ passed }) => passed) ? 0 : 1;
  } finally {
    subgraphs.stop();
    rmSync(files, { recursive: true });
  }
}

interface Options {
  folder: string;
  suites: readonly string[];
  /** Handed to `yiwang gateway` as they are. */
  gateway: readonly string[];
  json: boolean;
}

function readOptions(): Options | undefined {
  try {
    const { positionals, values } = parseArgs({ allowPositionals: true, options: { suite: { type: 'string', multiple: true }, gateway: { type: 'string', multiple: true }, json: { type: 'boolean' } } });
    const [folder] = positionals;
    return folder === undefined || positionals.length > 1 ? undefined : { folder, suites: values.suite ?? [], gateway: (values.gateway ?? []).flatMap((text) => text.split(' ')), json: values.json ?? false };
  } catch {
    return undefined;
  }
}

async function suiteOutcomes(suite: AuditSuite, port: number, file: string, { gateway: more, json }: Options): Promise<Outcome[]> {
  writeFileSync(file, supergraphOf(suite, port));
  const gateway = await startGateway(file, more);
  try {
    const cases = typeof suite.tests === 'function' ? suite.tests() : suite.tests;
    const outcomes: Outcome[] = [];
    for (const [index, one] of cases.entries()) outcomes.push(await outcomeOf(`${suite.id}_${index}`, one, gateway.url));
    if (!json) process.stdout.write(`${suite.id.padEnd(nameColumns)} ${outcomes.map(({ passed }) => (passed ? '.' : 'X')).join('')}\n`);
    return outcomes;
  } finally {
    gateway.stop();
  }
}

// As the audit compares: data whole, and of errors only whether there are some.
async function outcomeOf(name: string, { query, expected: given }: AuditCase, url: string): Promise<Outcome> {
  const expected = JSON.parse(JSON.stringify(given)) as AuditCase['expected'];
  const response = await fetch(url, { method: 'POST', headers: { accept: 'application/json', 'content-type': 'application/json' }, body: JSON.stringify({ query }), signal: AbortSignal.timeout(answerTimeoutMs) });
  const answer = answerShape.parse(await response.json());
  const hasErrors = (answer.errors?.length ?? 0) > 0;
  const passed = isDeepStrictEqual(answer.data ?? null, expected.data ?? null) && (expected.errors === undefined || expected.errors === hasErrors);
  return { name, passed, query, expected, received: answer };
}

function report(outcomes: readonly Outcome[], suites: number, json: boolean): void {
  const failed = outcomes.filter(({ passed }) => !passed);
  if (json) {
    process.stdout.write(`${JSON.stringify({ suites, total: outcomes.length, passed: outcomes.length - failed.length, failed })}\n`);
    return;
  }
  for (const { name, query, expected, received } of failed) process.stdout.write(`\nfailed: ${name}\n${query}\nexpected: ${JSON.stringify(expected)}\nreceived: ${JSON.stringify(received)}\n`);
  process.stdout.write(`\n${outcomes.length - failed.length} of ${outcomes.length} cases passed, ${suites} suites${failed.length > 0 ? `; failed: ${failed.map(({ name }) => name).join(' ')}` : ''}\n`);
}
