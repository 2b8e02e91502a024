import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, inject, test } from 'vitest';
import { migrated } from './databases.ts';
import { mutants, type Mutant, type Outcome } from './mutant.ts';
import type { MutantsOrder } from './mutants-process.ts';

const all = mutants();
const processesCount = 2;
const timeoutMs = 20 * 60_000; // on a machine of two cores that others use too; four minutes where they do not
const outcomes = new Map<string, Outcome>();

beforeAll(async () => {
  const [serverUrl, runName] = [inject('serverUrl'), inject('runName')];
  const template = await migrated(serverUrl, `${runName}_mutants`);
  // Dealt out in turn: neighbours in the alphabet take about as long.
  const hands = Array.from({ length: processesCount }, (_, hand) => all.filter((_mutant, index) => index % processesCount === hand).map(({ name }) => name));
  await Promise.all(hands.map((names, hand) => looked({ names, serverUrl, template, prefix: `${runName}_m${hand}` })));
}, timeoutMs);

function looked(order: MutantsOrder): Promise<void> {
  const child = fork(fileURLToPath(new URL('./mutants-process.ts', import.meta.url)), { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'], env: { ...process.env, YIWANG_LOG_LEVEL: 'silent' } });
  child.on('message', (outcome: Outcome) => outcomes.set(outcome.name, outcome));
  child.send(order);
  return new Promise((resolve) => child.on('exit', () => resolve()));
}

test('there are at least thirty', () => {
  expect(all.length).toBeGreaterThanOrEqual(30);
});

test.each(all)('$name: $text', ({ name, look, holds }: Mutant) => {
  const outcome = outcomes.get(name);
  if (!outcome) throw new Error(`the mutant \`${name}\` was not looked at: the process that was to do so ended`);
  if (outcome.stale !== null) throw new Error(`test/mutants/${name}.patch no longer applies to the source (${outcome.stale}): write it anew for the code as it is now`);
  expect(outcome.found, `nothing found it: looked at ${look}`).not.toBeNull();
  // The other walls promise the same with this one gone.
  expect(outcome.fallen, `with this wall gone ${holds.join(' and ')} still hold`).toEqual({});
});
