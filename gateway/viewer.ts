import { createRemoteJWKSet, decodeProtectedHeader, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import { sha256Hex } from '../base/canonical.ts';
import { YiwangError } from '../base/errors.ts';
import { log, safeError } from '../base/log.ts';
import { recent } from './recent.ts';

/** What a token must be to be believed. `keys` finds the issuer's key for a token's header. */
export interface TokenRules {
  issuer: string;
  audience: string;
  keys: JWTVerifyGetKey;
  now: () => Date;
}

/**
 * The claims of a bearer token, or `UNAUTHENTICATED`. Whoever sends the token is hostile (threats.md, 18): the algorithms
 * are pinned, the claims that end its life are required, a token older than 15 minutes is refused whatever its `exp`,
 * and nothing in its header may say where a key is to be found.
 */
export async function tokenClaims(token: string, rules: TokenRules): Promise<JWTPayload> {
  if (token.length > tokenCharactersMax) throw refused('the token is too long');
  checkHeader(token);
  try {
    const { payload } = await jwtVerify(token, rules.keys, {
      issuer: rules.issuer,
      audience: rules.audience,
      algorithms: [...algorithms],
      requiredClaims: ['iss', 'aud', 'exp', 'iat', 'sub'],
      maxTokenAge: tokenAgeSecondsMax,
      clockTolerance: skewSecondsMax,
      currentDate: rules.now(),
    });
    if ((payload.exp ?? Infinity) - (payload.iat ?? 0) > tokenAgeSecondsMax) throw refused('the token is valid for more than 15 minutes');
    return payload;
  } catch (error) {
    if (error instanceof YiwangError) throw error;
    throw tokenError(error);
  }
}

/** What `read` makes of a token's claims; of a token that was checked a moment ago it is known. A signature costs more than all the rest about a caller. */
export function tokenReader<T>(rules: TokenRules, read: (claims: JWTPayload) => T): (token: string) => Promise<T> {
  const checked = recent<{ claims: T; untilMs: number }>(tokensKeptMax);
  return async (token) => {
    const hash = sha256Hex(token); // the token itself is not kept
    const known = checked.get(hash);
    if (known && rules.now().getTime() < known.untilMs) return known.claims;
    const payload = await tokenClaims(token, rules);
    const claims = read(payload);
    checked.set(hash, { claims, untilMs: Math.min(rules.now().getTime() + checkedMsMax, (payload.exp ?? 0) * 1000) });
    return claims;
  };
}

/** The token of an `Authorization` header: undefined without one, `UNAUTHENTICATED` for any other scheme or form. */
export function bearerToken(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const match = /^bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(header.trim());
  if (!match?.[1]) throw refused('the Authorization header is not `Bearer` and a token');
  return match[1];
}

/** The keys of an OIDC issuer, found by discovery on first use; cached, and asked for anew at most every 30 s. */
export function issuerKeys(issuer: string): JWTVerifyGetKey {
  let found: Promise<JWTVerifyGetKey> | undefined;
  let askedAtMs = -Infinity;
  return async (header, token) => {
    if (!found) {
      if (performance.now() - askedAtMs < keysCooldownMs) throw refused('the keys of the issuer cannot be had');
      askedAtMs = performance.now();
      found = discovered(issuer);
      found.catch(() => (found = undefined));
    }
    return (await found)(header, token);
  };
}

const algorithms = ['RS256', 'ES256', 'EdDSA'] as const;
const tokenAgeSecondsMax = 15 * 60;
const skewSecondsMax = 5;
const tokensKeptMax = 10_000;
/** A key that its issuer took back is believed no longer than this. */
const checkedMsMax = 30_000;
const tokenCharactersMax = 8_192;
const keysCooldownMs = 30_000;
const keysAgeMsMax = 600_000;
const discoveryTimeoutMs = 5_000;
const plainKid = /^[\w.~=+-]{1,128}$/;
/** Header parameters by which a token would name its own key, or change how it is read. */
const forbiddenParameters = ['jku', 'jwk', 'x5u', 'x5c', 'x5t', 'crit', 'b64', 'zip', 'enc'];

function checkHeader(token: string): void {
  const header = protectedHeader(token);
  const named = forbiddenParameters.find((name) => Object.hasOwn(header, name));
  if (named) throw refused(`the token's header has \`${named}\``);
  if (typeof header['alg'] !== 'string' || !(algorithms as readonly string[]).includes(header['alg'])) throw refused(`the token's algorithm is not one of ${algorithms.join(', ')}`);
  // A kid ends in look-ups: nothing that could be a path, a URL or SQL.
  if (header['kid'] !== undefined && (typeof header['kid'] !== 'string' || !plainKid.test(header['kid']))) throw refused('the key id in the token is malformed');
}

function protectedHeader(token: string): Record<string, unknown> {
  try {
    return decodeProtectedHeader(token);
  } catch (error) {
    throw refused('the token is malformed', error);
  }
}

const discoveryShape = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https?$/ }) });

async function discovered(issuer: string): Promise<JWTVerifyGetKey> {
  const response = await fetch(`${issuer.replace(/\/+$/, '')}/.well-known/openid-configuration`, { redirect: 'error', signal: AbortSignal.timeout(discoveryTimeoutMs) });
  const found = discoveryShape.parse(await response.json());
  if (found.issuer !== issuer) throw refused('the issuer names itself otherwise than OIDC_ISSUER does');
  return createRemoteJWKSet(new URL(found.jwks_uri), { cooldownDuration: keysCooldownMs, cacheMaxAge: keysAgeMsMax, timeoutDuration: discoveryTimeoutMs });
}

/** The sentence names what is wrong with the caller's own token, never with our keys. */
function tokenError(error: unknown): YiwangError {
  if (error instanceof errors.JWTExpired) return refused('the token has expired', error);
  if (error instanceof errors.JWTClaimValidationFailed) return refused(`the token's claim \`${error.claim}\` is missing or not accepted`, error);
  if (error instanceof errors.JOSEError) return refused('the token is not signed by this hub’s issuer', error);
  log.error({ err: safeError(error) }, 'the keys of the OIDC issuer cannot be had');
  return refused('the token cannot be checked now', error);
}

function refused(hint: string, cause?: unknown): YiwangError {
  return new YiwangError('UNAUTHENTICATED', { hint, ...(cause === undefined ? {} : { cause }) });
}
