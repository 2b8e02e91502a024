import { parseArgs } from 'node:util';
import { campaign, type Tally } from './campaign.ts';

// `npm run fuzz:engine -- --runs N --seed S [--planner hive|apollo]`: see README.md beside this file.
const { values } = parseArgs({ options: { runs: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' }, planner: { type: 'string' }, 'per-world': { type: 'string', default: '25' } } });
const [runs, seed, perWorld] = [Number(values.runs), Number(values.seed), Number(values['per-world'])];
const planner = values.planner === 'hive' || values.planner === 'apollo' ? values.planner : undefined;

if (!Number.isSafeInteger(runs) || ![seed, perWorld].every(Number.isSafeInteger) || runs < 1 || perWorld < 1 || (values.planner !== undefined && !planner)) {
  process.stderr.write('usage: npm run fuzz:engine -- [--runs N] [--seed S] [--planner hive|apollo] [--per-world N]\n');
  process.exitCode = 2;
} else {
  const startedAtMs = performance.now();
  const tally = await campaign({ runs, seed, perWorld, ...(planner ? { planner } : {}), progress: (done) => void (process.stderr.isTTY && process.stderr.write(`\r${done} of ${runs} operations`)) });
  process.stdout.write(text(tally, perWorld, (performance.now() - startedAtMs) / 1000));
  process.exitCode = tally.failures.length > 0 ? 1 : 0;
}

function text({ failures, ...counts }: Tally, perWorld: number, seconds: number): string {
  const head = `\n${JSON.stringify({ seed, perWorld, ...counts, failures: failures.map((failure) => failure.seed), seconds: Math.round(seconds) })}\n`;
  return failures.length === 0 ? `${head}no difference\n` : [head, ...failures.map((failure) => told(failure, perWorld))].join('');
}

function told({ subgraphs, operation, variables, ours, apollo, one, calls, why, seed: found }: Tally['failures'][number], perWorld: number): string {
  const sdl = Object.entries(subgraphs).map(([name, text]) => `# subgraph ${name}\n${text}\n\n`);
  const answers = Object.entries({ ours, apollo, one }).map(([who, answer]) => `${who}: ${JSON.stringify(answer)}\n`);
  return `${sdl.join('')}# operation\n${operation}\n# variables\n${JSON.stringify(variables)}\n\n${answers.join('')}\nour calls:\n${calls.ours.join('\n')}\nits calls:\n${calls.apollo.join('\n')}\n\nfailed: ${why}; again: npm run fuzz:engine -- --runs 1 --seed ${found} --per-world ${perWorld}\n\n`;
}
