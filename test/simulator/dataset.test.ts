import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { generateDataset } from '../../simulator/generate.ts';
import { openDataset } from '../../simulator/dataset.ts';
import { toldTicket } from '../../simulator/hotline.ts';
import { LineFile } from '../../simulator/lines.ts';
import { instantMs } from '../../simulator/time.ts';

const root = mkdtempSync(join(tmpdir(), 'yiwang-dataset-'));
const good = join(root, 'good');
generateDataset({ out: good, residents: 100, seed: 3 });
afterAll(() => rmSync(root, { recursive: true, force: true }));

const faults: [string, (folder: string) => void, RegExp][] = [
  ['no folder', (folder) => rmSync(folder, { recursive: true }), /is no data set: it has no dataset\.json/],
  ['broken dataset.json', (folder) => writeFileSync(join(folder, 'dataset.json'), '{'), /dataset\.json: this is not JSON/],
  ['a county that is no code', (folder) => writeFileSync(join(folder, 'dataset.json'), '{"seed":1,"residents":3,"asOf":"2026-09-30T20:00:00+08:00","regionRoot":"62"}'), /dataset\.json: `regionRoot` is not six digits/],
  ['a time that is none', (folder) => writeFileSync(join(folder, 'dataset.json'), '{"seed":1,"residents":3,"asOf":"soon","regionRoot":"620102"}'), /dataset\.json: `asOf` is not an RFC 3339 time/],
  ['a missing file', (folder) => rmSync(join(folder, 'police/rk_hj.ndjson')), /no readable file `police\/rk_hj\.ndjson`/],
  ['a broken line', (folder) => appendFileSync(join(folder, 'hotline/events.ndjson'), '{"id":\n'), /hotline\/events\.ndjson, line \d+: this is not JSON/],
  ['a line that is no object', (folder) => appendFileSync(join(folder, 'petition/petitions.ndjson'), '[1]\n'), /petition\/petitions\.ndjson, line \d+: a line must be a JSON object/],
  ['no deliveries', (folder) => rmSync(join(folder, 'civil'), { recursive: true }), /no folder `civil`/],
  ['a broken manifest', (folder) => writeFileSync(join(folder, 'civil/20260109/manifest.json'), '{"kind":"ALL"}'), /civil\/20260109\/manifest\.json: `kind` is wrong/],
];

test.each(faults)('%s is named in one sentence', (name, spoil, sentence) => {
  const folder = join(root, name.replaceAll(' ', '-'));
  cpSync(good, folder, { recursive: true });
  spoil(folder);
  expect(() => openDataset(folder)).toThrow(sentence);
  expect(() => openDataset(folder)).toThrow(expect.objectContaining({ code: 'DATASET_INVALID' }));
});

test('a watermark is read in the spellings that sources use', () => {
  const noon = Date.UTC(2026, 2, 2, 4);
  for (const text of ['2026-03-02 12:00:00', '2026-03-02T12:00:00+08:00', '2026-03-02T04:00:00Z', '20260302120000', '２０２６-０３-０２ 12:00:00', '2026/3/2 12:00']) expect(instantMs(text), text).toBe(noon);
  for (const text of ['2026-02-31', '待定', '', null, 20260302]) expect(instantMs(text)).toBe(Infinity);
});

test('a byte-order mark before the first line is no part of it, neither when the set is checked nor when it is served', () => {
  const folder = join(root, 'marked');
  cpSync(good, folder, { recursive: true });
  const path = join(folder, 'police/jcj_jjd.ndjson');
  const lines = readFileSync(path, 'utf8');
  writeFileSync(path, `\ufeff${lines}`);
  const { calls } = openDataset(folder);
  const file = new LineFile(path);
  try {
    expect(calls.versions.map((version) => `${file.text(version)}\n`).join('')).toBe(lines);
    expect(file.value(calls.versions[0]!)).toEqual(JSON.parse(lines.split('\n')[0]!));
  } finally {
    file.close();
  }
});

test('a byte-order mark before `dataset.json` or a manifest is no part of it, as it is none to the hub', () => {
  const folder = join(root, 'marked-manifest');
  cpSync(good, folder, { recursive: true });
  for (const name of ['dataset.json', 'civil/20260109/manifest.json']) writeFileSync(join(folder, name), `\ufeff${readFileSync(join(folder, name), 'utf8')}`);
  expect(openDataset(folder).info.seed).toBe(3);
});

// The hub could not know by the answer that it had received this ticket and sequence: it would count one version twice.
test.each([
  ['T1', 'T1'],
  [' T1 ', 'T1'],
  ['T2', ''],
  ['', ''],
  [null, ''],
  [undefined, ''],
])('an event of ticket T1 whose record is numbered %j stands in the back-fill as `%s`', (ticketNo, told) => {
  const event = { specversion: '1.0', id: 'e1', source: '/12345', type: 'cn.gov.12345.ticket.created', subject: 'T1', sequence: '1', data: { ticketNo, updatedAt: '2026-05-01T10:00:00+08:00' } };
  expect(toldTicket(event)).toMatchObject({ id: 'e1', ticketNo: told });
});
