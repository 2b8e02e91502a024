import type { DocumentNode } from 'graphql';
import type { Step } from './plan.ts';

export type PlannerName = 'hive' | 'apollo';

/** Makes plans. `null` is the plan of an operation that needs no subgraph. */
export interface Planner {
  plan(text: string, document: DocumentNode): Step | null;
}

/** What a planning process is told first: it says `ready` when it has made this planner, which takes longer than most plans. */
export interface PlanOpening {
  supergraphSdl: string;
  first: PlannerName;
}

/** What is asked of it then, and what it answers. */
export interface PlanRequest {
  id: number;
  text: string;
  planner: PlannerName;
}

export type PlanReply = { id: number; step: Step | null } | { id: number; reason: string };
