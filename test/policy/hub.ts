import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig, type Config } from '../../base/config.ts';
import { recordKeys } from '../../base/keys.ts';
import { startServices } from '../../cli/services.ts';
import { demoIssuer } from '../../gateway/demo/issuer.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';

/** A hub without connectors, on records that a test plants: gateway, subgraphs and access log, asked through HTTP. */
export interface PlantedHub {
  db: TestDatabase;
  config: Config;
  url: string;
  idHmac(idNumber: string): string;
  ask(claims: object | null, query: string, options?: { purpose?: string; matter?: string; variables?: Record<string, unknown> }): Promise<HubAnswer>;
  stop(): Promise<void>;
}

export interface HubAnswer {
  status: number;
  data: any;
  errors: { message: string; extensions?: { code?: string } }[] | undefined;
  /** `coordinate effect reason policy`, one a line of `extensions.access`. */
  access: string[];
  text: string;
}

export async function plantedHub(): Promise<PlantedHub> {
  const home = mkdtempSync(join(tmpdir(), 'yiwang-policy-'));
  const db = await testDatabase();
  const port = await freePort();
  const config = readConfig({ env: { DATABASE_URL: db.url, YIWANG_HOME: home, PORT: String(port) }, sources: [] });
  const services = await startServices({ config, databaseUrl: db.url, pool: db.pool }, new Set(['gateway', 'subgraphs']));
  const issuer = demoIssuer(config.masterSecret);
  const url = `http://127.0.0.1:${port}/graphql`;
  return {
    db,
    config,
    url,
    idHmac: (idNumber) => recordKeys(config.masterSecret).idHmac(idNumber),
    ask: async (claims, query, { purpose, matter, variables } = {}) => {
      const token = claims === null ? null : await issuer.mintToken({ client_id: 'test', ...claims });
      const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}), ...(purpose ? { 'x-purpose': purpose } : {}), ...(matter ? { 'x-matter': matter } : {}) };
      const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
      const text = await response.text();
      const { data, errors, extensions } = JSON.parse(text);
      const access = (extensions?.access ?? []).map((line: any) => `${line.coordinate} ${line.effect} ${line.reason} ${line.policy}`);
      return { status: response.status, data, errors, access, text };
    },
    stop: async () => {
      await services.stop();
      await db.drop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
