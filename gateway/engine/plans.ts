import { isSpecifiedDirective, print, valueFromASTUntyped, type DocumentNode, type GraphQLSchema } from 'graphql';
import { YiwangError } from '../../base/errors.ts';
import { onlyOperation, type Variables } from '../limits.ts';
import { recent } from '../recent.ts';
import { serially, type Step } from './plan.ts';
import type { Planners } from './planners.ts';
import { compile } from './program.ts';
import type { Program } from './run.ts';
import { argumentsLost } from './arguments.ts';
import { changesOnce } from './changes.ts';
import { directs } from './directs.ts';
import { asPlanned, withVariablesApart } from './planned.ts';
import type { IsOfType } from './types.ts';
import { writtenOut } from './written-out.ts';

/** Programs by the key of what was planned. */
export interface Plans {
  /** Rejects with `LIMIT_EXCEEDED` for a document that takes too long to plan. */
  program(planKey: string, document: DocumentNode, variables: Variables): Promise<Program>;
  readonly size: number;
}

export interface PlansOptions {
  schema: GraphQLSchema;
  planners: Pick<Planners, 'plan'>;
  isOfType: IsOfType;
  /** Whether a plan asks for what it needs with the arguments that it needs (arguments.ts); throws for what cannot be served. */
  isKept?: (step: Step | null) => boolean;
}

const plansKeptMax = 1_000;
/** Characters of the texts that are kept plans of; what is kept grows with them. */
const charactersKeptMax = 4_000_000;

/** Plans once, and keeps what was used last. */
export function openPlans({ schema, planners, isOfType, isKept = () => true }: PlansOptions): Plans {
  const kept = recent<{ program: Program; characters: number }>(plansKeptMax, { weightMax: charactersKeptMax, weightOf: ({ characters }) => characters });
  const underWay = new Map<string, Promise<Program>>();
  const hasDirectives = schema.getDirectives().some((directive) => !isSpecifiedDirective(directive));
  const plannersFor = (document: DocumentNode) => (hasDirectives && directs(document) ? keepDirectives : undefined);
  /** What nobody can plan as it stands may be planned with its fragments written out. */
  const inAnotherForm = async (error: unknown, text: string, document: DocumentNode): Promise<Step | null> => {
    if (!(error instanceof YiwangError && error.code === 'INTERNAL')) throw error;
    const other = print(asPlanned(withVariablesApart(writtenOut(schema, document))));
    if (other === text) throw error;
    return planners.plan(other, plannersFor(document));
  };
  const planned = async (planKey: string, document: DocumentNode) => {
    const text = print(asPlanned(withVariablesApart(document)));
    let step = await planners.plan(text, plannersFor(document)).catch((error: unknown) => inAnotherForm(error, text, document));
    if (!isKept(step)) step = await planners.plan(text, ['apollo']);
    if (!isKept(step)) throw argumentsLost();
    const program = step ? compile(serially(step), isOfType, defaultsOf(document)) : nothing;
    return kept.set(planKey, { program, characters: text.length }).program;
  };
  return {
    async program(key, asked, variables) {
      const { document, key: values } = changesOnce(asked, variables);
      const planKey = values === '' ? key : `${key} ${values}`;
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

/** The native planner (0.0.38) leaves out directives of the graph's own; subgraphs act on them. */
const keepDirectives = ['apollo'] as const;
const nothing: Program = async () => undefined;

function defaultsOf(document: DocumentNode): Record<string, unknown> {
  const definitions = onlyOperation(document).variableDefinitions ?? [];
  return Object.fromEntries(definitions.flatMap(({ variable, defaultValue }) => (defaultValue ? [[variable.name.value, valueFromASTUntyped(defaultValue)]] : [])));
}
