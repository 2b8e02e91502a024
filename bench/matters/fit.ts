import { eachCandidate } from '../../matters/candidates.ts';
import { comparisonNames, comparisons, levelsOf, type Comparison } from '../../matters/compare.ts';
import { describe, learn } from '../../matters/describe.ts';
import type { MatterWeights } from '../../matters/weights.ts';
import { divisionsOf } from '../../jobs/mentions.ts';
import { readMatters } from './read.ts';

/**
 * Fits `matters/weights.ts` to data sets with a truth, each counting the same: logistic regression on the levels (Newton,
 * ridge), because levels of one comparison are not independent of those of another. UNKNOWN weighs nothing.
 * Run: `node bench/matters/fit.ts SET…` prints the table. Seeds used for it are never reported.
 */
export async function fitted(folders: readonly string[]): Promise<MatterWeights> {
  const patterns = new Map<string, Pattern>();
  for (const folder of folders) await addPatterns(patterns, folder);
  const coefficients = newton([...patterns.values()]);
  return weightsOf(coefficients);
}

interface Pattern {
  features: number[];
  matches: number;
  times: number;
}

const offsets = offsetsOf();
const featureCount = 1 + comparisonNames.reduce((sum, name) => sum + comparisons[name].length, 0);
const pairsPerSet = 50_000;
const ridge = 6;

function offsetsOf(): number[] {
  let next = 1;
  return comparisonNames.map((name) => {
    const own = next;
    next += comparisons[name].length;
    return own;
  });
}

async function addPatterns(patterns: Map<string, Pattern>, folder: string): Promise<void> {
  const { records, truth } = await readMatters(folder);
  const order = [...records.keys()].sort((x, y) => (records[x]!.occurredAtMs ?? 0) - (records[y]!.occurredAtMs ?? 0) || (records[x]!.rid < records[y]!.rid ? -1 : 1));
  const sorted = order.map((index) => records[index]!);
  const divisions = divisionsOf(sorted);
  const described = describe(sorted, divisions, learn(sorted, divisions));
  const pairs: [number, number][] = [];
  eachCandidate(described, (i, j) => void pairs.push([i, j]));
  for (const [i, j] of pairs) {
    if (sorted[i]!.parentRid === sorted[j]!.rid || sorted[j]!.parentRid === sorted[i]!.rid) continue;
    const levels = levelsOf(described, i, j);
    const key = levels.join();
    const pattern = patterns.get(key) ?? { features: [0, ...levels.map((level, index) => offsets[index]! + level)], matches: 0, times: 0 };
    patterns.set(key, pattern);
    pattern.times += pairsPerSet / pairs.length;
    if (truth[order[i]!] === truth[order[j]!]) pattern.matches += pairsPerSet / pairs.length;
  }
}

const roundsMax = 20;
const stepMax = 2;

function newton(patterns: readonly Pattern[]): Float64Array {
  const w = new Float64Array(featureCount);
  for (let round = 0; round < roundsMax; round += 1) {
    const system = Array.from({ length: featureCount }, () => new Float64Array(featureCount + 1));
    for (const { features, matches, times } of patterns) {
      const p = 1 / (1 + Math.exp(-features.reduce((sum, feature) => sum + w[feature]!, 0)));
      for (const f of features) {
        system[f]![featureCount]! += matches - times * p;
        for (const g of features) system[f]![g]! += times * p * (1 - p);
      }
    }
    system.forEach((row, f) => {
      row[f]! += f === 0 ? 1e-6 : ridge + 1e-9;
      row[featureCount]! -= f === 0 ? 0 : ridge * w[f]!;
    });
    solve(system);
    for (let f = 0; f < featureCount; f += 1) w[f]! += Math.max(-stepMax, Math.min(stepMax, system[f]![featureCount]! / system[f]![f]!));
  }
  return w;
}

/** Gauss–Jordan with pivots, in place. */
function solve(system: Float64Array[]): void {
  for (let column = 0; column < featureCount; column += 1) {
    let pivot = column;
    for (let row = column + 1; row < featureCount; row += 1) if (Math.abs(system[row]![column]!) > Math.abs(system[pivot]![column]!)) pivot = row;
    [system[column], system[pivot]] = [system[pivot]!, system[column]!];
    for (let row = 0; row < featureCount; row += 1) {
      const factor = row === column ? 0 : system[row]![column]! / system[column]![column]!;
      if (factor !== 0) for (let k = column; k <= featureCount; k += 1) system[row]![k]! -= factor * system[column]![k]!;
    }
  }
}

function weightsOf(coefficients: Float64Array): MatterWeights {
  const bits = Array.from(coefficients, (value) => value / Math.LN2);
  let prior = bits[0]!;
  const levels = Object.fromEntries(
    comparisonNames.map((name, index) => {
      const own = comparisons[name].map((_, level) => bits[offsets[index]! + level]!);
      const unknown = own.at(-1)!;
      prior += unknown;
      return [name, orderly(name, own.map((value) => Math.round((value - unknown) * 100) / 100))];
    }),
  ) as Record<Comparison, number[]>;
  return { prior: Math.round(prior * 100) / 100, levels };
}

/** Texts that are more alike, or two shared parties instead of one, never say less. */
function orderly(name: Comparison, levels: readonly number[]): number[] {
  if (name !== 'TEXT' && name !== 'PARTY') return [...levels];
  return levels.map((value, level) => (level === levels.length - 1 ? value : Math.max(...levels.slice(level, -1))));
}

if (process.argv[1] === import.meta.filename) process.stdout.write(`${JSON.stringify(await fitted(process.argv.slice(2)), null, 2)}\n`);
