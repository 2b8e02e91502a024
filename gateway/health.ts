import type { FastifyInstance } from 'fastify';
import type { Pool } from '../base/db.ts';
import { log, safeError } from '../base/log.ts';
import type { Metrics } from './metrics.ts';

/** `/livez`: this process answers. `/readyz`: so does its database. `/metrics`: Prometheus text. */
export async function healthRoutes(app: FastifyInstance, { pool, metrics }: { pool: Pool; metrics: Metrics }): Promise<void> {
  app.get('/livez', async () => ({ live: true }));
  app.get('/readyz', async (_request, reply) => {
    try {
      await pool.query('SELECT 1');
      return { ready: true };
    } catch (error) {
      log.warn({ err: safeError(error) }, 'not ready: the database does not answer');
      return reply.code(503).send({ ready: false });
    }
  });
  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()));
}
