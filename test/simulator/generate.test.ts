import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { divisions } from '../../schema/divisions/divisions.ts';
import { generateDataset } from '../../simulator/generate.ts';
import { countDataset } from './oracle.ts';

const root = mkdtempSync(join(tmpdir(), 'yiwang-generate-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const sample = new URL('../../../shared/sample-county/', import.meta.url).pathname;
const sets = [
  { name: 'the first county', residents: 1_200, seed: 1 },
  { name: 'another county', residents: 400, seed: 'elsewhere' },
  { name: 'the smallest', residents: 100, seed: 7 },
].map((set) => ({ ...set, folder: join(root, String(set.seed)) }));
for (const { folder, residents, seed } of sets) generateDataset({ out: folder, residents, seed });
const read = (folder: string, file: string) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as any;
const lines = (folder: string, file: string) => readFileSync(join(folder, file), 'utf8').split('\n').filter(Boolean);

test('the same seed writes the same bytes, another seed another county', () => {
  const again = join(root, 'again');
  generateDataset({ out: again, residents: 400, seed: 'elsewhere' });
  expect(digests(again)).toEqual(digests(sets[1]!.folder));
  expect(read(sets[0]!.folder, 'dataset.json').regionRoot).toBe('620102');
  expect(read(sets[1]!.folder, 'dataset.json').regionRoot).not.toBe('620102');
});

describe.each(sets)('$name', ({ folder }) => {
  test('the counts it states are the counts that reading it gives', async () => {
    const expected = read(folder, 'truth/expected.json');
    for (const [stream, counted] of Object.entries(await countDataset(folder))) expect({ stream, ...pick(expected[stream]) }).toEqual({ stream, ...counted });
  });

  test('every case that must be dropped, purged, deleted, refused or protected occurs', () => {
    const expected = read(folder, 'truth/expected.json');
    expect(Object.keys(expected.tickets.quarantined).sort()).toEqual(['NOT_A_CLOUDEVENT', 'REQUIRED_MISSING', 'SCHEMA', 'TOO_LARGE', 'UNPARSABLE_TIME']);
    expect(Object.keys(expected.petitions.quarantined).sort()).toEqual(['REQUIRED_MISSING', 'SCHEMA', 'TOO_LARGE', 'UNPARSABLE_TIME']);
    expect(Object.keys(expected.jzsq.quarantined).sort()).toEqual(['CELL_COUNT', 'INVALID_BYTES', 'REQUIRED_MISSING', 'UNPARSABLE_TIME']);
    for (const [stream, rule] of [['jcj_jjd', 'NOT_A_DISPUTE'], ['prelitigation-cases', 'CLOSED_HEARING'], ['petitions', 'ACCUSATION'], ['tickets', 'DUPLICATE_EVENT']]) expect(expected[stream!].dropped[rule!]).toBeGreaterThan(0);
    for (const stream of ['jcj_jjd', 'rk_hj', 'prelitigation-cases', 'petitions', 'jzsq']) expect(expected[stream].deleted, stream).toBeGreaterThan(0);
    expect(new Set(expected.civilDeliveries.map((delivery: { state: string }) => delivery.state))).toEqual(new Set(['ACCEPTED', 'REFUSED_HASH', 'REPEATED', 'ACCEPTED_LATE', 'INCOMPLETE']));
    expect(expected.respondents.map((respondent: { alsoIn: string }) => respondent.alsoIn)).toContain('leadOrg');
    expect(Object.values(expected.petitions.accusationsByDivisionAndMonth).reduce((sum: number, count) => sum + Number(count), 0)).toBe(expected.petitions.dropped.ACCUSATION);
  });

  test('the truth names live records only, each mention once', () => {
    const expected = read(folder, 'truth/expected.json');
    const matters = lines(folder, 'truth/matters.csv').slice(1).map((line) => line.split(','));
    for (const stream of ['jcj_jjd', 'prelitigation-cases', 'petitions', 'tickets', 'jzsq']) expect(matters.filter((row) => row[1] === stream), stream).toHaveLength(expected[stream].live);
    const persons = lines(folder, 'truth/persons.csv').slice(1).map((line) => line.split(',').slice(1, 5).join());
    expect(new Set(persons).size).toBe(persons.length);
    expect(persons.filter((mention) => mention.startsWith('rk_hj'))).toHaveLength(expected.rk_hj.live);
  });

  test('divisions are real ones of the county, but for the codes planted as superseded or unknown', () => {
    const { regionRoot } = read(folder, 'dataset.json') as { regionRoot: string };
    const known = divisions();
    const codes = lines(folder, 'hotline/events.ndjson').map((line) => JSON.parse(line).data.regionCode as string);
    expect(codes.every((code) => code.startsWith(regionRoot) && known.has(code))).toBe(true);
  });

  test('later versions come later, but for those committed late by less than ten minutes', () => {
    const latest = new Map<number, string>();
    const seen = new Map<string, number>();
    for (const row of lines(folder, 'police/jcj_jjd.ndjson').map((line) => JSON.parse(line) as { jjdbh: string; gxsj: string })) {
      const round = (seen.get(row.jjdbh) ?? 0) + 1;
      seen.set(row.jjdbh, round);
      if (row.gxsj > (latest.get(round) ?? '')) latest.set(round, row.gxsj);
      if (round > 1) expect(Date.parse(row.gxsj)).toBeGreaterThan(Date.parse(latest.get(round - 1) ?? '') - 10 * 60_000);
    }
  });

  test('canaries differ, and no ticket holds one: nothing of a ticket is ever dropped', () => {
    const canaries = read(folder, 'truth/canaries.json') as { value: string; rule: string }[];
    expect(new Set(canaries.map(({ value }) => value)).size).toBe(canaries.length);
    const live = lines(folder, 'hotline/events.ndjson').join('\n');
    for (const { value } of canaries) expect(live.includes(value)).toBe(false);
  });
});

test('the hotspot of 兰州 is line 149 at 甘肃大剧院: five reports, three channels, one morning', () => {
  const folder = sets[0]!.folder;
  const { hotspot } = read(folder, 'truth/expected.json');
  expect(hotspot.facility.name).toBe('149路');
  const created = lines(folder, 'hotline/events.ndjson').map((line) => JSON.parse(line)).filter((event) => event.sequence === '1' && hotspot.tickets.includes(event.subject));
  const tickets = [...new Map(created.map((event) => [event.subject, event.data])).values()];
  expect(tickets).toHaveLength(5);
  expect(new Set(tickets.map((ticket) => ticket.channel)).size).toBe(3);
  expect(tickets.every((ticket) => ticket.receivedAt.slice(11, 16) >= '08:20' && ticket.receivedAt.slice(11, 16) <= '09:25')).toBe(true);
});

test.runIf(existsSync(sample))('the counting agrees with the other generator about its own set', async () => {
  const expected = read(sample, 'truth/expected.json');
  for (const [stream, counted] of Object.entries(await countDataset(sample))) expect({ stream, ...pick(expected[stream]) }).toEqual({ stream, ...counted });
});

test('a wrong number of residents or seed is refused with a sentence', () => {
  expect(() => generateDataset({ out: join(root, 'no'), residents: 3, seed: 1 })).toThrow(/residents is a whole number from 100/);
  expect(() => generateDataset({ out: join(root, 'no'), residents: 300, seed: '../up' })).toThrow(/a seed is a number or a word/);
});

function pick(stream: Record<string, unknown>) {
  const { offered, tombstones, dropped, droppedFields, quarantined, quarantinedValues, repaired, deleted, live } = stream;
  return { offered, tombstones, dropped, droppedFields, quarantined, quarantinedValues, repaired, deleted, live };
}

function digests(folder: string): Record<string, string> {
  const files = (readdirSync(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(files.map((path) => [path.slice(folder.length), createHash('sha256').update(readFileSync(path)).digest('hex')]));
}
