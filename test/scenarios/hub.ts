import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../base/config.ts';
import type { Pool } from '../../base/db.ts';
import { recordKeys } from '../../base/keys.ts';
import { startServices } from '../../cli/services.ts';
import { sourceNeeds, sourceSecrets } from '../../cli/sources.ts';
import { demoIssuer } from '../../gateway/demo/issuer.ts';
import { personaClaims } from '../../gateway/demo/personas.ts';
import { clusterTouched } from '../../jobs/cluster.ts';
import { loadReference } from '../../jobs/reference.ts';
import { requestSync, waitForSync } from '../../jobs/sync.ts';
import { generateDataset } from '../../simulator/generate.ts';
import { startSimulator } from '../../simulator/main.ts';
import { emptyDatabase, testDatabase } from '../postgres.ts';

export interface Answer {
  status: number;
  data: any;
  errors: { message: string; extensions?: { code?: string } }[] | undefined;
  access: { coordinate: string; effect: string; policy: string; reason: string; count: number }[];
  text: string;
}

export interface Ask {
  query: string;
  variables?: Record<string, unknown>;
  purpose?: string;
  matter?: string;
}

/** A whole hub on a synthetic county, as `npm run demo` has it, in this process and on a database of its own. */
export interface ScenarioHub {
  pool: Pool;
  home: string;
  /** Of the gateway: the console stands at its root. */
  url: string;
  dataset: string;
  regionRoot: string;
  /** Through HTTP with the persona's token, or with that of the same person and other claims; `null` has none. */
  ask(caller: string | null | ({ persona: string } & Record<string, unknown>), ask: Ask): Promise<Answer>;
  claims(persona: string): Promise<Record<string, any>>;
  sync(): Promise<void>;
  /** What the job does after a sync or a person's decision. */
  recluster(): Promise<void>;
  stop(): Promise<void>;
}

/** The seed is one that nothing was tuned on. It gives the keys too: matter numbers, and so what comes first, are the same in every run. */
export async function scenarioHub({ seed = 90_210, residents = 600, env: further = {} }: { seed?: number; residents?: number; env?: Record<string, string> } = {}): Promise<ScenarioHub> {
  const home = mkdtempSync(join(tmpdir(), 'yiwang-scenarios-'));
  writeFileSync(join(home, 'secrets.json'), JSON.stringify({ master: createHash('sha256').update(`scenario ${seed}`).digest('base64') }), { mode: 0o600 });
  const dataset = join(home, 'county');
  const { regionRoot, asOf } = generateDataset({ out: dataset, residents, seed });
  const [db, police] = await Promise.all([testDatabase(), emptyDatabase()]);
  const port = await freePort();
  const secrets = sourceSecrets(home);
  const simulator = await startSimulator({ dataset, port: 0, secrets, policeTarget: police.url, policeDatabase: `${new URL(police.url).pathname.slice(1)}_source`, dropFolder: join(home, 'drop'), ingestUrl: `http://127.0.0.1:${port}/ingest/hotline` });
  const env = { ...simulator.addresses, ...secrets, ...further, DATABASE_URL: db.url, YIWANG_HOME: home, PORT: String(port) };
  const config = readConfig({ env, sources: await sourceNeeds() });
  await loadReference(db.pool);
  await db.pool.query(`INSERT INTO hub.setting (name, value) VALUES ('region_root', to_jsonb($1::text)), ('as_of', to_jsonb($2::text)) ON CONFLICT (name) DO NOTHING`, [regionRoot, asOf]);
  const services = await startServices({ config, databaseUrl: db.url, pool: db.pool }, new Set(['gateway', 'subgraphs', 'jobs']));
  const issuer = demoIssuer(config.masterSecret);
  const claims = (persona: string) => personaClaims(db.pool, persona) as Promise<Record<string, any>>;
  const sync = async () => {
    await simulator.pushed();
    const runs = await waitForSync(db.pool, await requestSync(db.pool, { departments: Object.keys(config.sources), requestedBy: 'test' }), { timeoutMs: syncTimeoutMs });
    const failed = runs.filter((run) => run.status !== 'SUCCEEDED');
    if (failed.length > 0) throw new Error(`a sync failed: ${JSON.stringify(failed)}`);
  };
  await sync();
  for (let round = simulator.round; round < simulator.last; round = simulator.round) {
    await simulator.advance();
    await sync();
  }
  return {
    pool: db.pool,
    home,
    url: `http://127.0.0.1:${port}`,
    dataset,
    regionRoot,
    claims,
    sync,
    recluster: async () => void (await clusterTouched(db.pool, recordKeys(config.masterSecret))),
    ask: async (caller, ask) => {
      const given = caller === null ? null : typeof caller === 'string' ? await claims(caller) : { ...(await claims(caller.persona)), ...withoutPersona(caller) };
      return answered(`http://127.0.0.1:${port}/graphql`, given && (await issuer.mintToken(given)), ask);
    },
    stop: async () => {
      await simulator.stop();
      await services.stop();
      await Promise.all([db.drop(), police.drop()]);
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Claims in which a caller differs from the persona. */
function withoutPersona({ persona: _, ...changed }: { persona: string } & Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(changed).filter(([, value]) => value !== undefined));
}

const syncTimeoutMs = 120_000;

async function answered(url: string, token: string | null, { query, variables, purpose, matter }: Ask): Promise<Answer> {
  const headers = {
    'content-type': 'application/json',
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    ...(purpose === undefined ? {} : { 'x-purpose': purpose }),
    ...(matter === undefined ? {} : { 'x-matter': matter }),
  };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
  const text = await response.text();
  const body = JSON.parse(text) as { data?: unknown; errors?: Answer['errors']; extensions?: { access?: Answer['access'] } };
  return { status: response.status, data: body.data, errors: body.errors, access: body.extensions?.access ?? [], text };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

