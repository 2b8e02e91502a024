import { pino, type Logger } from 'pino';

/**
 * The structured log. Nothing of a record goes in: callers log codes, counts, stream names and positions. The redaction
 * below is the second wall, for what a library attaches to an error by itself (threats.md, 19).
 */
export const log: Logger = pino(
  {
    level: process.env['YIWANG_LOG_LEVEL'] ?? 'info',
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: secretPaths(), censor: '[redacted]' },
    serializers: { err: safeError },
  },
  pino.destination({ dest: 2, sync: true }),
);

export type { Logger };

function secretPaths(): string[] {
  const names = ['authorization', 'password', 'secret', 'token', 'cookie', 'connectionString', 'parameters', 'idNumber', 'phone', 'name'];
  return [...names, ...names.map((name) => `*.${name}`), ...names.map((name) => `*.*.${name}`)];
}

/** A database driver puts row values into `detail` and `where`; only class, code and first line survive. */
export function safeError(error: unknown): Record<string, unknown> {
  if (isSafe(error)) return error; // the `err` serializer above sees what a caller already made safe
  const safe = safeFacts(error);
  safeErrors.add(safe);
  return safe;
}

const safeErrors = new WeakSet<object>();

function isSafe(error: unknown): error is Record<string, unknown> {
  return typeof error === 'object' && error !== null && safeErrors.has(error);
}

function safeFacts(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error };
  const code = (error as { code?: unknown }).code;
  const firstLine = error.message.split('\n')[0] ?? '';
  return {
    type: error.name,
    ...(typeof code === 'string' ? { code } : {}),
    message: isDriverError(error) ? '(driver message withheld)' : withoutSecrets(firstLine).slice(0, 300),
    ...(error.cause instanceof Error ? { cause: safeError(error.cause) } : {}),
    ...(error.name === 'Invariant' ? { stack: error.stack } : {}),
  };
}

function isDriverError(error: Error): boolean {
  return 'severity' in error || 'sqlState' in error || 'sqlMessage' in error;
}

/** URLs carry passwords; eighteen-digit and eleven-digit runs may be ID numbers and phones. */
export function withoutSecrets(text: string): string {
  return text.replace(/\/\/[^/@\s]*@/g, '//***@').replace(/\d{15,18}[\dXx]?/g, '***').replace(/1\d{10}/g, '***');
}
