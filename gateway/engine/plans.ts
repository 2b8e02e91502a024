import { print, valueFromASTUntyped, type DocumentNode } from 'graphql';
import { YiwangError } from '../../base/errors.ts';
import { limits, onlyOperation } from '../limits.ts';
import { recent } from '../recent.ts';
import { serially } from './plan.ts';
import type { Planner } from './planner.ts';
import { compile } from './program.ts';
import type { Program } from './run.ts';
import { withTypenames } from './typenames.ts';
import type { IsOfType } from './types.ts';

/** Programs by the key of what was planned. */
export interface Plans {
  /** Rejects with `LIMIT_EXCEEDED` for a document that takes too long to plan. */
  program(planKey: string, document: DocumentNode): Promise<Program>;
  readonly size: number;
}

const plansKeptMax = 1_000;
/** Characters of the texts that are kept plans of; what is kept grows with them. */
const charactersKeptMax = 4_000_000;

/** Plans once, keeps what was used last, and plans few at once: a planner has threads that others need too. */
export function openPlans(planner: Planner, isOfType: IsOfType): Plans {
  const kept = recent<{ program: Program; characters: number }>(plansKeptMax, { weightMax: charactersKeptMax, weightOf: ({ characters }) => characters });
  const underWay = new Map<string, Promise<Program>>();
  const turn = turns();
  const planned = async (planKey: string, document: DocumentNode) => {
    const told = withTypenames(document);
    const text = print(told);
    const step = await turn(() => inTime((signal) => planner.plan(text, told, signal)));
    const program = step ? compile(serially(step), isOfType, defaultsOf(document)) : nothing;
    return kept.set(planKey, { program, characters: text.length }).program;
  };
  return {
    async program(planKey, document) {
      const known = kept.get(planKey);
      if (known) return known.program;
      const waiting = underWay.get(planKey);
      if (waiting) return waiting;
      const program = planned(planKey, document).finally(() => underWay.delete(planKey));
      underWay.set(planKey, program);
      return program;
    },
    get size() {
      return kept.size;
    },
  };
}

const nothing: Program = async () => undefined;
const plansAtOnceMax = 2;
const plansWaitingMax = 200;

/** Runs at most `plansAtOnceMax` at once; refuses when too many wait. */
function turns(): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= plansAtOnceMax) {
      if (waiting.length >= plansWaitingMax) throw new YiwangError('LIMIT_EXCEEDED', { hint: 'too many new operations at once; try again' });
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}

async function inTime<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), limits.planningMsMax);
  try {
    return await work(abort.signal);
  } catch (error) {
    if (!abort.signal.aborted) throw error;
    throw new YiwangError('LIMIT_EXCEEDED', { hint: `the operation is over the limit \`planningMsMax\` of ${limits.planningMsMax}`, cause: error });
  } finally {
    clearTimeout(timer);
  }
}

function defaultsOf(document: DocumentNode): Record<string, unknown> {
  const definitions = onlyOperation(document).variableDefinitions ?? [];
  return Object.fromEntries(definitions.flatMap(({ variable, defaultValue }) => (defaultValue ? [[variable.name.value, valueFromASTUntyped(defaultValue)]] : [])));
}
