import { writeFileSync } from 'node:fs';
import { afterEach, expect, test, vi } from 'vitest';
import { exitCodes, report } from '../../cli/failure.ts';

afterEach(() => vi.restoreAllMocks());

test.skipIf(process.platform !== 'linux')('a disk that is full is told of in one sentence', async () => {
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const full = (() => {
    try {
      return writeFileSync('/dev/full', 'x');
    } catch (error) {
      return error;
    }
  })();
  expect(await report(full)).toBe(exitCodes.failed);
  expect(said.mock.calls.map(([text]) => text)).toEqual([expect.stringMatching(/^yiwang: a disk is full.*磁盘已满.*\[DISK_FULL\]\n$/)]);
});
