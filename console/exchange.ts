import type { ExecutionResult } from 'graphql';

/** One answer of the gateway, with the operation it answers. */
export interface Exchange {
  query: string;
  answer: ExecutionResult<Record<string, unknown>, { access?: AccessLine[] }>;
  traceId: string | null;
}

export interface AccessLine {
  coordinate: string;
  effect: 'MASKED' | 'WITHHELD';
  policy: string;
  reason: string;
  count: number;
}
