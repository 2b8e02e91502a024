import { createLocalJWKSet, errors, jwtVerify, type JSONWebKeySet, type JWTPayload, type JWTVerifyOptions } from 'jose';
import { z } from 'zod';
import { YiwangError } from '../../base/errors.ts';
import { noGrants, type Grants } from '../../policy/federation/requirement.ts';
import { bearerToken } from '../viewer.ts';

export interface GrantRules {
  /** Text of a JWKS file; without one no token can be checked, and so none is accepted. */
  jwks: string | undefined;
  issuer: string | undefined;
  audience: string | undefined;
}

/**
 * Reads the `Authorization` header at an open gateway: no header is anonymous, an invalid token is `UNAUTHENTICATED`,
 * never anonymous. EdDSA and RS256, fixed by the key; `exp` is required, `nbf`, `iss` and `aud` are honoured.
 */
export function openGrants({ jwks, issuer, audience }: GrantRules): (authorization: string | undefined) => Promise<Grants> {
  const keys = jwks === undefined ? undefined : createLocalJWKSet(readJwks(jwks));
  return async (authorization) => {
    const token = bearerToken(authorization);
    if (token === undefined) return noGrants;
    if (!keys) throw new YiwangError('UNAUTHENTICATED', { hint: 'this gateway has no keys to check a token with (--jwks)' });
    try {
      return grantsOf(await verified(token, keys, { algorithms: ['EdDSA', 'RS256'], requiredClaims: ['exp'], ...(issuer === undefined ? {} : { issuer }), ...(audience === undefined ? {} : { audience }) }));
    } catch (error) {
      throw new YiwangError('UNAUTHENTICATED', { hint: error instanceof errors.JWTExpired ? 'the token has expired' : 'the token is not accepted', cause: error });
    }
  };
}

/** Several keys may fit a token that names none: one of them must have signed it. */
async function verified(token: string, keys: ReturnType<typeof createLocalJWKSet>, options: JWTVerifyOptions): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, keys, options)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    for await (const key of error) {
      try {
        return (await jwtVerify(token, key, options)).payload;
      } catch (other) {
        if (!(other instanceof errors.JWSSignatureVerificationFailed)) throw other;
      }
    }
    throw error;
  }
}

/** What the claims of a token that was accepted grant. */
export function grantsOf(payload: JWTPayload): Grants {
  return { authenticated: true, scopes: words(payload['scope']), policies: words(payload['policies']) };
}

const jwksShape = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) });

function readJwks(text: string): JSONWebKeySet {
  try {
    return jwksShape.parse(JSON.parse(text)) as JSONWebKeySet;
  } catch (error) {
    throw new YiwangError('CONFIG', { hint: 'the JWKS file is not a JSON Web Key Set', cause: error });
  }
}

/** `scope` is words with spaces between (RFC 8693); both may be lists. */
function words(claim: JWTPayload[string]): Set<string> {
  const list = typeof claim === 'string' ? claim.split(' ') : Array.isArray(claim) ? claim : [];
  return new Set(list.filter((word): word is string => typeof word === 'string' && word !== ''));
}
