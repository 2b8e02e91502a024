import type { FastifyInstance, FastifyRequest } from 'fastify';
import { givenUpAfter, type Pool } from '../base/db.ts';
import { withinMs } from '../base/within.ts';
import { YiwangError } from '../base/errors.ts';
import { log, safeError } from '../base/log.ts';
import type { Metrics } from './metrics.ts';

/** `/livez`: this process answers. `/readyz`: so does its database, in `databaseMsMax`. `/metrics`: Prometheus text. */
export async function healthRoutes(app: FastifyInstance, { pool, metrics }: { pool: Pool; metrics: Metrics }): Promise<void> {
  app.get('/livez', async () => ({ live: true }));
  app.get('/readyz', async (_request, reply) => {
    try {
      await withinMs(databaseMsMax, pool.query(givenUpAfter(databaseMsMax, 'SELECT 1')), () => new YiwangError('DATABASE_UNAVAILABLE', { detail: 'no answer in time' }));
      return { ready: true };
    } catch (error) {
      log.warn({ err: safeError(error) }, 'not ready: the database does not answer');
      return reply.code(503).send({ ready: false });
    }
  });
  app.get('/metrics', async (request, reply) => {
    if (!isFromHere(request)) return reply.code(404).send({ error: { code: 'NOT_FOUND' } });
    return reply.type(metrics.contentType).send(await metrics.text());
  });
}

/** Less than whoever asks whether the hub is ready waits for an answer. */
const databaseMsMax = 3_000;

/** Metrics are for a collector on this machine: not for other hosts, nor for what a proxy on this one passes on. */
function isFromHere({ socket, headers }: FastifyRequest): boolean {
  return /^(?:::1|(?:::ffff:)?127\.)/.test(socket.remoteAddress ?? '') && headers['x-forwarded-for'] === undefined && headers['forwarded'] === undefined;
}
