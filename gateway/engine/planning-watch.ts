import { workerData } from 'node:worker_threads';

// A thread of the planning process. Its main thread hears that the gateway is gone only between two documents; a document
// that is planned for ever would keep the process alone for ever. Whose parent ends is given another one.
const parent = workerData as number;
const lookEveryMs = 1_000;

setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
}, lookEveryMs);
