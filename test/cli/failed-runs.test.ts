import { expect, it } from 'vitest';
import { refuseFailed } from '../../cli/failed-runs.ts';
import type { FinishedRun } from '../../jobs/sync.ts';

const run = (status: string, errorCode: string | null): FinishedRun => ({ id: 'r', department: 'police', stream: 'jcj_jjd', mode: 'INCREMENT', status, counts: {}, errorCode, message: null });

it.each(['SOURCE_SCHEMA', 'SOURCE_REFUSED', 'HELD'] as const)('a run that ended %s is told as that', (code) => {
  expect(() => refuseFailed([run('SUCCEEDED', null), run(code === 'HELD' ? 'HELD' : 'FAILED', code)])).toThrow(expect.objectContaining({ code }));
});

it('all that did not succeed are told, with the code of the first', () => {
  const second = { ...run('FAILED', 'SOURCE_SCHEMA'), stream: 'rk_hj', message: 'lacks `gxsj`' };
  expect(() => refuseFailed([run('HELD', 'HELD'), run('SUCCEEDED', null), second])).toThrow(expect.objectContaining({ code: 'HELD', hint: '`police/jcj_jjd` ended with HELD: HELD; `police/rk_hj` ended with FAILED: lacks `gxsj`' }));
});
