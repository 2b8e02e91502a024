import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createInlineSigningKeyProvider, defineConfig, extractFromHeader } from '@graphql-hive/gateway';

// For test/authz-audit: tokens as its README says, keys from AUTHZ_JWKS, refused fields granularly. Documented settings only.
const { keys } = JSON.parse(readFileSync(process.env.AUTHZ_JWKS, 'utf8'));
const pem = createPublicKey({ key: keys.find(({ alg }) => alg === 'RS256'), format: 'jwk' }).export({ format: 'pem', type: 'spki' });

export const gatewayConfig = defineConfig({
  jwt: {
    signingKeyProviders: [createInlineSigningKeyProvider(pem)],
    tokenLookupLocations: [extractFromHeader({ name: 'authorization', prefix: 'Bearer' })],
    tokenVerification: { algorithms: ['RS256'], issuer: 'https://audit.example', audience: 'authz-audit' },
    reject: { missingToken: false, invalidToken: true },
  },
  genericAuth: {
    mode: 'protect-granular',
    resolveUserFn: (context) => context.jwt?.payload,
    extractScopes: (user) => user?.scope?.split(' ') ?? [],
    extractPolicies: (user) => user?.policies ?? [],
    rejectUnauthenticated: false,
  },
});
