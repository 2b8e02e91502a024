import { expect, test } from 'vitest';
import { campaign } from './campaign.ts';

const operations = 400;

test('random operations on random federated graphs give the answers of the reference', async () => {
  const { failures, ...tally } = await campaign({ runs: operations, seed: 20_261_128, perWorld: 50 });
  expect(failures).toEqual([]);
  expect(tally.operations).toBeGreaterThanOrEqual(operations);
  expect(tally.worlds).toBeGreaterThan(5);
}, 120_000);
