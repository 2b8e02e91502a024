import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import type { Caller, TokenFlaw } from './case.ts';

export const issuer = 'https://audit.example';
export const audience = 'authz-audit';
export type Algorithm = 'EdDSA' | 'RS256';

/** The audit's own issuer: one key of each algorithm. */
export interface Issuer {
  /** What the gateway is configured with. */
  jwks: string;
  /** Private keys as PEM, so that a further run signs with the same. */
  pem: Record<Algorithm, string>;
  algorithm: Algorithm;
}

const liveSeconds = 300;

export function openIssuer(algorithm: Algorithm, pem?: Record<Algorithm, string>): Issuer {
  const keys = pem ?? { EdDSA: pemOf(generateKeyPairSync('ed25519').privateKey), RS256: pemOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey) };
  const jwk = (alg: Algorithm) => ({ ...createPublicKey(keys[alg]).export({ format: 'jwk' }), alg, use: 'sig', kid: kidOf(alg) });
  return { jwks: `${JSON.stringify({ keys: [jwk('EdDSA'), jwk('RS256')] }, null, 2)}\n`, pem: keys, algorithm };
}

/** The value of an `Authorization` header for what a caller is granted, forged in one way where that is asked for. */
export function authorization(from: Issuer, caller: NonNullable<Caller>, flaw?: TokenFlaw): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: issuer, aud: audience, sub: 'audit', iat: now, exp: now + liveSeconds, ...caller };
  const key = createPrivateKey(from.pem[from.algorithm]);
  const header = { alg: from.algorithm, typ: 'JWT', kid: kidOf(from.algorithm) };
  const good = () => signed(header, claims, from.algorithm, key);
  switch (flaw) {
    case undefined:
      return `Bearer ${good()}`;
    case 'none':
      return `Bearer ${text({ alg: 'none', typ: 'JWT' })}.${text(claims)}.`;
    case 'unsigned':
      return `Bearer ${good().split('.').slice(0, 2).join('.')}.`;
    case 'hmac':
      return `Bearer ${hmacSigned({ ...header, alg: 'HS256' }, claims, createPublicKey(key))}`;
    case 'other-key':
      return `Bearer ${signed(header, claims, from.algorithm, otherKey(from.algorithm))}`;
    case 'expired':
      return `Bearer ${signed(header, { ...claims, iat: now - 7_200, exp: now - 3_600 }, from.algorithm, key)}`;
    case 'no-exp':
      return `Bearer ${signed(header, { ...claims, exp: undefined }, from.algorithm, key)}`;
    case 'not-yet':
      return `Bearer ${signed(header, { ...claims, nbf: now + 3_600, exp: now + 7_200 }, from.algorithm, key)}`;
    case 'issuer':
      return `Bearer ${signed(header, { ...claims, iss: 'https://elsewhere.example' }, from.algorithm, key)}`;
    case 'audience':
      return `Bearer ${signed(header, { ...claims, aud: 'elsewhere' }, from.algorithm, key)}`;
    case 'jwk': {
      const own = otherKey(from.algorithm);
      return `Bearer ${signed({ ...header, jwk: createPublicKey(own).export({ format: 'jwk' }) }, claims, from.algorithm, own)}`;
    }
    case 'jku':
      return `Bearer ${signed({ ...header, jku: 'https://elsewhere.example/jwks.json' }, claims, from.algorithm, otherKey(from.algorithm))}`;
    case 'kid-path':
      return `Bearer ${hmacSigned({ alg: 'HS256', kid: '../../../dev/null' }, claims, '')}`;
    case 'crit':
      return `Bearer ${signed({ ...header, crit: ['urn:audit:unknown'], 'urn:audit:unknown': true }, claims, from.algorithm, key)}`;
    case 'changed': {
      const [head = '', , signature = ''] = signed(header, { ...claims, scope: 'nothing', policies: [] }, from.algorithm, key).split('.');
      return `Bearer ${head}.${text(claims)}.${signature}`;
    }
    case 'scheme':
      return `Basic ${Buffer.from('admin:admin').toString('base64')}`;
    case 'garbage':
      return 'Bearer not.a.token';
  }
}

function kidOf(alg: Algorithm): string {
  return `audit-${alg.toLowerCase()}`;
}

function signed(header: object, claims: object, alg: Algorithm, key: KeyObject): string {
  const input = `${text(header)}.${text(claims)}`;
  return `${input}.${sign(alg === 'EdDSA' ? null : 'sha256', Buffer.from(input), key).toString('base64url')}`;
}

function hmacSigned(header: object, claims: object, key: KeyObject | string): string {
  const input = `${text(header)}.${text(claims)}`;
  const secret = typeof key === 'string' ? key : (key.export({ format: 'pem', type: 'spki' }) as string);
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

function otherKey(alg: Algorithm): KeyObject {
  return alg === 'EdDSA' ? generateKeyPairSync('ed25519').privateKey : generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
}

function pemOf(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'pkcs8' }) as string;
}

function text(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
