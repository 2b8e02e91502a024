import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

export interface Asked {
  path: string;
  query: URLSearchParams;
  body: string;
  headers: IncomingMessage['headers'];
  /** How many requests came before. */
  n: number;
}

/** What the server does with one request; `body` is sent as it is. */
export type Reply =
  | { status?: number; headers?: Record<string, string>; body?: string | Buffer; json?: unknown }
  | 'HANG'
  | 'RESET'
  /** Half of `body`, then the connection is gone. */
  | { cut: string }
  /** A byte now and then, for ever. */
  | { trickle: string; everyMs: number };

export interface FaultServer {
  url: string;
  asked: Asked[];
  handle(asked: Asked): Reply;
  close(): Promise<void>;
}

/** An HTTP server that does to its callers whatever a test wants. */
export async function faultServer(): Promise<FaultServer> {
  const server = createServer((message, response) => void answered(message, response, faulty));
  const faulty: FaultServer = {
    url: '',
    asked: [],
    handle: () => ({ status: 404 }),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  faulty.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return faulty;
}

async function answered(message: IncomingMessage, response: ServerResponse, faulty: FaultServer): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
  const { pathname, searchParams } = new URL(message.url ?? '/', 'http://test');
  const asked: Asked = { path: pathname, query: searchParams, body: Buffer.concat(chunks).toString(), headers: message.headers, n: faulty.asked.length };
  faulty.asked.push(asked);
  const reply = faulty.handle(asked);
  if (reply === 'HANG') return;
  if (reply === 'RESET') return void message.socket.resetAndDestroy();
  if ('cut' in reply) {
    response.writeHead(200, { 'content-length': String(Buffer.byteLength(reply.cut)) });
    response.write(reply.cut.slice(0, reply.cut.length / 2), () => response.destroy());
  } else if ('trickle' in reply) {
    response.writeHead(200, { 'content-type': 'application/json' });
    for (const character of reply.trickle) {
      if (response.destroyed) return;
      response.write(character);
      await pause(reply.everyMs, undefined, { ref: false });
    }
  } else {
    response.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...reply.headers });
    response.end(reply.json === undefined ? (reply.body ?? '') : JSON.stringify(reply.json));
  }
}

export interface Proxy {
  port: number;
  /** Where connections go: a server that was restarted elsewhere is followed. */
  target: { host: string; port: number };
  /** PASS as it should be; HANG takes connections and says nothing; REFUSE drops them at once. */
  mode: 'PASS' | 'HANG' | 'REFUSE';
  /** Resets what is open now. */
  reset(): void;
  close(): Promise<void>;
}

/** A small TCP proxy in front of a server that a test must not touch. */
export async function tcpProxy(target: { host: string; port: number }): Promise<Proxy> {
  const open = new Set<Socket>();
  const server = createTcpServer((inside) => {
    open.add(inside);
    inside.on('error', () => undefined).on('close', () => open.delete(inside));
    if (proxy.mode === 'REFUSE') return void inside.resetAndDestroy();
    if (proxy.mode === 'HANG') return;
    const outside = connect(proxy.target.port, proxy.target.host);
    outside.on('error', () => inside.destroy()).on('close', () => inside.destroy());
    inside.on('close', () => outside.destroy());
    inside.on('data', (chunk) => void (proxy.mode === 'HANG' || outside.write(chunk)));
    outside.on('data', (chunk) => void (proxy.mode === 'HANG' || inside.write(chunk)));
  });
  const proxy: Proxy = {
    port: 0,
    target,
    mode: 'PASS',
    reset: () => open.forEach((socket) => socket.resetAndDestroy()),
    close: async () => {
      open.forEach((socket) => socket.destroy());
      await new Promise((resolve) => server.close(resolve));
    },
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy.port = (server.address() as AddressInfo).port;
  return proxy;
}
