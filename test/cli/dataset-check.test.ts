import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkDataset } from '../../cli/dataset-check.ts';
import { hubStatus } from '../../jobs/status.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';

let db: TestDatabase;
const folder = mkdtempSync(join(tmpdir(), 'yiwang-check-'));
beforeAll(async () => (db = await testDatabase()));
afterAll(async () => {
  await db.drop();
  rmSync(folder, { recursive: true });
});

async function checked(expected: string, canaries: string) {
  mkdirSync(join(folder, 'truth'), { recursive: true });
  writeFileSync(join(folder, 'truth/expected.json'), expected);
  writeFileSync(join(folder, 'truth/canaries.json'), canaries);
  return checkDataset(db.pool, await hubStatus(db.pool), folder);
}

const counts = '{"tickets": {"live": 0}}';

it('compares what is stated, and lets alone what no hub counts', async () => {
  expect(await checked('{"tickets": {"live": 0, "dropped": {}, "distinctTickets": 3}, "samples": [], "hotspot": null}', '[]')).toMatchObject({ different: [], canaries: [], streams: 1 });
});

it.each([
  ['broken JSON', '{', '[]', 'truth/expected.json cannot be read as JSON'],
  ['a list of counts', '[1]', '[]', 'truth/expected.json: it is no object of streams'],
  ['nothing of any stream', '{"ticket": {"live": 0}}', '[]', 'truth/expected.json: it names no stream of the hub'],
  ['a stream that is a number', '{"tickets": 3}', '[]', 'truth/expected.json: `tickets` is no object of counts'],
  ['a number that is text', '{"tickets": {"live": "0"}}', '[]', 'truth/expected.json: `tickets.live` is no number'],
  ['a count by reason that is text', '{"tickets": {"dropped": {"NOT_A_DISPUTE": "1"}}}', '[]', 'truth/expected.json: `tickets.dropped` is no number'],
  ['broken canaries', counts, '[', 'truth/canaries.json cannot be read as JSON'],
  ['canaries that are no list', counts, '{}', 'truth/canaries.json: it is no list'],
  ['a canary without a rule', counts, '[{"value": "x"}]', 'truth/canaries.json: `0.rule` is no text'],
  ['a canary that everything holds', counts, '[{"value": "", "rule": "x"}]', 'truth/canaries.json: `0.value` is empty'],
])('%s is a broken data set, told with the file', async (_, expected, canaries, hint) => {
  await expect(checked(expected, canaries)).rejects.toMatchObject({ code: 'DATASET_INVALID', hint });
});
