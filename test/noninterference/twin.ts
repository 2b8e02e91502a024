import { createHash } from 'node:crypto';
import { parse } from 'graphql';
import type { JWTPayload } from 'jose';
import { Pool as HttpPool } from 'undici';
import { openAccessLog } from '../../audit/log.ts';
import type { Config } from '../../base/config.ts';
import { openPool, type Pool } from '../../base/db.ts';
import { demoIssuer } from '../../gateway/demo/issuer.ts';
import { normalHashOf } from '../../gateway/documents.ts';
import { startGateway } from '../../gateway/main.ts';
import type { Operations, RegisteredOperation } from '../../gateway/operations.ts';
import { openPolicy } from '../../policy/decide.ts';
import { viewerKey } from '../../policy/viewer.ts';
import { startSubgraphs } from '../../subgraphs/main.ts';
import { clear, withoutTriggers, withPlacesCheckedLate, write, type Change } from './tables.ts';

/** Who sends a request; `claims` null: nobody signed in. */
export interface Caller {
  label: string;
  claims: JWTPayload | null;
  purpose?: string | undefined;
  matter?: string | undefined;
}

export interface Asked {
  query: string;
  variables: Record<string, unknown>;
}

export interface Answer {
  status: number;
  text: string;
}

/** One of two hubs that must not be told apart: the whole of it, in this process, on a database of its own. */
export interface Twin {
  pool: Pool;
  ask(caller: Caller, asked: Asked): Promise<Answer>;
  /** A subgraph without a gateway before it, as whoever holds the signing key would call it. */
  askSubgraph(subgraph: string, body: string, header: string): Promise<Answer>;
  change(changes: readonly Change[]): Promise<void>;
  /** Told every call that the gateway makes to a subgraph. */
  onCall: ((subgraph: string, body: string) => void) | undefined;
  stop(): Promise<void>;
}

/** The same for both twins and for every run: equal rows then have equal ids, cursors and pseudonyms. */
export const masterSecret = createHash('sha256').update('non-interference').digest();
export const signingKey = viewerKey(masterSecret);
/** Both twins and the issuer stand still at this time; so does business time, or minutes would be differences. */
export const now = (): Date => new Date('2026-07-01T00:00:00Z');

const poolConnectionsMax = 4;
const logTimeoutMs = 60_000;
/** On a machine with much else to do one of two hubs may be late where the other is not, which tells of the machine alone. */
const patience = { planningMsMax: { hive: 60_000, apollo: 60_000 }, operationMsMax: 60_000 };

/** What service accounts and callers without a token may run: the campaign registers what it generates. */
export interface Register extends Operations {
  /** Registers a text for service accounts. */
  addText(text: string): void;
}

export function openRegister(): Register {
  const byHash = new Map<string, RegisteredOperation>();
  const addText = (text: string) => {
    const hash = normalHashOf(parse(text));
    byHash.set(hash, { name: hash, text, hash, anonymous: false });
  };
  return { all: [], byHash: (hash) => byHash.get(hash), text: (key) => byHash.get(key)?.text, addText };
}

export async function openTwin(databaseUrl: string, operations: Operations): Promise<Twin> {
  const [pool, logPool] = [openPool(databaseUrl, { connectionsMax: poolConnectionsMax }), openPool(databaseUrl, { connectionsMax: 2 })];
  await clear(pool);
  await withoutTriggers(pool);
  await withPlacesCheckedLate(pool);
  await pool.query(`CREATE OR REPLACE FUNCTION hub.business_now() RETURNS timestamptz LANGUAGE sql STABLE AS $$ SELECT '${now().toISOString()}'::timestamptz $$`);
  const config: Config = { production: false, home: '/nowhere', databaseUrl, redisUrl: undefined, oidc: undefined, host: '127.0.0.1', port: 0, masterSecret, sources: {} };
  const policy = openPolicy();
  const subgraphs = await startSubgraphs({ pool, policy, viewerKey: signingKey, master: masterSecret, clock: now, catalogue: [], port: null, compileAfter: 1 });
  const accessLog = await openAccessLog({ pool: logPool, timeoutMs: logTimeoutMs });
  const inject: typeof subgraphs.inject = (name, body, headers) => {
    twin.onCall?.(name, body);
    return subgraphs.inject(name, body, headers);
  };
  const gateway = await startGateway({ config, pool, accessLog, policy, inject, operations, port: 0, now, patience });
  const http = new HttpPool(gateway.url, { connections: 16, pipelining: 1 });
  const tokens = tokenOf();
  const twin: Twin = {
    pool,
    onCall: undefined,
    ask: async (caller, asked) => posted(http, await headersOf(caller, tokens), JSON.stringify(asked)),
    askSubgraph: async (subgraph, body, header) => {
      const { status, body: answer } = await subgraphs.inject(subgraph, body, { 'x-yiwang-viewer': header });
      return { status, text: JSON.stringify(answer) };
    },
    change: (changes) => write(pool, changes),
    async stop() {
      await http.close();
      await gateway.stop();
      await accessLog.close();
      await subgraphs.stop();
      await Promise.all([pool.end(), logPool.end()]);
    },
  };
  return twin;
}

/** A token for each set of claims, made once: time stands still. */
function tokenOf(): (claims: JWTPayload) => Promise<string> {
  const issuer = demoIssuer(masterSecret, { now });
  const known = new WeakMap<JWTPayload, Promise<string>>();
  return (claims) => {
    const token = known.get(claims) ?? issuer.mintToken(claims);
    known.set(claims, token);
    return token;
  };
}

async function headersOf({ claims, purpose, matter }: Caller, tokens: (claims: JWTPayload) => Promise<string>): Promise<Record<string, string>> {
  return {
    'content-type': 'application/json',
    ...(claims === null ? {} : { authorization: `Bearer ${await tokens(claims)}` }),
    ...(purpose === undefined ? {} : { 'x-purpose': purpose }),
    ...(matter === undefined ? {} : { 'x-matter': matter }),
  };
}

async function posted(http: HttpPool, headers: Record<string, string>, body: string): Promise<Answer> {
  const response = await http.request({ path: '/graphql', method: 'POST', headers, body });
  return { status: response.statusCode, text: await response.body.text() };
}
