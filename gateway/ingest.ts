import type { FastifyInstance } from 'fastify';
import type { Config } from '../base/config.ts';
import type { Pool } from '../base/db.ts';
import { YiwangError } from '../base/errors.ts';
import { bodyBytesMax, receiveEvents } from '../connectors/ingest.ts';
import { refusal } from './request-fault.ts';

/** `POST /ingest/<department>`: deliveries of departments that push, taken as raw bytes because the signature is over them. */
export async function ingestRoutes(app: FastifyInstance, { config, pool }: { config: Config; pool: Pool }): Promise<void> {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: bodyBytesMax }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error, _request, reply) => {
    const known = (error as { statusCode?: number }).statusCode === 413 ? new YiwangError('PAYLOAD_TOO_LARGE') : error;
    const { status, told } = refusal(known);
    return reply.code(status).send({ error: { code: told.extensions?.['code'], message: told.message } });
  });
  app.post<{ Params: { department: string } }>('/ingest/:department', { bodyLimit: bodyBytesMax }, async (request, reply) => {
    const { department } = request.params;
    const secret = pushSecret(config, department);
    if (secret === undefined) throw new YiwangError('NOT_FOUND');
    const signature = request.headers['x-signature'];
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const answer = await receiveEvents({ pool, department, body, signature: Array.isArray(signature) ? undefined : signature, contentType: request.headers['content-type'], secret });
    return reply.code(answer.status).send(answer.body);
  });
  app.route({
    method: ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
    url: '/ingest/:department',
    handler: async (_request, reply) => reply.code(405).header('allow', 'POST').send({ error: { code: 'BAD_REQUEST', message: 'events are sent by POST' } }),
  });
}

/** `HOTLINE_SECRET` of a connected hotline; a department that does not push has none. */
function pushSecret(config: Config, department: string): string | undefined {
  const source = Object.hasOwn(config.sources, department) ? config.sources[department] : undefined;
  return source?.secrets[`${department.toUpperCase()}_SECRET`];
}
