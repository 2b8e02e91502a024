import { sheetRows } from '../../connectors/sources/xlsx.ts';

// Reads each workbook of argv and says how it ended, in what time, and by how much the process grew at its largest.
const [warm, ...paths] = process.argv.slice(2) as [string, ...string[]];
for await (const row of sheetRows(warm)) void row;
const before = process.resourceUsage().maxRSS;
const outcomes: object[] = [];
for (const path of paths) {
  const startedAt = performance.now();
  let ended = 'READ';
  try {
    for await (const row of sheetRows(path)) void row;
  } catch (error) {
    ended = (error as Error).message;
  }
  outcomes.push({ ended, ms: performance.now() - startedAt });
}
process.stdout.write(JSON.stringify({ outcomes, grownMb: (process.resourceUsage().maxRSS - before) / 1024 }));
