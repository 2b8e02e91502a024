import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { YiwangError } from '../base/errors.ts';
import type { RunningJobs } from '../jobs/main.ts';
import type { EngineName } from '../gateway/engine/names.ts';
import type { Policy } from '../policy/decide.ts';
import type { Hub } from './hub.ts';
import { announceWorkers } from './workers.ts';

export const serviceNames = ['gateway', 'subgraphs', 'jobs'] as const;
export type ServiceName = (typeof serviceNames)[number];

export interface Services {
  /** Of the gateway, where it is among them. */
  url: string | undefined;
  /** Settles when the access log is found tampered with: whoever runs the services then stops them. */
  tampered: Promise<never>;
  stop(): Promise<void>;
}

const logConnectionsMax = 2;
const logOrigin = 'yiwang/access-log';

/** How the gateway runs, where it does not as usual. */
export interface Running {
  engine?: EngineName;
  /** Equal queries of one viewer that are under way at once share an answer. */
  singleFlight?: boolean;
}

/**
 * Starts services of the hub in this process. A gateway with the subgraphs beside it reaches them without HTTP; alone it
 * finds them on 127.0.0.1:4100 and above, where subgraphs alone listen.
 */
export async function startServices(hub: Hub, wanted: ReadonlySet<ServiceName>, running: Running = {}): Promise<Services> {
  const closers: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  const tampered = Promise.withResolvers<never>();
  tampered.promise.catch(() => undefined); // nobody may be waiting when it happens
  try {
    const policy = wanted.has('subgraphs') || wanted.has('gateway') ? await (await import('../policy/release.ts')).openReleasedPolicy(hub.pool) : undefined;
    if (policy) closers.push(async () => policy.stop());
    const subgraphs = policy && wanted.has('subgraphs') ? await openSubgraphs(hub, policy, wanted.has('gateway')) : undefined;
    if (subgraphs) closers.push(subgraphs.stop);
    // Before the gateway, whose readiness tells other commands that they may ask these workers for runs.
    if (wanted.has('jobs')) {
      const jobs = await openJobs(hub, wanted.has('gateway'));
      closers.push(jobs.stop);
      closers.push(await announceWorkers(hub.databaseUrl));
    }
    const url = policy && wanted.has('gateway') ? await openGateway(hub, { policy, inject: subgraphs?.inject, running }, closers, tampered.reject) : undefined;
    return { url, tampered: tampered.promise, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Beside a gateway the jobs have a thread of their own: its callers do not wait for them. */
async function openJobs({ config, pool, databaseUrl }: Hub, besideGateway: boolean): Promise<RunningJobs> {
  if (besideGateway) return (await import('../jobs/thread.ts')).startJobsThread({ config, databaseUrl });
  return (await import('../jobs/main.ts')).startJobs({ config, pool, databaseUrl });
}

type Subgraphs = Awaited<ReturnType<(typeof import('../subgraphs/main.ts'))['startSubgraphs']>>;

async function openSubgraphs({ config, pool }: Hub, policy: Policy, besideGateway: boolean): Promise<Subgraphs> {
  const [{ startSubgraphs }, { viewerKey }, { assertNotBypassed }] = await Promise.all([
    import('../subgraphs/main.ts'), import('../policy/viewer.ts'), import('../policy/session.ts'),
  ]);
  await assertNotBypassed(pool);
  const log = { publicKey: await logPublicKey(config.home), checkpointFolder: checkpointFolder(config.home) };
  return startSubgraphs({ pool, policy, viewerKey: viewerKey(config.masterSecret), master: config.masterSecret, log, catalogue: await publishedCatalogue(), ...(besideGateway ? { port: null } : {}) });
}

/** Subgraphs see nothing of connectors but their own tables; what the declarations say of themselves is handed to them. */
async function publishedCatalogue() {
  const [{ catalogue }, { connectors }, { publishedSchema }] = await Promise.all([import('../connectors/catalogue.ts'), import('../connectors/registry.ts'), import('../policy/published.ts')]);
  return catalogue((await connectors()).values(), publishedSchema());
}

interface Behind {
  policy: Policy;
  /** Of subgraphs in this process. */
  inject: Subgraphs['inject'] | undefined;
  running: Running;
}

async function openGateway({ config, pool, databaseUrl }: Hub, { policy, inject, running: { engine, singleFlight = false } }: Behind, closers: (() => Promise<void>)[], onTampered: (error: YiwangError) => void): Promise<string> {
  const [{ startGateway }, { openAccessLog }, { openSigner }, { publishCheckpoints }] = await Promise.all([
    import('../gateway/main.ts'), import('../audit/log.ts'), import('../audit/signer.ts'), import('../audit/checkpoint.ts'),
  ]);
  const { openPool } = await import('../base/db.ts');
  const logPool = openPool(databaseUrl, { connectionsMax: logConnectionsMax, applicationName: 'yiwang-access-log' });
  closers.push(() => logPool.end());
  const signer = openSigner({ folder: signerFolder(config.home), origin: logOrigin });
  const folder = checkpointFolder(config.home);
  const accessLog = await openAccessLog({ pool: logPool, outside: { folder, publicKey: signer.publicKey } });
  closers.push(() => accessLog.close());
  const publisher = publishCheckpoints({ pool: logPool, signer, folder, tampered: onTampered });
  closers.push(() => publisher.close());
  const jobs = await jobsShown({ config, databaseUrl }, closers);
  const gateway = await startGateway({ config, pool, accessLog, jobs, policy, singleFlight, ...(engine ? { engine } : {}), ...(inject ? { inject } : { subgraphEndpoints: await subgraphEndpoints() }) });
  closers.push(() => gateway.stop());
  return gateway.url;
}

/** The queues as the gateway shows them: depths for its metrics, and the board. Gateway and jobs know nothing of each other. */
async function jobsShown({ config, databaseUrl }: Pick<Hub, 'config' | 'databaseUrl'>, closers: (() => Promise<void>)[]) {
  const [{ openQueues }, { openBoard }] = await Promise.all([import('../jobs/queues.ts'), import('../jobs/board.ts')]);
  const queues = await openQueues({ redisUrl: config.redisUrl, databaseUrl });
  closers.push(() => queues.close());
  return {
    depths: () => queues.depths(),
    routes: (app: FastifyInstance, isOperator: (authorization: string) => Promise<boolean>) => openBoard(app, { queues, masterSecret: config.masterSecret, isSecure: config.production, isOperator }),
  };
}

/** Where subgraphs of another process listen: one port each from 4100, in the order of their names. */
async function subgraphEndpoints(): Promise<Record<string, string>> {
  const [{ subgraphNames }, { firstPort }] = await Promise.all([import('../subgraphs/sdl.ts'), import('../subgraphs/main.ts')]);
  return Object.fromEntries(subgraphNames().map((name, index) => [name, `http://127.0.0.1:${firstPort + index}/graphql`]));
}

/** Outside the database, so that whoever owns the database alone cannot rewrite the log unnoticed. */
export function checkpointFolder(home: string): string {
  return join(home, 'checkpoints');
}

export function signerFolder(home: string): string {
  return join(home, 'signer');
}

/** The verifier key of this home's log. */
export async function logPublicKey(home: string): Promise<string> {
  const { openSigner } = await import('../audit/signer.ts');
  return openSigner({ folder: signerFolder(home), origin: logOrigin }).publicKey;
}

/** The same for a command that only reads: by a key that is made only now, every log is forged. */
export async function knownLogKey(home: string): Promise<string> {
  const { signerPublicKey } = await import('../audit/signer.ts');
  const key = signerPublicKey({ folder: signerFolder(home), origin: logOrigin });
  if (key === null) throw new YiwangError('CONFIG', { hint: 'no access log was ever signed from this home; set YIWANG_HOME to the home of the hub whose log it is' });
  return key;
}
