import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Misbehaviours } from './misbehave.ts';

export interface MisbehavingProxy {
  /** The address given, through the proxy. */
  url: string;
  stop(): Promise<void>;
}

/** Stands before a database so that its connections can misbehave: each new one does the next thing asked of `department`. */
export async function proxied(target: string, department: string, misbehaviours: Misbehaviours): Promise<MisbehavingProxy> {
  const to = new URL(target);
  const open = new Set<Socket>();
  const server = createServer((inside) => {
    open.add(inside);
    inside.on('error', () => undefined).on('close', () => open.delete(inside));
    const wrong = misbehaviours.next(department);
    if (wrong?.kind === 'reset') return void inside.resetAndDestroy();
    if (wrong?.kind === 'hang') return;
    if (wrong?.kind === 'cut') setTimeout(() => inside.resetAndDestroy(), wrong.ms).unref();
    void (wrong?.kind === 'delay' ? sleep(wrong.ms, undefined, { ref: false }) : Promise.resolve()).then(() => joined(inside, to));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  const stop = async () => {
    for (const socket of open) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: url.href, stop };
}

const defaultPorts: Record<string, number> = { 'mysql:': 3306, 'mariadb:': 3306 };
const postgresPort = 5432;

function joined(inside: Socket, to: URL): void {
  const outside = connect(Number(to.port) || (defaultPorts[to.protocol] ?? postgresPort), to.hostname);
  outside.on('error', () => inside.destroy()).on('close', () => inside.destroy());
  inside.on('close', () => outside.destroy());
  inside.pipe(outside);
  outside.pipe(inside);
}
