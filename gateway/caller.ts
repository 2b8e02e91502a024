import { asOperatingError, type Pool } from '../base/db.ts';
import { YiwangError } from '../base/errors.ts';
import type { Keys } from '../base/keys.ts';
import { readClaims, type Claims } from '../policy/claims.ts';
import { departmentCode } from '../policy/classes.ts';
import type { Policy } from '../policy/decide.ts';
import type { Purpose } from '../policy/purposes.ts';
import { tiers, type Viewer } from '../policy/viewer.ts';
import type { Grants } from '../policy/federation/requirement.ts';
import { grantsOf } from './federation/grants.ts';
import { visibleMatter } from './matter.ts';
import { bearerToken, tokenReader, type TokenRules } from './viewer.ts';

/** Who sent a request, and what they may ask for at all. */
export interface Caller {
  viewer: Viewer;
  /** Every purpose of the token: introspection shows what one of them could reveal. */
  purposes: readonly Purpose[];
  /** In the terms of the federation's own directives; absent without a token. */
  grants?: Grants;
}

export interface CallerOptions {
  rules: TokenRules;
  pool: Pool;
  keys: Keys;
  policy: Policy;
}

/** The headers that a caller may set. Whatever else looks like ours is not read. */
export interface CallerHeaders {
  authorization: string | undefined;
  purpose: string | undefined;
  matter: string | undefined;
}

/** Is told who the caller is as soon as the token is accepted, and again with their place: what is refused after that is theirs. */
export type Met = (caller: Caller) => void;

/** Throws what callers are told. `traceId`: of the operation, which a subgraph's entries bear as well. */
export type Identify = (headers: CallerHeaders, traceId: string, met?: Met) => Promise<Caller>;

/**
 * From token and headers to the viewer. Without a token the caller is anonymous; a token that is not accepted is refused,
 * never treated as none. The matter is resolved last, as the viewer whose rows row-level security already bounds.
 */
export function openCallers({ rules, pool, keys, policy }: CallerOptions): Identify {
  const read = tokenReader(rules, (payload) => ({ claims: readClaims(payload), grants: grantsOf(payload) }));
  return async (headers, traceId, met = () => undefined) => {
    const token = bearerToken(headers.authorization);
    if (token === undefined) return { viewer: anonymous(policy.version, traceId), purposes: [] };
    const { claims, grants } = await read(token);
    const told = (viewer: Viewer): Caller => ({ viewer, purposes: claims.purposes, grants });
    const { kind, sub, clientId, org, department, tier, division } = claims;
    const idHmac = kind === 'RESIDENT' && claims.idNumber !== null ? keys.idHmac(claims.idNumber) : null;
    const signedIn: Viewer = { kind, sub, clientId, org, department, tier, division, purpose: null, matterKey: null, matterNo: null, idHmac, policyVersion: policy.version, traceId };
    met(told(signedIn));
    const placed = { ...signedIn, ...(await placeOf(pool, claims)) };
    met(told(placed));
    const viewer = { ...placed, purpose: purposeOf(claims, headers.purpose) };
    met(told(viewer));
    return told(headers.matter === undefined ? viewer : { ...viewer, ...(await visibleMatter(pool, policy, viewer, headers.matter)) });
  };
}

export function anonymous(policyVersion: string, traceId: string): Viewer {
  const nobody = { kind: 'ANONYMOUS', sub: '', clientId: '', org: null, department: null, tier: null, division: null, purpose: null, matterKey: null, matterNo: null, idHmac: null } as const;
  return { ...nobody, policyVersion, traceId };
}

type Place = Pick<Viewer, 'department' | 'tier' | 'division'>;

function purposeOf(claims: Claims, header: string | undefined): Purpose | null {
  if (header === undefined) return null;
  const purpose = claims.purposes.find((name) => name === header.trim());
  if (!purpose) throw new YiwangError('PURPOSE_UNKNOWN');
  return purpose;
}

/** What the token does not say of department, tier and division, the organisation's record says as it stands now: rights end with it. */
async function placeOf(pool: Pool, { org, department, tier, division }: Claims): Promise<Place> {
  if (org === null || (department !== null && tier !== null && division !== null)) return { department, tier, division };
  const recorded = await organizationPlace(pool, org);
  return { department: department ?? recorded.department, tier: tier ?? recorded.tier, division: division ?? recorded.division };
}

async function organizationPlace(pool: Pool, creditCode: string): Promise<Place> {
  const placeSql = { name: 'organization-place', text: 'SELECT department, tier, division FROM hub.organization WHERE credit_code = $1', values: [creditCode] };
  const { rows } = await pool.query<{ department: string | null; tier: string | null; division: string | null }>(placeSql).catch((error: unknown) => {
    throw asOperatingError(error);
  });
  const [row] = rows;
  return { department: departmentCode(row?.department ?? null), tier: tiers.find((tier) => tier === row?.tier) ?? null, division: row?.division ?? null };
}
