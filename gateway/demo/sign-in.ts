import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Pool } from '../../base/db.ts';
import { YiwangError } from '../../base/errors.ts';
import type { DemoIssuer } from './issuer.ts';
import { personaClaims, personas } from './personas.ts';
import { refusal } from '../request-fault.ts';
import { exampleMatter } from './example-matter.ts';

export interface DemoOptions {
  pool: Pool;
  issuer: DemoIssuer;
  /** Types of records that the graph serves. */
  recordTypes: readonly string[];
}

/**
 * Sign-in by persona, for the console of the demo: off in production and wherever a real issuer is set. Whoever reaches
 * this machine's own address can be anybody here, so the address must be this machine's own: a foreign name that was
 * pointed at it (DNS rebinding) is refused.
 */
export async function demoRoutes(app: FastifyInstance, { pool, issuer, recordTypes }: DemoOptions): Promise<void> {
  app.setErrorHandler((error, _request, reply) => {
    const { status, told } = refusal(error);
    return reply.code(status).send({ error: { code: told.extensions?.['code'], message: told.message, zh: told.extensions?.['zh'] } });
  });
  app.addHook('onRequest', async (request) => refuseForeign(request));
  app.get('/demo/personas', async () => Object.entries(personas).map(([name, persona]) => ({ name, ...persona })));
  app.post('/demo/token', async (request) => {
    const asked = tokenShape.safeParse(request.body);
    if (!asked.success) throw new YiwangError('BAD_REQUEST', { hint: 'the body is not {"persona": name}' });
    const claims = await personaClaims(pool, asked.data.persona);
    const { kind, department, tier, division, org, purposes } = claims;
    return { token: await issuer.mintToken(claims), caller: { persona: asked.data.persona, kind, department, tier, division, org, purposes }, matterNo: await exampleMatter(pool, claims, recordTypes) };
  });
}

const tokenShape = z.strictObject({ persona: z.string().max(64) });
const ownHosts = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

function refuseForeign(request: FastifyRequest): void {
  const site = request.headers['sec-fetch-site'];
  const isOwn = ownHosts.test(request.headers.host ?? '') && (site === undefined || site === 'same-origin' || site === 'none');
  if (!isOwn) throw new YiwangError('FORBIDDEN', { hint: 'the demo signs in callers of this machine only' });
}
