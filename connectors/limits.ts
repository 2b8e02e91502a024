/** What one run may take of its source and of this process. Tests pass smaller ones; nothing waits longer than these. */
export interface Limits {
  pageRowsMax: number;
  pageBytesMax: number;
  cellBytesMax: number;
  recordBytesMax: number;
  /** An index of PostgreSQL takes some 2,700 bytes at most. */
  keyBytesMax: number;
  fileBytesMax: number;
  /** One question to a source, its whole answer included. */
  attemptDeadlineMs: number;
  /** All attempts at one page and the waits between them. */
  pageDeadlineMs: number;
  /** The files of one delivery are hashed before its first row is read. */
  deliveryDeadlineMs: number;
  /** A run that is not through by then ends as one that may be tried again; what it committed stays. */
  runDeadlineMs: number;
  attemptsMax: number;
  retryBaseMs: number;
  retryMaxMs: number;
  retryAfterMaxSeconds: number;
}

/** What every source kind keeps unless it is told otherwise. */
export const limits: Limits = {
  pageRowsMax: 500,
  pageBytesMax: 64 * 1024 * 1024,
  cellBytesMax: 64 * 1024,
  recordBytesMax: 1024 * 1024,
  keyBytesMax: 1024,
  fileBytesMax: 2 * 1024 ** 3,
  attemptDeadlineMs: 30_000,
  pageDeadlineMs: 60_000,
  deliveryDeadlineMs: 10 * 60_000,
  runDeadlineMs: 2 * 60 * 60_000,
  attemptsMax: 8,
  retryBaseMs: 200,
  retryMaxMs: 10_000,
  retryAfterMaxSeconds: 120,
};
