import { say, texts, waterfallWords, type Language } from './texts.ts';

/** A pair as `linkageOf` and `linkageReviews` give it; further fields do not matter here. */
interface Pair {
  id?: string;
  prior: number;
  weight: number;
  probability?: number;
  levels: { comparison: string; level: string; weight: number | null }[];
}

interface Step {
  name: string;
  level: string;
  weight: number;
  from: number;
  to: number;
}

/** Why two records are held to be one person: the prior, then what each comparison adds or takes, to the match weight. */
export function Waterfalls({ language, answer }: { language: Language; answer: unknown }) {
  const pairs = pairsIn(answer, 0).slice(0, pairsMax);
  if (pairs.length === 0) return null;
  return (
    <section className="waterfalls" aria-label={say(texts.waterfall, language)}>
      <h2>{say(texts.waterfall, language)} <small>{say(texts.waterfallHint, language)}</small></h2>
      {pairs.map((pair, at) => <Waterfall key={pair.id ?? at} pair={pair} language={language} />)}
    </section>
  );
}

function Waterfall({ pair, language }: { pair: Pair; language: Language }) {
  const steps = stepsOf(pair, language);
  const ends = steps.flatMap(({ from, to }) => [from, to]);
  const [low, high] = [Math.min(0, ...ends), Math.max(0, ...ends)];
  const x = (bits: number) => labelWidth + ((bits - low) / (high - low || 1)) * chartWidth;
  const height = steps.length * rowHeight + 8;
  return (
    <figure>
      <svg role="img" viewBox={`0 0 ${labelWidth + chartWidth + 64} ${height}`} aria-label={`${pair.weight.toFixed(1)} ${say(texts.bits, language)}`}>
        <line className="zero" x1={x(0)} x2={x(0)} y1={0} y2={height} />
        {steps.map((step, row) => (
          <g key={step.name} transform={`translate(0 ${row * rowHeight + 4})`}>
            <text x={labelWidth - 8} y={15} textAnchor="end">{step.name}<tspan className="level"> {step.level}</tspan></text>
            <rect className={step.name === say(texts.total, language) ? 'sum' : step.weight < 0 ? 'against' : 'for'} x={x(Math.min(step.from, step.to))} y={3} width={Math.max(1, Math.abs(x(step.to) - x(step.from)))} height={rowHeight - 8} rx={2} />
            <text x={x(Math.max(step.from, step.to)) + 6} y={15} className="weight">{step.weight > 0 ? '+' : ''}{step.weight.toFixed(1)}</text>
          </g>
        ))}
      </svg>
      {pair.probability !== undefined && <figcaption>p = {pair.probability.toFixed(4)}</figcaption>}
    </figure>
  );
}

function stepsOf(pair: Pair, language: Language): Step[] {
  let at = pair.prior;
  const steps: Step[] = [{ name: say(texts.prior, language), level: '', weight: pair.prior, from: 0, to: pair.prior }];
  for (const { comparison, level, weight } of pair.levels) {
    if (weight === null) continue; // a veto has no length
    steps.push({ name: say(waterfallWords[comparison], language) || comparison, level: say(waterfallWords[level], language) || level, weight, from: at, to: at + weight });
    at += weight;
  }
  return [...steps, { name: say(texts.total, language), level: '', weight: pair.weight, from: 0, to: pair.weight }];
}

/** Pairs anywhere in an answer. */
function pairsIn(value: unknown, depth: number): Pair[] {
  if (value === null || typeof value !== 'object' || depth > depthMax) return [];
  const one = value as Partial<Pair>;
  if (Array.isArray(one.levels) && typeof one.prior === 'number' && typeof one.weight === 'number') return [one as Pair];
  return Object.values(value).flatMap((inner) => pairsIn(inner, depth + 1));
}

const pairsMax = 20;
const depthMax = 12;
const labelWidth = 260;
const chartWidth = 420;
const rowHeight = 24;
