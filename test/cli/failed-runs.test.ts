import { expect, it } from 'vitest';
import { refuseFailed } from '../../cli/failed-runs.ts';
import type { FinishedRun } from '../../jobs/sync.ts';

const run = (status: string, errorCode: string | null): FinishedRun => ({ id: 'r', department: 'police', stream: 'jcj_jjd', mode: 'INCREMENT', status, counts: {}, errorCode, message: null });

it.each(['SOURCE_SCHEMA', 'SOURCE_REFUSED', 'HELD'] as const)('a run that ended %s is told as that', (code) => {
  expect(() => refuseFailed([run('SUCCEEDED', null), run(code === 'HELD' ? 'HELD' : 'FAILED', code)])).toThrow(expect.objectContaining({ code }));
});
