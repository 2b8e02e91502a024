import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { SignJWT, type JWTPayload } from 'jose';
import { derivedKey } from '../../base/canonical.ts';
import { YiwangError } from '../../base/errors.ts';
import type { TokenRules } from '../viewer.ts';

/** An OIDC issuer for the demo and for tests. Its key is derived from the home's master secret: every process of one home agrees. */
export interface DemoIssuer {
  /** How a gateway checks this issuer's tokens. */
  rules: TokenRules;
  /** A token of `seconds` life (15 minutes unless told) with these claims. */
  mintToken(claims: JWTPayload, seconds?: number): Promise<string>;
}

/** Refuses with NODE_ENV=production: whoever reads the home could be anybody. */
export function demoIssuer(masterSecret: Uint8Array, options: { now?: () => Date; env?: NodeJS.ProcessEnv } = {}): DemoIssuer {
  if ((options.env ?? process.env)['NODE_ENV'] === 'production') {
    throw new YiwangError('CONFIG', { hint: 'the demo issuer does not run with NODE_ENV=production; set OIDC_ISSUER and OIDC_AUDIENCE' });
  }
  const now = options.now ?? (() => new Date());
  const privateKey = ed25519Key(derivedKey(masterSecret, 'demo-issuer'));
  const publicKey = createPublicKey(privateKey);
  return {
    rules: { issuer: demoIssuerName, audience: demoAudience, keys: async ({ alg }) => keyFor(alg, publicKey), now },
    mintToken: (claims, seconds = tokenSeconds) => minted(privateKey, claims, seconds, now()),
  };
}

export const demoIssuerName = 'urn:yiwang:demo-issuer';
export const demoAudience = 'yiwang';
const tokenSeconds = 15 * 60;

function minted(key: KeyObject, claims: JWTPayload, seconds: number, now: Date): Promise<string> {
  const issuedAt = Math.floor(now.getTime() / 1000);
  const signer = new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA', typ: 'JWT', kid: 'demo' });
  return signer.setIssuer(demoIssuerName).setAudience(demoAudience).setIssuedAt(issuedAt).setExpirationTime(issuedAt + seconds).sign(key);
}

function keyFor(algorithm: string | undefined, key: KeyObject): KeyObject {
  if (algorithm !== 'EdDSA') throw new YiwangError('UNAUTHENTICATED', { hint: 'the token is not signed by this hub’s issuer' });
  return key;
}

/** An Ed25519 private key of a 32-byte seed, as PKCS#8 (RFC 8410, section 7). */
function ed25519Key(seed: Buffer): KeyObject {
  const prefix = Buffer.from('302e020100300506032b657004220420', 'hex');
  return createPrivateKey({ key: Buffer.concat([prefix, seed]), format: 'der', type: 'pkcs8' });
}
