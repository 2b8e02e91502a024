import { spawnSync } from 'node:child_process';
import { inject } from 'vitest';

/** What a test may need beyond PostgreSQL. Absent ones are named at the end of the run; `.ci/run` requires them all. */
export interface Services {
  mariadb: boolean;
  redis: boolean;
  rabbitmq: boolean;
  chromium: boolean;
  go: boolean;
}

export const mariadbUrl = process.env['YIWANG_TEST_MARIADB_URL'] ?? 'mysql://root@127.0.0.1:3306';
export const redisUrl = 'redis://127.0.0.1:6379';
export const rabbitmqUrl = 'amqp://guest:guest@127.0.0.1:5672';

/** In a test file: `describe.runIf(services().mariadb)('…')`. */
export function services(): Services {
  return inject('services');
}

const probeTimeoutMs = 3000;

const names: Record<keyof Services, string> = {
  mariadb: 'MariaDB (127.0.0.1:3306)',
  redis: 'Redis (127.0.0.1:6379)',
  rabbitmq: 'RabbitMQ (127.0.0.1:5672)',
  chromium: 'Chromium',
  go: 'Go',
};

/** Asks each service for a session, not only for a connection: a server that would refuse the tests' account does not count. */
export async function reachableServices(): Promise<Services> {
  const [mariadb, redis, rabbitmq] = await Promise.all([answers(mariadbSession), answers(redisSession), answers(rabbitmqSession)]);
  return { mariadb, redis, rabbitmq, chromium: chromiumPath() !== undefined, go: isProgram('go', 'version') };
}

export function missingServices(found: Services): string[] {
  return (Object.keys(names) as (keyof Services)[]).filter((name) => !found[name]).map((name) => names[name]);
}

/** Debian calls it `chromium`, others `chromium-browser` or `google-chrome`. */
export function chromiumPath(): string | undefined {
  return ['chromium', 'chromium-browser', 'google-chrome'].find((name) => isProgram(name, '--version'));
}

function isProgram(name: string, flag: string): boolean {
  return spawnSync(name, [flag], { stdio: 'ignore', timeout: 5 * probeTimeoutMs }).status === 0;
}

async function answers(session: () => Promise<void>): Promise<boolean> {
  const late = new Promise<boolean>((resolve) => setTimeout(resolve, probeTimeoutMs, false).unref());
  return Promise.race([session().then(() => true, () => false), late]);
}

async function mariadbSession(): Promise<void> {
  const { createConnection } = await import('mysql2/promise');
  const connection = await createConnection({ uri: mariadbUrl, connectTimeout: probeTimeoutMs });
  await connection.end();
}

async function redisSession(): Promise<void> {
  const { Redis } = await import('ioredis');
  const client = new Redis(redisUrl, { lazyConnect: true, retryStrategy: () => null, connectTimeout: probeTimeoutMs });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.ping();
  } finally {
    client.disconnect();
  }
}

async function rabbitmqSession(): Promise<void> {
  const { connect } = await import('amqplib');
  const connection = await connect(rabbitmqUrl, { timeout: probeTimeoutMs });
  connection.on('error', () => undefined);
  await connection.close();
}
