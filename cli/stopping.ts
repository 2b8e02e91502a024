const parentPollMs = 500;
const repeatIgnoredMs = 2000;

/**
 * One signal for everything a long-running command has started: aborted by SIGINT, SIGTERM, SIGHUP, or when the wrapper
 * that started this process (`scripts/run.mjs`, `cli/yiwang.mjs`), or npm's shell, has died: who ends npm ends only these two.
 * A second SIGINT, later than the duplicates that npm and a terminal send, ends the process at once; the embedded database
 * then stops by itself.
 */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  let askedAtMs = 0;
  const ask = (signal: string) => {
    if (controller.signal.aborted) {
      if (signal === 'SIGINT' && Date.now() - askedAtMs > repeatIgnoredMs) process.exit(130);
      return;
    }
    askedAtMs = Date.now();
    controller.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => ask(signal));
  const wrapper = process.env['npm_lifecycle_event'] ? process.ppid : Number(process.env['YIWANG_WRAPPER_PID']);
  if (wrapper > 1 && process.ppid === wrapper) {
    const watch = setInterval(() => {
      if (process.ppid === wrapper) return;
      clearInterval(watch);
      ask('SIGTERM');
    }, parentPollMs).unref();
  }
  return controller.signal;
}

/** Resolves when the signal is aborted. */
export function stopped(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  else signal.addEventListener('abort', () => resolve(), { once: true });
  const keepAlive = setInterval(() => undefined, 1 << 30);
  return promise.finally(() => clearInterval(keepAlive));
}

/** The result of `work`, unless the signal is aborted first: then it rejects and what is under way is left to its fate. */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason as Error);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
