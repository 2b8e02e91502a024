import type { DocumentNode } from 'graphql';
import type { Step } from './plan.ts';

export type PlannerName = 'hive' | 'apollo';

/** Makes plans. `null` is the plan of an operation that needs no subgraph. */
export interface Planner {
  plan(text: string, document: DocumentNode): Step | null;
}

/** What is asked of the planning process, and what it answers. */
export interface PlanRequest {
  supergraphSdl?: string;
  id: number;
  text: string;
  planner: PlannerName;
}

export type PlanReply = { id: number; step: Step | null } | { id: number; reason: string };
