import { YiwangError, errorTable, type ErrorCode } from '../base/errors.ts';
import type { FinishedRun } from '../jobs/sync.ts';

/** Throws with the code of the first run that did not succeed, and tells of all of them. */
export function refuseFailed(runs: readonly FinishedRun[]): void {
  const failed = runs.filter((run) => run.status !== 'SUCCEEDED');
  if (failed.length === 0) return;
  const code = failed[0]!.errorCode;
  throw new YiwangError(isErrorCode(code) ? code : 'INTERNAL', { hint: failed.map(ending).join('; ') });
}

function ending({ department, stream, status, message, errorCode }: FinishedRun): string {
  return `\`${department}/${stream}\` ended with ${status}: ${message ?? errorCode ?? 'no reason given'}`;
}

function isErrorCode(code: string | null): code is ErrorCode {
  return code !== null && Object.hasOwn(errorTable, code);
}
