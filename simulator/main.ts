import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { YiwangError } from '../base/errors.ts';
import { log, safeError } from '../base/log.ts';
import { serveCases } from './court.ts';
import { DropFolder } from './civil.ts';
import { openDataset } from './dataset.ts';
import { Tickets } from './hotline.ts';
import { json, readRequest, send, type Answer, type Request } from './http.ts';
import { LineFile } from './lines.ts';
import { Misbehaviours, type Misbehaviour, type MisbehaviourRequest } from './misbehave.ts';
import { servePetitions } from './petition.ts';
import { servePolice } from './police.ts';
import { startPushing } from './push.ts';

export interface SimulatorSecrets {
  HOTLINE_SECRET: string;
  HOTLINE_TOKEN: string;
  COURT_CLIENT_ID: string;
  COURT_CLIENT_SECRET: string;
  PETITION_USERNAME: string;
  PETITION_PASSWORD: string;
}

export interface SimulatorOptions {
  /** The folder of the data set. */
  dataset: string;
  /** 4200 unless told; 0 takes any free port. */
  port?: number;
  host?: string;
  secrets: SimulatorSecrets;
  /** `postgres://…` or `mysql://…` of an account that may create databases and accounts; without it police is not served. */
  policeTarget?: string | undefined;
  /** Name of the database made there (it is dropped first). */
  policeDatabase?: string;
  /** Where events are posted, e.g. `http://127.0.0.1:4000/ingest/hotline`; without it and `amqpUrl` nothing is pushed. */
  ingestUrl?: string | undefined;
  amqpUrl?: string | undefined;
  /** The folder that deliveries of civil affairs are copied to; emptied first. Without it civil is not served. */
  dropFolder?: string | undefined;
  progress?: (done: number, total: number, label: string) => void;
}

export interface Simulator {
  /** `POLICE_SOURCE_URL`, `COURT_SOURCE_URL` …: what the hub's environment needs; only of what is served. */
  addresses: Record<string, string>;
  readonly round: number;
  readonly last: number;
  /** Moves every source to the next round (nothing happens after the last) and resolves when the pushes have arrived. */
  advance(): Promise<{ round: number; last: number }>;
  /** Resolves when every event has been taken by the hub. */
  pushed(): Promise<void>;
  misbehave(request: MisbehaviourRequest): void;
  stop(): Promise<void>;
}

/**
 * Serves a data set over the five protocols of sources.md on `http://host:port` (`/court`, `/petition`, `/hotline`), from a
 * police database and into a drop folder, at round 1; `POST /advance`, `POST /misbehave` and `GET /status` steer it.
 * Throws `DATASET_INVALID` before anything is served where the set is broken.
 */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const dataset = openDataset(options.dataset);
  const { secrets } = options;
  const state = { round: 1 };
  const round = () => state.round;
  const misbehaviours = new Misbehaviours();
  const files = [dataset.cases, dataset.petitions, dataset.events].map((stream) => new LineFile(stream.path));
  const [caseFile, petitionFile, eventFile] = files as [LineFile, LineFile, LineFile];
  const tickets = new Tickets(eventFile, secrets.HOTLINE_TOKEN);
  const routes: Route[] = [
    { department: 'court', prefix: '/court', answer: serveCases(dataset, caseFile, round, { id: secrets.COURT_CLIENT_ID, secret: secrets.COURT_CLIENT_SECRET }) },
    { department: 'petition', prefix: '/petition', answer: servePetitions(dataset, petitionFile, round, { username: secrets.PETITION_USERNAME, password: secrets.PETITION_PASSWORD }) },
    { department: 'hotline', prefix: '/hotline', answer: (request) => (request.url.pathname === '/tickets' ? tickets.answer(request) : notFound()) },
  ];
  const control = async (request: Request): Promise<Answer> => {
    if (request.url.pathname === '/status' && request.method === 'GET') return json(200, { round: state.round, last: dataset.lastRound, events: { pushed: pushRun?.pushed() ?? 0, total: dataset.events.versions.length } });
    if (request.method !== 'POST') return notFound();
    if (request.url.pathname === '/advance') return json(200, await simulator.advance());
    if (request.url.pathname !== '/misbehave') return notFound();
    misbehaviours.ask(parsed(request.body));
    return json(200, { ok: true });
  };
  const server = await listening(routes, control, misbehaviours, options.host ?? '127.0.0.1', options.port ?? 4200);
  const base = `http://${options.host ?? '127.0.0.1'}:${(server.address() as AddressInfo).port}`;
  const addresses: Record<string, string> = { COURT_SOURCE_URL: `${base}/court`, PETITION_SOURCE_URL: `${base}/petition`, HOTLINE_SOURCE_URL: `${base}/hotline` };
  const stopServer = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    for (const file of files) file.close();
  };
  const served = await serveRest(dataset, options).catch(async (error: unknown) => {
    await stopServer();
    throw error;
  });
  if (served.police) addresses['POLICE_SOURCE_URL'] = served.police.url;
  if (served.drop) addresses['CIVIL_SOURCE_URL'] = served.drop.url;
  const pushes = options.ingestUrl !== undefined || options.amqpUrl !== undefined;
  const pushRun = pushes ? startPushing(dataset, eventFile, tickets, { ingestUrl: options.ingestUrl, amqpUrl: options.amqpUrl, secret: secrets.HOTLINE_SECRET }, misbehaviours, options.progress) : undefined;
  let advancing: Promise<unknown> = Promise.resolve();
  const simulator: Simulator = {
    addresses,
    get round() {
      return state.round;
    },
    last: dataset.lastRound,
    advance() {
      const step = advancing.then(async () => {
        await pushRun?.done;
        if (state.round < dataset.lastRound) {
          await served.police?.load(state.round + 1);
          served.drop?.deliver(state.round + 1);
          state.round += 1;
        }
        return { round: state.round, last: dataset.lastRound };
      });
      advancing = step.catch(() => undefined);
      return step;
    },
    pushed: async () => pushRun?.done,
    misbehave: (request) => misbehaviours.ask(request),
    async stop() {
      await pushRun?.stop();
      await stopServer();
      await served.police?.stop();
    },
  };
  return simulator;
}

type DatasetOpen = ReturnType<typeof openDataset>;

async function serveRest(dataset: DatasetOpen, options: SimulatorOptions) {
  const police = options.policeTarget === undefined ? undefined : await servePolice(dataset, options.policeTarget, options.policeDatabase ?? 'yiwang_police_source');
  await police?.load(1);
  const drop = options.dropFolder === undefined ? undefined : new DropFolder(dataset, options.dropFolder);
  drop?.deliver(1);
  return { police, drop };
}

interface Route {
  department: string;
  prefix: string;
  answer(request: Request, wrong: Misbehaviour | undefined): Answer | Promise<Answer>;
}

async function listening(routes: Route[], control: (request: Request) => Promise<Answer>, misbehaviours: Misbehaviours, host: string, port: number): Promise<Server> {
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
    server.once('error', (cause) => reject(new YiwangError('CONFIG', { hint: `the simulator cannot listen on ${host}:${port}`, cause })));
    server.listen(port, host, resolve);
  });
  return server;
}

function notFound(): Answer {
  return json(404, { error: 'not found' });
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new YiwangError('BAD_REQUEST', { hint: 'the body is not JSON', cause });
  }
}
