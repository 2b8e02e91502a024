/** How often the jobs look, and how long they wait before they take something over or try again. */
export interface Timing {
  /** What is due is rung for. */
  tickMs: number;
  /** The same while a run is due or under way, or what it touched is not settled. */
  busyTickMs: number;
  /** Runs without a worker are looked for, and schedules. */
  slowTickMs: number;
  /** A run whose worker died is noticed after this; its stream's lock is then free. */
  abandonedAfterSeconds: number;
  /** So long nothing may have been pushed before what was is applied. */
  pushQuietMs: number;
  /** So long no push may have touched anything before what was is linked: one in full flow is linked in bulk. */
  settleQuietMs: number;
  busyRetrySeconds: number;
  retryBaseSeconds: number;
  retryMaxSeconds: number;
  /** A job whose worker does not renew it for so long is another worker's. */
  jobLockMs: number;
  stalledCheckMs: number;
}

/** Whatever dies is taken over within a minute (pipeline.md, I5). */
export const timing: Timing = {
  tickMs: 250,
  busyTickMs: 100,
  slowTickMs: 10_000,
  abandonedAfterSeconds: 20,
  pushQuietMs: 250,
  settleQuietMs: 1_000,
  busyRetrySeconds: 1,
  retryBaseSeconds: 1,
  retryMaxSeconds: 30,
  jobLockMs: 30_000,
  stalledCheckMs: 10_000,
};
