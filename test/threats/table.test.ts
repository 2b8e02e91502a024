import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from '../../base/departments.ts';

const threats = 30;
const rows = readFileSync(join(projectRoot(), 'test', 'threats', 'README.md'), 'utf8').split('\n').flatMap((line) => {
  const found = /^\| (\d+) \| (.+?) \| (.+) \|$/.exec(line);
  return found ? [{ number: Number(found[1]), tests: found[3]!.split('; ') }] : [];
});

test('every threat has a line', () => {
  expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: threats }, (_, at) => at + 1));
});

test.each(rows)('threat $number names tests that are there', ({ tests }) => {
  expect(tests.length).toBeGreaterThan(0);
  for (const one of tests) {
    const [, file, title] = /^`([^`]+)`(?: › `(.+)`)?$/.exec(one) ?? [];
    const text = readFileSync(join(projectRoot(), 'test', file ?? ''), 'utf8');
    if (title !== undefined) expect([file, text.includes(title.replaceAll('\\`', '`'))]).toEqual([file, true]);
  }
});
