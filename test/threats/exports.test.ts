import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readCsv, writeCsv, writeSheet } from '../../cli/csv.ts';

/** What leaves as CSV is opened in spreadsheets, and what stands in it came from elsewhere (threats.md, 29). */
const folder = mkdtempSync(join(tmpdir(), 'yiwang-exports-'));
afterAll(() => rmSync(folder, { recursive: true }));

const hostile = ['=cmd|\' /C calc\'!A0', '+1+1', '-2+3', '@SUM(A1)', '\tx', '=HYPERLINK("http://x","y")', '-', '+86 138'];
const harmless: (string | number)[] = ['a=b', '-5', '+86138', '1e3', '', '张*', 'x,"y"', -7];

describe.each([['writeCsv', writeCsv], ['writeSheet', writeSheet]])('%s', (name, write) => {
  const file = join(folder, `${name}.csv`);
  test('no cell begins like a formula, quoted or not; plain numbers and texts are as they were', () => {
    write(file, ['value'], [...hostile, ...harmless].map((value) => [value]));
    const cells = readFileSync(file, 'utf8').replace(/^\ufeff/, '').split(/\r?\n(?!$)/).slice(1).map((line) => line.trim().replace(/^"/, ''));
    expect(cells.filter((cell) => /^[=@\t]/.test(cell) || /^[+-](?!\d+$)/.test(cell))).toEqual([]);
    const read = readCsv(file, ['value']).map(({ value }) => value);
    expect(read.slice(0, hostile.length)).toEqual(hostile.map((value) => `'${value}`));
    expect(read.slice(hostile.length)).toEqual(harmless.filter((value) => value !== '').map(String));
  });
});

test('a sheet for people begins with a byte-order mark; what programs read does not', () => {
  writeSheet(join(folder, 'people.csv'), ['字段'], [['张*']]);
  writeCsv(join(folder, 'programs.csv'), ['field'], [['x']]);
  expect([...readFileSync(join(folder, 'people.csv')).subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
  expect(readFileSync(join(folder, 'programs.csv'), 'utf8')).toBe('field\nx\n');
});

test.each(['report.csv.exe', 'report.exe', 'report.xlsx.csv', 'report', '.csv'])('a sheet is not called %s', (name) => {
  expect(() => writeSheet(join(folder, name), ['a'], [])).toThrow(/\.csv/);
});

test.each([['nothing at all', ''], ['a picture', '\ufffdPNG\n'], ['another sheet, without rows', 'department,stream\n']])('%s is not read as a sheet that happens to be empty', (_, text) => {
  writeFileSync(join(folder, 'truth.csv'), text);
  expect(() => readCsv(join(folder, 'truth.csv'), ['recordKey'])).toThrow(/has no column `recordKey`/);
  writeFileSync(join(folder, 'truth.csv'), 'recordKey\n');
  expect(readCsv(join(folder, 'truth.csv'), ['recordKey'])).toEqual([]);
});
