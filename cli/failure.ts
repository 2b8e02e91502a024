import { CommanderError } from 'commander';
import { errorTable, YiwangError } from '../base/errors.ts';
import { log } from '../base/log.ts';

/** Exit codes of every command. */
export const exitCodes = { done: 0, failed: 1, usage: 2 } as const;

/** Says on stderr what went wrong, in one sentence in English and Chinese, and returns the exit code. */
export async function report(thrown: unknown): Promise<number> {
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? exitCodes.done : exitCodes.usage; // commander has said it
  const { asOperatingError } = await import('../base/db.ts');
  const error = asDiskError(asFileError(asListeningError(asOperatingError(thrown))));
  if (!(error instanceof YiwangError)) {
    log.error({ err: error }, 'command failed');
    if (error instanceof Error && process.env['YIWANG_LOG_LEVEL'] === 'debug') process.stderr.write(`${error.stack}\n`);
    process.stderr.write('yiwang: something went wrong here; YIWANG_LOG_LEVEL=debug shows where · 内部错误，可用 YIWANG_LOG_LEVEL=debug 查看 [INTERNAL]\n');
    return exitCodes.failed;
  }
  process.stderr.write(`${told(error)}\n`);
  return error.code === 'USAGE' ? exitCodes.usage : exitCodes.failed;
}

/** Fastify passes on what the system said of the port. */
function asListeningError(error: unknown): unknown {
  const { code, port } = error as { code?: unknown; port?: unknown };
  const reason = code === 'EADDRINUSE' ? 'is in use by another program' : code === 'EACCES' && port !== undefined ? 'may not be opened by this user' : undefined;
  return reason === undefined ? error : new YiwangError('CONFIG', { hint: `port ${String(port)} ${reason}; choose another by PORT, or by --port of \`gateway\``, cause: error });
}

const fileReasons: Readonly<Record<string, string>> = {
  EACCES: 'this user may not',
  EEXIST: 'something else of that name is there',
  EISDIR: 'it is a folder',
  ENOENT: 'there is no such place',
  ENOTDIR: 'it lies below what is no folder',
  EPERM: 'this user may not',
  EROFS: 'nothing can be written there',
};

/** A path that cannot be read or written as the command line has it. */
function asFileError(error: unknown): unknown {
  const { code, path } = error as { code?: unknown; path?: unknown };
  const reason = typeof code === 'string' && typeof path === 'string' ? fileReasons[code] : undefined;
  return reason === undefined ? error : new YiwangError('USAGE', { hint: `\`${String(path)}\` cannot be used: ${reason}`, cause: error });
}

/** What was opened may be written to no more; the system does not say which file it was. */
function asDiskError(error: unknown): unknown {
  const { code } = error as { code?: unknown };
  return code === 'ENOSPC' || code === 'EDQUOT' ? new YiwangError('DISK_FULL', { cause: error }) : error;
}

/** As every command says it: one sentence in English and Chinese, and the code. */
export function told(error: YiwangError): string {
  const { en, zh } = errorTable[error.code];
  return `yiwang: ${error.hint ?? en} · ${zh} [${error.code}]`;
}
