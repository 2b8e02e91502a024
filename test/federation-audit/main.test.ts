import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { projectRoot } from '../../base/departments.ts';

// A suite in the layout of graphql-hive/federation-gateway-audit, written here: the audit itself is fetched by its user.
const files = {
  'src/test-suites/greeting/index.ts': `import { serve } from '../../supergraph.js'; import a from './a.subgraph.js'; import test from './test.js'; export default serve('greeting', [a], test);`,
  'src/test-suites/greeting/a.subgraph.ts': `import { createSubgraph } from '../../subgraph.js'; import { GraphQLError } from 'graphql';
    export default createSubgraph('a', { typeDefs: 'type Query { hello: String fails: String }', resolvers: { Query: { hello: () => 'hello', fails: () => { throw new GraphQLError('no'); } } } });`,
  'src/test-suites/greeting/test.ts': `import { createTest } from '../../testkit.js';
    export default [
      createTest('{ hello }', { data: { hello: 'hello' } }),
      createTest('{ hello }', { data: { hello: 'good bye' } }),
      createTest('{ fails }', { data: { fails: null }, errors: true }),
      createTest('{ fails }', { data: { fails: null }, errors: false }),
    ];`,
};
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'yiwang-audit-test-'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

function run(...args: string[]) {
  return spawnSync(process.execPath, ['test/federation-audit/main.ts', ...args], { cwd: projectRoot(), encoding: 'utf8' });
}

test('the runner counts what passes and names what does not', () => {
  const { status, stdout } = run(folder, '--json');
  const { failed, ...counts } = JSON.parse(stdout) as { failed: { name: string }[] };
  expect(counts).toEqual({ suites: 1, total: 4, passed: 2 });
  expect(failed.map(({ name }) => name)).toEqual(['greeting_1', 'greeting_3']);
  expect(status).toBe(1);
});

test('a folder that is no copy of the audit, an unknown suite and no folder are usage errors', () => {
  expect(run(tmpdir())).toMatchObject({ status: 2, stderr: expect.stringMatching(/is no copy of graphql-hive\/federation-gateway-audit/) });
  expect(run(folder, '--suite', 'other')).toMatchObject({ status: 2, stderr: expect.stringMatching(/there are: greeting/) });
  expect(run()).toMatchObject({ status: 2, stderr: expect.stringMatching(/usage/) });
});
