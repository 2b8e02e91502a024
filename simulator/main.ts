import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { YiwangError } from '../base/errors.ts';
import { serveCases } from './court.ts';
import { DropFolder } from './civil.ts';
import { openDataset } from './dataset.ts';
import { Tickets } from './hotline.ts';
import { json, type Answer, type Request } from './http.ts';
import { LineFile } from './lines.ts';
import { Misbehaviours, type MisbehaviourRequest } from './misbehave.ts';
import { proxied, type MisbehavingProxy } from './proxy.ts';
import { servePetitions } from './petition.ts';
import { servePolice, type PoliceSource } from './police.ts';
import { startPushing, type PushRun } from './push.ts';
import { listening, type Route } from './server.ts';

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
  /** Connections to it go through a proxy that can misbehave. */
  policeProxy?: boolean;
  /** Asked for before anything is served, so that the first round has it too. */
  misbehaviours?: readonly MisbehaviourRequest[];
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
  eventsPushed(): { pushed: number; total: number };
  misbehave(request: MisbehaviourRequest): void;
  /** How much of what was asked for is still to come. */
  misbehavioursLeft(): number;
  stop(): Promise<void>;
}

/**
 * Serves a data set over the five protocols of sources.md on `http://host:port` (`/court`, `/petition`, `/hotline`), from a
 * police database and into a drop folder, at round 1; `POST /advance`, `POST /misbehave` and `GET /status` steer it.
 * Throws `DATASET_INVALID` before anything is served where the set is broken.
 */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const dataset = openDataset(options.dataset);
  const state: State = { round: 1, misbehaviours: new Misbehaviours(), files: [dataset.cases, dataset.petitions, dataset.events].map((stream) => new LineFile(stream.path)) };
  const [caseFile, petitionFile, eventFile] = state.files as [LineFile, LineFile, LineFile];
  const { secrets } = options;
  for (const wanted of options.misbehaviours ?? []) state.misbehaviours.ask(wanted);
  const round = () => state.round;
  const tickets = new Tickets(eventFile, secrets.HOTLINE_TOKEN);
  const routes: Route[] = [
    { department: 'court', prefix: '/court', answer: serveCases(dataset, caseFile, round, { id: secrets.COURT_CLIENT_ID, secret: secrets.COURT_CLIENT_SECRET }) },
    { department: 'petition', prefix: '/petition', answer: servePetitions(dataset, petitionFile, round, { username: secrets.PETITION_USERNAME, password: secrets.PETITION_PASSWORD }) },
    { department: 'hotline', prefix: '/hotline', answer: (request, wrong) => (request.url.pathname === '/tickets' ? tickets.answer(request, wrong) : notFound()) },
  ];
  const host = options.host ?? '127.0.0.1';
  const server = await listening(routes, (request) => controlled(request, simulator, state), state.misbehaviours, host, options.port ?? 4200);
  const base = `http://${host}:${(server.address() as AddressInfo).port}`;
  const addresses: Record<string, string> = { COURT_SOURCE_URL: `${base}/court`, PETITION_SOURCE_URL: `${base}/petition`, HOTLINE_SOURCE_URL: `${base}/hotline` };
  const served = await serveRest(dataset, options, state.misbehaviours).catch(async (error: unknown) => {
    await stopServer(server, state);
    throw error;
  });
  if (served.police) addresses['POLICE_SOURCE_URL'] = served.proxy?.url ?? served.police.url;
  if (served.drop) addresses['CIVIL_SOURCE_URL'] = served.drop.url;
  const hasTarget = options.ingestUrl !== undefined || options.amqpUrl !== undefined;
  const target = { ingestUrl: options.ingestUrl, amqpUrl: options.amqpUrl, secret: secrets.HOTLINE_SECRET };
  if (hasTarget) state.pushRun = startPushing(dataset, eventFile, tickets, target, state.misbehaviours, options.progress);
  const simulator = steering(dataset, server, state, served, addresses);
  return simulator;
}

interface State {
  round: number;
  misbehaviours: Misbehaviours;
  files: LineFile[];
  pushRun?: PushRun;
}

/** The handle that moves the sources on; calls of `advance` follow one another. */
function steering(dataset: DatasetOpen, server: Server, state: State, served: Served, addresses: Record<string, string>): Simulator {
  const last = dataset.lastRound;
  let advancing: Promise<unknown> = Promise.resolve();
  return {
    addresses, last,
    get round() {
      return state.round;
    },
    advance() {
      const step = advancing.then(async () => {
        await state.pushRun?.done;
        if (state.round < last) {
          await served.police?.load(state.round + 1);
          served.drop?.deliver(state.round + 1);
          state.round += 1;
        }
        return { round: state.round, last };
      });
      advancing = step.catch(() => undefined);
      return step;
    },
    pushed: async () => state.pushRun?.done,
    eventsPushed: () => ({ pushed: state.pushRun?.pushed() ?? 0, total: dataset.events.versions.length }),
    misbehave: (request) => state.misbehaviours.ask(request),
    misbehavioursLeft: () => state.misbehaviours.left(),
    async stop() {
      await state.pushRun?.stop();
      await stopServer(server, state);
      served.drop?.stop();
      await served.proxy?.stop();
      await served.police?.stop();
    },
  };
}

/** `/status`, `/advance` and `/misbehave`. */
async function controlled(request: Request, simulator: Simulator, state: State): Promise<Answer> {
  const { pathname } = request.url;
  if (pathname === '/status' && request.method === 'GET') return json(200, { round: simulator.round, last: simulator.last, events: simulator.eventsPushed() });
  if (request.method !== 'POST') return notFound();
  if (pathname === '/advance') return json(200, await simulator.advance());
  if (pathname !== '/misbehave') return notFound();
  state.misbehaviours.ask(parsed(request.body));
  return json(200, { ok: true });
}

async function stopServer(server: Server, state: State): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  for (const file of state.files) file.close();
}

type DatasetOpen = ReturnType<typeof openDataset>;

interface Served {
  police: PoliceSource | undefined;
  drop: DropFolder | undefined;
  proxy: MisbehavingProxy | undefined;
}

async function serveRest(dataset: DatasetOpen, options: SimulatorOptions, misbehaviours: Misbehaviours): Promise<Served> {
  const police = options.policeTarget === undefined ? undefined : await servePolice(dataset, options.policeTarget, options.policeDatabase ?? 'yiwang_police_source');
  await police?.load(1);
  const drop = options.dropFolder === undefined ? undefined : new DropFolder(dataset, options.dropFolder, misbehaviours);
  drop?.deliver(1);
  const proxy = police && options.policeProxy ? await proxied(police.url, 'police', misbehaviours) : undefined;
  if (!proxy) misbehaviours.refuse('police', 'it is served without a proxy');
  if (!drop) misbehaviours.refuse('civil', 'it is not served');
  return { police, drop, proxy };
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
