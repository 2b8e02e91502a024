import { randomBytes } from 'node:crypto';
import type { ErrorCode } from '../base/errors.ts';
import { logged } from '../base/log.ts';
import { openSpan, type OpenSpan } from '../base/trace.ts';
import type { Purpose } from '../policy/purposes.ts';
import { openSeen, type Seen } from '../policy/seen.ts';
import type { Viewer } from '../policy/viewer.ts';
import { anonymous, type Caller } from './caller.ts';
import type { Grants } from '../policy/federation/requirement.ts';
import type { NamedOperation, ReadDocument } from './documents.ts';

/** One operation on its way through the gateway: each step adds what it found, the record at the end reads it. */
export interface Exchange {
  /** 32 hexadecimal digits, made here: a trace id of the client's could be one that was used before. */
  readonly traceId: string;
  readonly startedAtMs: number;
  /** The root of its trace, under the same id. */
  readonly span: OpenSpan;
  /** Does a part of it within its trace: spans and log lines carry its id. */
  run<T>(work: () => T): T;
  /** Anonymous until the token was checked. */
  viewer: Viewer;
  purposes: readonly Purpose[];
  /** What the token grants in the terms of the federation's own directives; null without one. */
  grants: Grants | null;
  operation: NamedOperation | null;
  document: ReadDocument | null;
  /** As sent, for the subgraphs; and coerced, for decisions. */
  rawVariables: Record<string, unknown>;
  variables: Record<string, unknown>;
  /** What the subgraphs gave and withheld, and what the gateway did. */
  seen: Seen;
  /** Coordinates the caller asked for. */
  asked: ReadonlySet<string>;
  /** Asks again who sent it, from the same token and headers; null until that was done once. */
  identify: (() => Promise<Caller>) | null;
  /** Why the operation was refused; null while it is allowed. */
  refusal: ErrorCode | null;
}

export function openExchange(policyVersion: string): Exchange {
  const traceId = randomBytes(16).toString('hex');
  const span = openSpan('operation', {}, { kind: 'SERVER', traceId });
  return {
    traceId,
    startedAtMs: performance.now(),
    span,
    run: (work) => logged({ traceId }, () => span.run(work)),
    viewer: anonymous(policyVersion, traceId),
    purposes: [],
    grants: null,
    operation: null,
    document: null,
    rawVariables: {},
    variables: {},
    seen: openSeen(),
    asked: new Set(),
    identify: null,
    refusal: null,
  };
}
