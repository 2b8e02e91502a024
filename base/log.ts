import { AsyncLocalStorage } from 'node:async_hooks';
import { pino, type Logger } from 'pino';
import { YiwangError } from './errors.ts';

const about = new AsyncLocalStorage<Readonly<Record<string, string>>>();
const textCharactersMax = 300;
const itemsMax = 20;
const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
type Level = (typeof levels)[number];

/**
 * The structured log. Nothing of a record goes in: callers log codes, counts, stream names and positions. Three walls stand
 * behind that (threats.md, 19): a closed list of fields, texts in which runs of digits are starred out, and names of secrets
 * that are redacted wherever a library puts them.
 */
export const log: Logger = pino(
  {
    level: levels.find((level) => level === process.env['YIWANG_LOG_LEVEL']) ?? 'info', // a command refuses what is none
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    mixin: () => ({ ...about.getStore() }),
    formatters: { log: knownFields },
    hooks: { logMethod: withSafeTexts },
    redact: { paths: secretPaths(), censor: '[redacted]' },
    serializers: { err: safeError },
  },
  pino.destination({ dest: 2, sync: true }),
);

export type { Logger };

/** The level of `YIWANG_LOG_LEVEL`, or `otherwise` where nothing is set; `USAGE` where that is none. */
export function logLevel(otherwise: Level): Level {
  const wanted = process.env['YIWANG_LOG_LEVEL'] || otherwise;
  const found = levels.find((level) => level === wanted);
  if (found === undefined) throw new YiwangError('USAGE', { hint: `YIWANG_LOG_LEVEL: not one of ${levels.join(', ')}` });
  return found;
}

/** Whatever is logged within `work`, however deep, carries these fields: of which run, of which operation it is. */
export function logged<T>(fields: Partial<Record<(typeof contextFields)[number], string>>, work: () => T): T {
  return about.run({ ...about.getStore(), ...fields }, work);
}

const contextFields = ['runId', 'traceId', 'department', 'stream'] as const;

/** What may be logged at all. Another field stands as `[redacted]` until somebody has thought about it. */
export const logFields: ReadonlySet<string> = new Set([
  ...contextFields, 'err', 'code', 'detail', 'reason', 'subgraph', 'path', 'url', 'services', 'delivery', 'rows', 'bytes', 'waiting', 'answers', 'attempt', 'mode', 'offered', 'touched', 'status', 'planner', 'total', 'read', 'operation', 'release', 'version',
]);

/** Made here: a run of their digits is no phone. */
const ownIds: ReadonlySet<string> = new Set(['runId', 'traceId']);

function knownFields(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, name === 'err' || ownIds.has(name) ? value : logFields.has(name) ? safeValue(value) : '[redacted]']));
}

function safeValue(value: unknown): unknown {
  if (typeof value === 'string') return withoutSecrets(value).slice(0, textCharactersMax);
  if (Array.isArray(value)) return value.slice(0, itemsMax).map((item) => (typeof item === 'object' ? '[redacted]' : safeValue(item)));
  return typeof value === 'object' && value !== null ? '[redacted]' : value;
}

/** An error without a text of ours would lend its own to the line, a driver's too: it is told by its safe facts. */
function withSafeTexts(this: Logger, [first, ...rest]: unknown[], method: (...args: never[]) => void): void {
  const fields = first instanceof Error ? { err: safeError(first) } : first;
  const texts = rest.length === 0 && typeof fields === 'object' && fields !== null && 'err' in fields ? ['error'] : rest;
  method.apply(this, [fields, ...texts].map((part) => (typeof part === 'string' ? withoutSecrets(part) : part)) as never[]);
}

function secretPaths(): string[] {
  const names = ['authorization', 'password', 'secret', 'token', 'cookie', 'set-cookie', 'x-signature', 'connectionString', 'parameters', 'values', 'idNumber', 'phone', 'phones', 'address', 'name'];
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
    message: isDriverError(error) ? '(driver message withheld)' : withoutSecrets(firstLine).slice(0, textCharactersMax),
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
