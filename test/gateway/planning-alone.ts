import { execFileSync } from 'node:child_process';
import { openPlanners } from '../../gateway/engine/planners.ts';
import { hardToPlan } from './hard-to-plan.ts';

// A process that waits for a plan that takes minutes, and tells which processes plan for it. Started and killed by a test.
const msMax = 600_000;
const { supergraphSdl, query } = hardToPlan(9);
const planners = openPlanners(supergraphSdl, ['hive'], { hive: msMax, apollo: msMax });
await planners.plan('{ a { id } }');
void planners.plan(query);
const planning = () => execFileSync('pgrep', ['-P', String(process.pid), '-f', 'engine/planning.ts'], { encoding: 'utf8' }).trim().split('\n');
const timer = setInterval(() => {
  if (planning().length < 2) return; // the hard document has its own process only after a while
  clearInterval(timer);
  process.stdout.write(planning().join(' '));
}, 100);
setInterval(() => undefined, msMax);
