import type { Pool } from '../base/db.ts';
import { YiwangError } from '../base/errors.ts';
import type { Keys } from '../base/keys.ts';
import { readClaims, type Claims } from '../policy/claims.ts';
import { departmentCode } from '../policy/classes.ts';
import type { Purpose } from '../policy/purposes.ts';
import { tiers, type Viewer } from '../policy/viewer.ts';
import { grantsOf, type Grants } from './federation/grants.ts';
import { visibleMatter } from './matter.ts';
import { recent } from './recent.ts';
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
  policyVersion: () => string;
}

/** The headers that a caller may set. Whatever else looks like ours is not read. */
export interface CallerHeaders {
  authorization: string | undefined;
  purpose: string | undefined;
  matter: string | undefined;
}

/**
 * From token and headers to the viewer. Without a token the caller is anonymous; a token that is not accepted is refused,
 * never treated as none. The matter is resolved last, as the viewer whose rows row-level security already bounds.
 */
export function openCallers(options: CallerOptions): (headers: CallerHeaders, traceId: string) => Promise<Caller> {
  const organizations = recent<Promise<Place>>(organizationsKeptMax);
  const read = tokenReader(options.rules, (payload) => ({ claims: readClaims(payload), grants: grantsOf(payload) }));
  return async (headers, traceId) => {
    const token = bearerToken(headers.authorization);
    if (token === undefined) return { viewer: anonymous(options.policyVersion(), traceId), purposes: [] };
    const { claims, grants } = await read(token);
    const place = await placeOf(options.pool, claims, organizations);
    const viewer: Viewer = {
      kind: claims.kind,
      sub: claims.sub,
      clientId: claims.clientId,
      org: claims.org,
      ...place,
      purpose: purposeOf(claims, headers.purpose),
      matterKey: null,
      matterNo: null,
      idHmac: claims.kind === 'RESIDENT' && claims.idNumber !== null ? options.keys.idHmac(claims.idNumber) : null,
      policyVersion: options.policyVersion(),
      traceId,
    };
    const matter = headers.matter === undefined ? null : await visibleMatter(options.pool, viewer, headers.matter);
    return { viewer: { ...viewer, ...matter }, purposes: claims.purposes, grants };
  };
}

export function anonymous(policyVersion: string, traceId: string): Viewer {
  const nobody = { kind: 'ANONYMOUS', sub: '', clientId: '', org: null, department: null, tier: null, division: null, purpose: null, matterKey: null, matterNo: null, idHmac: null } as const;
  return { ...nobody, policyVersion, traceId };
}

const organizationsKeptMax = 10_000;

type Place = Pick<Viewer, 'department' | 'tier' | 'division'>;

function purposeOf(claims: Claims, header: string | undefined): Purpose | null {
  if (header === undefined) return null;
  const purpose = claims.purposes.find((name) => name === header.trim());
  if (!purpose) throw new YiwangError('PURPOSE_UNKNOWN');
  return purpose;
}

/** What the token does not say of department, tier and division, the organisation's record says. */
async function placeOf(pool: Pool, claims: Claims, known: { get(key: string): Promise<Place> | undefined; set(key: string, value: Promise<Place>): Promise<Place> }): Promise<Place> {
  const { org, department, tier, division } = claims;
  if (org === null || (department !== null && tier !== null && division !== null)) return { department, tier, division };
  const recorded = await (known.get(org) ?? known.set(org, organizationPlace(pool, org)));
  return { department: department ?? recorded.department, tier: tier ?? recorded.tier, division: division ?? recorded.division };
}

async function organizationPlace(pool: Pool, creditCode: string): Promise<Place> {
  const { rows } = await pool.query<{ department: string | null; tier: string | null; division: string | null }>('SELECT department, tier, division FROM hub.organization WHERE credit_code = $1', [creditCode]);
  const [row] = rows;
  return { department: departmentCode(row?.department ?? null), tier: tiers.find((tier) => tier === row?.tier) ?? null, division: row?.division ?? null };
}
