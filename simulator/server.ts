import { createServer, type Server } from 'node:http';
import { YiwangError } from '../base/errors.ts';
import { log, safeError } from '../base/log.ts';
import { json, readRequest, send, type Answer, type Request } from './http.ts';
import type { Misbehaviour, Misbehaviours } from './misbehave.ts';

/** The routes of one department; `answer` is told of a misbehaviour that concerns what it says, not only how it is sent. */
export interface Route {
  department: string;
  prefix: string;
  answer(request: Request, wrong: Misbehaviour | undefined): Answer | Promise<Answer>;
}

/** Listens, answers each route as it should or as it was told to misbehave, and everything else by `control`. */
export async function listening(routes: Route[], control: (request: Request) => Promise<Answer>, misbehaviours: Misbehaviours, host: string, port: number): Promise<Server> {
  const server = createServer(async (message, response) => {
    try {
      const request = await readRequest(message);
      const route = routes.find(({ prefix }) => request.url.pathname === prefix || request.url.pathname.startsWith(`${prefix}/`));
      if (!route) return await send(response, await control(request), undefined);
      request.url.pathname = request.url.pathname.slice(route.prefix.length) || '/';
      const wrong = misbehaviours.next(route.department);
      await send(response, await route.answer(request, wrong), wrong);
    } catch (error) {
      const known = error instanceof YiwangError;
      if (!known) log.error({ err: safeError(error) }, 'the simulator failed');
      if (!response.headersSent) await send(response, json(known ? error.http : 500, { error: known ? error.message : 'internal error' }), undefined);
    }
  });
  await new Promise<void>((resolve, reject) => {
    const refused = (cause: unknown) => reject(new YiwangError('CONFIG', { hint: `the simulator cannot listen on ${host}:${port}: ${reason(cause)}`, cause }));
    server.once('error', refused);
    try {
      server.listen(port, host, resolve);
    } catch (error) {
      refused(error); // no port has that number
    }
  });
  return server;
}

/** With the setting that chooses another: `demo` and `up` put the simulator 200 ports above the gateway. */
function reason(cause: unknown): string {
  const { code } = cause as { code?: unknown };
  const known = code === 'EADDRINUSE' ? 'another program has that port' : code === 'EACCES' ? 'this user may not open it' : 'there is no such port';
  return `${known}; choose another by --port of \`simulate\`, or by PORT, 200 below it`;
}
