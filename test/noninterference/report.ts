import type { Finding, Tally } from './campaign.ts';
import { changesBetween } from './tables.ts';

/** What was done, in one line of JSON, and what was found, for a reader. */
export function tallyText({ finding: _, faults, classes, ...counts }: Tally, seed: number, seconds: number): string {
  return `${JSON.stringify({ seed, ...counts, viewerClasses: classes.size, faults: faults.length, seconds: Math.round(seconds) })}\n`;
}

export function findingText({ seed, viewer, operation, one, other, base, twin }: Finding): string {
  const changes = changesBetween(base, twin).map(({ table, key, before, after }) => {
    if (!before || !after) return `  ${table} ${key}: ${after ? 'only in the other hub' : 'not in the other hub'}`;
    const columns = Object.keys(before).filter((column) => JSON.stringify(before[column]) !== JSON.stringify(after[column]));
    return columns.map((column) => `  ${table} ${key} ${column}: ${JSON.stringify(before[column])} → ${JSON.stringify(after[column])}`).join('\n');
  });
  return [`viewer: ${viewer.label}`, operation.text, `variables: ${JSON.stringify(operation.variables)}`, 'the hubs differ, where this viewer sees nothing, in', ...changes, `one hub:   ${one}`, `the other: ${other}`, `again: npm run fuzz:access -- --runs 1000000 --seed ${seed}`, ''].join('\n');
}
