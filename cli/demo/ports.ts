import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { json } from '../../simulator/http.ts';
import { Misbehaviours } from '../../simulator/misbehave.ts';
import { listening } from '../../simulator/server.ts';
import { simulatorPort } from '../simulated.ts';

/** Opens the ports of a demo's gateway and of its simulator, and closes them again: throws as these would where one cannot be had. */
export async function tryPorts({ host, port }: { host: string; port: number }): Promise<void> {
  const gateway = createServer().listen(port, host);
  await once(gateway, 'listening');
  await closed(gateway);
  await closed(await listening([], async () => json(503, {}), new Misbehaviours(), '127.0.0.1', simulatorPort(port)));
}

async function closed(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}
