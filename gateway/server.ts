import Fastify, { type FastifyInstance, type FastifyReply, type FastifyServerOptions } from 'fastify';
import { YiwangError } from '../base/errors.ts';
import { securityHeaders, setSecurityHeaders } from './pages.ts';
import { refusal } from './request-fault.ts';

/**
 * The gateway's HTTP server. What a route does not answer for itself, and what Fastify refuses before there is a route, is
 * told in the hub's own form: Fastify would hand on the texts of drivers, with host and port (threats.md, 8 and 10).
 */
export function openServer(options: FastifyServerOptions = {}): FastifyInstance {
  const app = Fastify({ logger: false, forceCloseConnections: 'idle', ...options, frameworkErrors: (error, _request, reply) => void refuseUnrouted(error, reply) });
  securityHeaders(app);
  app.setErrorHandler((error, _request, reply) => refuse(error, reply));
  app.setNotFoundHandler((_request, reply) => refuse(new YiwangError('NOT_FOUND'), reply));
  return app;
}

/** No hook runs where there is no route. */
function refuseUnrouted(error: unknown, reply: FastifyReply): FastifyReply {
  setSecurityHeaders(reply);
  return refuse(error, reply);
}

/** The type and the caching are the error's own: a page may have set what suits the page. */
function refuse(error: unknown, reply: FastifyReply): FastifyReply {
  const { status, told } = refusal(error);
  return reply.code(status).type('application/json; charset=utf-8').header('cache-control', 'no-store').send(JSON.stringify({ errors: [told] }));
}
