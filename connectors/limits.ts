/** Page, deadline and retries that every source kind keeps. */
export const limits = {
  pageRowsMax: 500,
  pageDeadlineMs: 60_000,
  pageBytesMax: 64 * 1024 * 1024,
  attemptsMax: 8,
  retryBaseMs: 200,
  retryMaxMs: 10_000,
  retryAfterMaxSeconds: 120,
} as const;
