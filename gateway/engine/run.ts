import type { GraphQLError } from 'graphql';
import type { Deadline } from '../deadline.ts';
import type { SubgraphAnswer } from '../subgraph.ts';
import type { JsonObject } from '../shape.ts';

/** One execution of a program. */
export interface Run {
  /** What is known so far, under the response keys of the operation that was planned. */
  root: JsonObject;
  errors: GraphQLError[];
  /** As sent. */
  variables: Readonly<Record<string, unknown>>;
  deadline: Deadline;
  ask(subgraph: string, body: string): Promise<SubgraphAnswer>;
  /** Subgraphs count positions: tell them how many places of the answer each entity fills. */
  counts: boolean;
}

/** A compiled step. Resolves when everything that it could fetch stands in the root; faults are among the errors. */
export type Program = (run: Run) => Promise<void>;

export const errorsMax = 1_000;

export function fail(run: Run, error: GraphQLError): void {
  if (run.errors.length < errorsMax) run.errors.push(error);
}
