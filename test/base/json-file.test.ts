import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readJsonFile } from '../../base/json-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'yiwang-json-'));
const file = join(folder, 'one.json');
afterAll(() => rmSync(folder, { recursive: true }));

test.each(['', '\ufeff'])('a file that begins with %j says what stands after it', (mark) => {
  writeFileSync(file, `${mark}{"name":"一网"}`);
  expect(readJsonFile(file)).toEqual({ name: '一网' });
});

test('what is no JSON, or not there, is thrown as the system has it', () => {
  writeFileSync(file, '\ufeff\ufeff{}');
  expect(() => readJsonFile(file)).toThrow(SyntaxError);
  expect(() => readJsonFile(join(folder, 'none.json'))).toThrow('ENOENT');
});
