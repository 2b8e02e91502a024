/**
 * One question of the audit: a caller, an operation, and what may and may not come back. Nothing here knows which gateway
 * it is asked of.
 */
export interface AuthzCase {
  name: string;
  /** The class of known advisories, or the sentence of the specification, that it stands for. */
  threat: string;
  caller: Caller;
  query: string;
  variables?: Record<string, unknown>;
  /**
   * What the answer's `data` must be. Where it holds a null for what was refused, a gateway may also refuse the whole
   * operation (no data, errors) or leave the refused key out. Absent: only that no secret comes out is asked for.
   */
  data?: unknown;
  /** Other answers that give no more away. */
  alsoRight?: readonly unknown[];
  /** Refused coordinates: `extensions.access` names each, where the gateway has that extension. */
  refused?: readonly string[];
  /** A refused field is not fetched: no subgraph is sent a text that matches this. */
  neverSent?: RegExp;
  /** Answered or refused before: what bounds an operation holds here too. */
  answeredWithinMs?: number;
  /** Changes that must not run. */
  neverRun?: readonly string[];
  /** Asked just before by somebody who may, so that nothing kept for them serves this caller; `together`: at the same time. */
  after?: { caller: Caller; together?: boolean };
  /** What differs from a POST of JSON with a good token. */
  request?: RequestShape;
  /** A point on which specifications are silent: reported, and no reason to fail. */
  open?: boolean;
}

/** What a token grants; null: no token. */
export type Caller = { scope?: string; policies?: readonly string[] } | null;

export type RequestShape =
  | { kind: 'GET' }
  | { kind: 'form' }
  | { kind: 'text' }
  | { kind: 'multipart' }
  | { kind: 'batch' }
  | { kind: 'persisted' }
  | { kind: 'headers'; headers: Record<string, string> }
  | { kind: 'body'; body: Record<string, unknown> }
  | { kind: 'operationName'; name: string }
  /** The token is forged in this way; what it claims would open everything. */
  | { kind: 'token'; flaw: TokenFlaw };

export type TokenFlaw = 'none' | 'unsigned' | 'hmac' | 'other-key' | 'expired' | 'no-exp' | 'not-yet' | 'issuer' | 'audience' | 'jwk' | 'jku' | 'kid-path' | 'crit' | 'changed' | 'scheme' | 'garbage';

export const nobody: Caller = null;
export const member: Caller = {};
