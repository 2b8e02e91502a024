/**
 * A query plan in the one form that is compiled, whichever planner made it: which subgraph is asked what, after what, and
 * where in the answer the entities stand that it is asked about.
 */
export type Step = Sequence | Parallel | Condition | Fetch;

export interface Sequence {
  kind: 'Sequence';
  steps: Step[];
}

export interface Parallel {
  kind: 'Parallel';
  steps: Step[];
}

/** Goes by a Boolean variable of the operation. */
export interface Condition {
  kind: 'Condition';
  variable: string;
  then: Step | null;
  otherwise: Step | null;
}

export interface Fetch {
  kind: 'Fetch';
  subgraph: string;
  /** The text that is sent. */
  operation: string;
  operationName: string | undefined;
  isMutation: boolean;
  /** Variables of the caller's operation that it uses. */
  variables: readonly string[];
  /** Where the answer goes when no entities are asked about; empty: the root. */
  at: Path;
  /** Lists of entities that it is asked about, by the alias under which the answer has them. */
  entities: readonly Entities[];
  outputRewrites: readonly Rewrite[];
}

export interface Entities {
  alias: string;
  /** Variable that carries the representations. */
  variable: string;
  paths: readonly Path[];
  requires: readonly Required[];
  inputRewrites: readonly Rewrite[];
  outputRewrites: readonly Rewrite[];
}

/** From the root of the answer: response keys, `@` for each item of a list, or only objects of these types. */
export type Path = readonly Segment[];
export type Segment = string | { types: readonly string[] };
export const eachItem = '@';

/** What a representation is made of. */
export type Required = RequiredField | RequiredOn;

export interface RequiredField {
  kind: 'field';
  /** Response keys under which the answer may have it; the first that is there is taken. */
  from: readonly string[];
  to: string;
  selections: readonly Required[] | null;
}

export interface RequiredOn {
  kind: 'on';
  type: string;
  selections: readonly Required[];
}

/** Sets or renames what stands at the end of a path; a path's objects of other types are left alone. */
export type Rewrite = { kind: 'set'; path: Path; value: unknown } | { kind: 'rename'; path: Path; to: string };

/**
 * Root fields of a mutation run one after another (specification, 6.2.2): one that a planner put beside other steps runs
 * after them, alone.
 */
export function serially(step: Step): Step {
  if (step.kind === 'Sequence') return { kind: 'Sequence', steps: step.steps.map(serially) };
  if (step.kind !== 'Parallel') return step;
  const mutations = step.steps.filter(mutates);
  if (mutations.length === 0) return step;
  const others = step.steps.filter((one) => !mutates(one));
  const before: Step[] = others.length > 0 ? [{ kind: 'Parallel', steps: others }] : [];
  return { kind: 'Sequence', steps: [...before, ...mutations.map(serially)] };
}

function mutates(step: Step): boolean {
  if (step.kind === 'Fetch') return step.isMutation;
  if (step.kind === 'Condition') return [step.then, step.otherwise].some((one) => one !== null && mutates(one));
  return step.steps.some(mutates);
}
