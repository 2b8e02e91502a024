import { connect, createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** What happens to a connection at the moment a COMMIT is sent through it. */
export type AtCommit = 'PASS' | 'SWALLOW_ANSWER' | 'CUT_BEFORE' | 'CUT_AFTER';

export interface CommitProxy {
  url: string;
  /** Applies to the next COMMIT only. */
  next: (fault: AtCommit) => void;
  close: () => Promise<void>;
}

/** A TCP proxy in front of a PostgreSQL that breaks the connection around one COMMIT. */
export async function commitProxy(databaseUrl: string): Promise<CommitProxy> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let armed: AtCommit = 'PASS';
  const server = createServer((client) => {
    const upstream = connect(Number(target.port || 5432), target.hostname);
    let fault: AtCommit = 'PASS';
    for (const socket of [client, upstream]) sockets.add(socket.on('error', () => undefined));
    client.on('data', (bytes) => {
      if (armed !== 'PASS' && bytes.includes('COMMIT\0')) [fault, armed] = [armed, 'PASS'];
      if (fault === 'CUT_BEFORE') return void [client, upstream].map((socket) => socket.destroy());
      upstream.write(bytes);
    });
    upstream.on('data', (bytes) => {
      if (fault === 'CUT_AFTER') return void [client, upstream].map((socket) => socket.destroy());
      if (fault === 'PASS') client.write(bytes);
    });
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: url.href, next: (wanted) => void (armed = wanted), close };
}
