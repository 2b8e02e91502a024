import type { DocumentNode } from 'graphql';
import type { Step } from './plan.ts';

/** Makes plans. `null` is the plan of an operation that needs no subgraph. */
export interface Planner {
  name: 'hive' | 'apollo';
  /** Rejects when `signal` is aborted, as far as the planner can be interrupted. `text` is `document`, printed. */
  plan(text: string, document: DocumentNode, signal: AbortSignal): Promise<Step | null>;
  stop?(): void;
}
