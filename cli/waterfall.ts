import type { PersonExplanation } from '../linkage/persons.ts';

/** The waterfall of a pair as rows of a table: each bar begins where the one above it ends. A veto is `✗`. */
export function waterfallRows(explanation: PersonExplanation): string[][] {
  let at = 0;
  const steps = [{ name: '(prior 先验)', level: '', weight: explanation.prior, rarity: '' }, ...explanation.parts.map((part) => ({ name: part.comparison, level: part.level, weight: part.weight, rarity: part.termFrequency === 0 ? '' : part.termFrequency.toFixed(2) }))].map((step) => {
    const from = at;
    at = Number.isFinite(step.weight) ? at + step.weight : at;
    return { ...step, from, to: at };
  });
  const all = [...steps, { name: '(sum 合计)', level: '', weight: explanation.weight, rarity: '', from: 0, to: Number.isFinite(explanation.weight) ? explanation.weight : 0 }];
  const low = Math.min(0, ...all.flatMap(({ from, to }) => [from, to]));
  const high = Math.max(0, ...all.flatMap(({ from, to }) => [from, to]));
  const column = (bits: number) => Math.round(((bits - low) / (high - low || 1)) * barColumns);
  return all.map(({ name, level, weight, rarity, from, to }) => [name, level, Number.isFinite(weight) ? weight.toFixed(2) : '−∞', rarity, Number.isFinite(weight) ? bar(column(from), column(to), weight) : '✗']);
}

function bar(from: number, to: number, weight: number): string {
  const [start, end] = [Math.min(from, to), Math.max(from, to)];
  if (weight === 0) return `${' '.repeat(start)}·`;
  return ' '.repeat(start) + (weight < 0 ? '░' : '█').repeat(Math.max(1, end - start));
}

const barColumns = 40;
