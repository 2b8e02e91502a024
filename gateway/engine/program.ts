import { entityFetch } from './entities.ts';
import type { Condition, Step } from './plan.ts';
import { callersVariable } from './planned.ts';
import { rootFetch } from './root.ts';
import { fail, type Program, type Run } from './run.ts';
import type { IsOfType } from './types.ts';

export type Defaults = Readonly<Record<string, unknown>>;

/** A plan as functions that only need the values of an execution. `defaults`: of the operation's variables. */
export function compile(step: Step, isOfType: IsOfType, defaults: Defaults): Program {
  switch (step.kind) {
    case 'Sequence':
      return inTurn(step.steps.map((one) => compile(one, isOfType, defaults)));
    case 'Parallel':
      return together(step.steps.map((one) => compile(one, isOfType, defaults)));
    case 'Condition':
      return either(step, isOfType, defaults);
    case 'Fetch':
      return step.entities.length > 0 ? entityFetch(step, isOfType) : rootFetch(step, isOfType);
  }
}

function inTurn(programs: readonly Program[]): Program {
  return async (run) => {
    for (const program of programs) {
      if (run.deadline.passed) return; // what is missing is null, and an error says why
      await program(run);
    }
  };
}

/** Their errors stand in the order of the plan: which call ends first differs from one time to the next. */
function together(programs: readonly Program[]): Program {
  return async (run) => {
    const runs = programs.map((): Run => ({ ...run, errors: [] }));
    await Promise.all(programs.map((program, at) => program(runs[at]!)));
    for (const { errors } of runs) for (const error of errors) fail(run, error);
  };
}

function either({ variable, then, otherwise }: Condition, isOfType: IsOfType, defaults: Defaults): Program {
  const name = callersVariable(variable);
  const [whenTrue, whenFalse] = [then, otherwise].map((step) => step && compile(step, isOfType, defaults));
  return async (run) => (valueOf(run, name, defaults) === true ? whenTrue : whenFalse)?.(run);
}

function valueOf({ variables }: Run, name: string, defaults: Defaults): unknown {
  return Object.hasOwn(variables, name) && variables[name] !== undefined ? variables[name] : defaults[name];
}
