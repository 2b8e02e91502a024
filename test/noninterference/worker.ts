import { campaign } from './campaign.ts';
import { findingText, tallyText } from './report.ts';
import { smallest } from './shrink.ts';
import { openRegister, openTwin } from './twin.ts';

/** What a worker is sent once, and what it tells. */
export interface Order {
  urls: readonly [string, string];
  seed: number;
  runs: number;
}
export type Heard = { operations: number } | { text: string };

process.once('message', (order: Order) => void worked(order));

async function worked({ urls, seed, runs }: Order): Promise<void> {
  const tell = (message: Heard) => process.send?.(message);
  const startedAtMs = performance.now();
  const register = openRegister();
  const [one, other] = await Promise.all(urls.map((url) => openTwin(url, register)));
  const arena = { one: one!, other: other!, register };
  const tally = await campaign(arena, { seed, runs, progress: ({ operations }) => tell({ operations }) });
  tell({ text: tallyText(tally, seed, (performance.now() - startedAtMs) / 1000) });
  for (const fault of tally.faults) tell({ text: `${JSON.stringify(fault)}\n` });
  if (tally.finding) tell({ text: findingText(await smallest(arena, tally.finding)) });
  await Promise.all([arena.one.stop(), arena.other.stop()]);
  process.exitCode = tally.finding || tally.faults.length > 0 ? 1 : 0;
  process.disconnect();
}
