import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyServerOptions } from 'fastify';
import { YiwangError } from '../base/errors.ts';
import { securityHeaders, setSecurityHeaders } from './pages.ts';
import { refusal, unreadable } from './request-fault.ts';

/**
 * The gateway's HTTP server. What a route does not answer for itself, and what Fastify refuses before there is a route, is
 * told in the hub's own form: Fastify would hand on the texts of drivers, with host and port (threats.md, 8 and 10).
 */
export function openServer(options: FastifyServerOptions = {}): FastifyInstance {
  const app = Fastify({ logger: false, forceCloseConnections: 'idle', ...options, frameworkErrors: (error, _request, reply) => void refuseUnrouted(error, reply), clientErrorHandler: refuseUnread });
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

/** What is no request yet has no reply: it is answered on its connection, which then ends, as Node and Fastify do. */
function refuseUnread(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const { status, told } = unreadable(error);
  const body = JSON.stringify({ errors: [told] });
  if (socket.writable) socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n${body}`);
  socket.destroy(error);
}
