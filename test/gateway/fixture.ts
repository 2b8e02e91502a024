import { randomBytes } from 'node:crypto';
import { composeServices } from '@apollo/composition';
import { parse, type GraphQLResolveInfo } from 'graphql';
import type { JWTPayload } from 'jose';
import { openAccessLog, type AccessLog } from '../../audit/log.ts';
import { invariant } from '../../base/errors.ts';
import type { Config } from '../../base/config.ts';
import { demoIssuer } from '../../gateway/demo/issuer.ts';
import { normalHashOf } from '../../gateway/documents.ts';
import { startGateway, type Gateway, type GatewayOptions } from '../../gateway/main.ts';
import { registerOf, type Operations } from '../../gateway/operations.ts';
import { openPolicy } from '../../policy/decide.ts';
import { access, unknownRow, type RowAccess } from '../../policy/row.ts';
import { viewerKey } from '../../policy/viewer.ts';
import { change } from '../../subgraphs/change.ts';
import type { SubgraphContext } from '../../subgraphs/context.ts';
import { buildSubgraph, type Resolvers } from '../../subgraphs/build.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';

/** Two small subgraphs with real enforcement behind a real gateway, on a real database: what the gateway's tests talk to. */
export interface Fixture {
  url: string;
  gateway: Gateway;
  database: TestDatabase;
  accessLog: AccessLog;
  config: Config;
  /** What reached each subgraph, in order: the text of the operation. */
  calls: { subgraph: string; query: string }[];
  /** Changes what a subgraph does next: throw, hang, garbage. */
  faults: Map<string, () => Promise<{ body: unknown }>>;
  /** The next answer of a subgraph does not arrive, but it is made. */
  loseNext(subgraph: string): void;
  token(claims: JWTPayload, seconds?: number): Promise<string>;
  ask(query: string, options?: AskOptions): Promise<Answer>;
  stop(): Promise<void>;
}

export interface AskOptions {
  as?: JWTPayload | null;
  purpose?: string;
  matter?: string;
  variables?: Record<string, unknown>;
  headers?: Record<string, string>;
  body?: unknown;
}

export interface Answer {
  status: number;
  headers: Headers;
  data: any;
  errors: any[] | undefined;
  extensions: any;
  text: string;
}

export const clerk = { sub: 'clerk-1', client_id: 'test', kind: 'CLERK', org: '12510107MB00000018', department: 'MEDIATION', tier: 'TOWNSHIP', division: '510107001000', purposes: ['MEDIATION', 'MATTER_HANDLING'] };
export const analyst = { sub: 'analyst-1', client_id: 'test', kind: 'ANALYST', org: '12510107MB0000002X', department: 'MEDIATION', tier: 'COUNTY', division: '510107000000', purposes: ['STATISTICS', 'SUPERVISION'] };
export const app = { ...analyst, sub: 'app-1', kind: 'APP', purposes: ['SUPERVISION'] };
export const operator = { sub: 'operator-1', client_id: 'test', kind: 'OPERATOR', org: '12510107MB0000003W', department: 'DATA', tier: 'COUNTY', division: '510107000000', purposes: ['DATA_QUALITY'] };
export const matterNo = 'M0123456789AB';

/** A subgraph that another team brings beside the two. */
export interface FurtherSubgraph {
  sdl: string;
  resolvers: Resolvers;
}

export async function openFixture({ oidc, further, ...more }: Partial<GatewayOptions> & { oidc?: Config['oidc']; further?: FurtherSubgraph } = {}): Promise<Fixture> {
  const database = await testDatabase();
  const masterSecret = randomBytes(32);
  const config: Config = { production: false, home: '/nowhere', databaseUrl: database.url, redisUrl: undefined, oidc, host: '127.0.0.1', port: 0, masterSecret, sources: {} };
  const policy = openPolicy();
  const options = { pool: database.pool, policy, viewerKey: viewerKey(masterSecret), master: masterSecret };
  const subgraphs = { tickets: await buildSubgraph('tickets', ticketsSdl, ticketsResolvers, options), people: await buildSubgraph('people', peopleSdl, peopleResolvers, options), ...(further ? { further: await buildSubgraph('further', further.sdl, further.resolvers, options) } : {}) };
  await seedMatter(database);
  const calls: Fixture['calls'] = [];
  const faults: Fixture['faults'] = new Map();
  const lost = new Set<string>();
  const accessLog = await openAccessLog({ pool: database.pool });
  const inject: GatewayOptions['inject'] = async (name, body, headers) => {
    calls.push({ subgraph: name, query: (JSON.parse(body) as { query: string }).query });
    const answer = faults.get(name)?.() ?? subgraphs[name as 'tickets'].answer(body, headers['x-yiwang-viewer']);
    if (!lost.delete(name)) return answer;
    await answer;
    throw new Error('the connection was lost');
  };
  const gateway = await startGateway({ config, pool: database.pool, accessLog, policy, inject, supergraphSdl: supergraph(further), operations: registered(), port: 0, ...more });
  const issuer = demoIssuer(masterSecret);
  const token = (claims: JWTPayload, seconds?: number) => issuer.mintToken(claims, seconds);
  const fixture = { url: gateway.url, gateway, database, accessLog, config, calls, faults, loseNext: (subgraph: string) => void lost.add(subgraph), token };
  const stop = async () => {
    await gateway.stop();
    await accessLog.close();
    await Promise.all(Object.values(subgraphs).map(({ app: server }) => server.close()));
    await database.drop();
  };
  return { ...fixture, ask: (query, asking = {}) => ask(fixture, query, asking), stop };
}

export const anonymousOperation = 'query Places { places { code name } }';
export const registeredOperation = 'query Ticket($no: String!) { ticket(no: $no) { no status } }';

function registered(): Operations {
  const entry = (name: string, text: string, anonymous: boolean) => ({ name, text, hash: normalHashOf(parse(text)), anonymous });
  return registerOf([entry('Places', anonymousOperation, true), entry('Ticket', registeredOperation, false)]);
}

async function ask(fixture: Pick<Fixture, 'url' | 'token'>, query: string, { as = clerk, purpose, matter, variables, headers, body }: AskOptions): Promise<Answer> {
  const response = await fetch(`${fixture.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(as ? { authorization: `Bearer ${await fixture.token(as)}` } : {}),
      ...(purpose ? { 'x-purpose': purpose } : {}),
      ...(matter ? { 'x-matter': matter } : {}),
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body ?? { query, variables }),
  });
  const text = await response.text();
  const parsed = text.startsWith('{') ? JSON.parse(text) : {};
  return { status: response.status, headers: response.headers, data: parsed.data, errors: parsed.errors, extensions: parsed.extensions, text };
}

/** A matter that `clerk` may see: one record assigned to their organisation. */
async function seedMatter({ pool }: TestDatabase): Promise<void> {
  await pool.query(`INSERT INTO hub.record (rid, department, stream, record_key, type_name, fetched_at, division, division_now) VALUES ('r1', 'hotline', 'tickets', 'T1', 'HotlineTicket', now(), '510107001002', '510107001002')`);
  await pool.query(`INSERT INTO hub.assignment (rid, credit_code, relation) VALUES ('r1', $1, 'LEAD')`, [clerk.org]);
  await pool.query(`INSERT INTO hub.matter (matter_key, matter_no, status, division_now, updated_at) VALUES ('m1', $1, 'OPEN', '510107001002', now())`, [matterNo]);
  await pool.query(`INSERT INTO hub.matter (matter_key, matter_no, status, updated_at, merged_into) VALUES ('m0', 'M0000000000AA', 'OPEN', now(), 'm1')`);
  await pool.query(`INSERT INTO hub.matter_member (rid, matter_key, basis, evidence) VALUES ('r1', 'm1', 'FOUNDING', '[]')`);
}

const head = `
  extend schema
    @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@inaccessible", "@composeDirective"])
    @link(url: "https://yiwang.example/classified/v1.0", import: ["@classified"])
    @composeDirective(name: "@classified")
  directive @classified(as: FieldClass!, mask: Mask, owner: String) on FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION
  enum FieldClass { PUBLIC WORK PERSONAL IDENTIFYING SENSITIVE RESTRICTED }
  enum Mask { NAME PHONE ID_NUMBER ADDRESS COORDINATES BIRTH_DATE TEXT }`;

const ticketsSdl = `${head}
  type Query {
    ticket(no: String! @classified(as: PUBLIC)): Ticket @classified(as: WORK)
    search(filter: TicketFilter): [Ticket!] @classified(as: WORK)
    items: [Item!] @classified(as: WORK)
    places: [Place!] @classified(as: PUBLIC)
    secret: Secret! @classified(as: RESTRICTED)
  }
  type Mutation {
    close(no: String! @classified(as: PUBLIC)): Ticket @classified(as: RESTRICTED)
    rename(to: String! @classified(as: PERSONAL)): Named @classified(as: WORK, owner: "OPERATIONS")
  }
  type Named { name: String @classified(as: PUBLIC) before: String @classified(as: PUBLIC) }
  input TicketFilter { status: String @classified(as: WORK) phone: String @classified(as: PERSONAL) }
  interface Item { no: String @classified(as: PUBLIC) note: String @classified(as: WORK) }
  type Ticket implements Item @key(fields: "no") {
    no: String @classified(as: PUBLIC)
    status: String @classified(as: WORK)
    note: String @classified(as: PERSONAL, mask: TEXT)
    requester: Person @classified(as: PERSONAL)
    reason: String @classified(as: RESTRICTED)
  }
  type Call implements Item { no: String @classified(as: PUBLIC) note: String @classified(as: WORK) }
  type Place { code: String! @classified(as: PUBLIC) name: String @classified(as: PUBLIC) }
  type Secret { code: String @classified(as: PUBLIC) }
  type Person @key(fields: "key", resolvable: false) { key: ID! @inaccessible @classified(as: PUBLIC) }`;

const peopleSdl = `${head}
  type Query { hello: String @classified(as: PUBLIC) }
  type Person @key(fields: "key") {
    key: ID! @inaccessible @classified(as: PUBLIC)
    name: String @classified(as: PERSONAL, mask: NAME)
    idNumber: String @classified(as: IDENTIFYING, mask: ID_NUMBER)
  }`;

const row: RowAccess = { ...unknownRow, department: 'hotline', assigned: true, lead: true, inJurisdiction: true, inMatter: true, rid: 'r1', mention: { mentionId: 'mention-1', role: 'REQUESTER' } };
const ticket = { __typename: 'Ticket', no: 'T1', status: 'OPEN', note: '楼上漏水', reason: 'never', requester: { key: 'p1', [access]: row }, [access]: row };
const call = { __typename: 'Call', no: 'C1', note: 'dispatched', [access]: row };

let renamed = 'nobody';

const ticketsResolvers: Resolvers = {
  Query: { ticket: (_: unknown, { no }: { no: string }) => (no === 'T1' ? ticket : null), search: () => [ticket], items: () => [ticket, call, ticket], places: () => [{ code: '51', name: '四川省' }], secret: () => ({ code: 'never' }) },
  Mutation: {
    close: () => ticket,
    // Slow at first: what comes second must still see what the first one did.
    rename: async (_: unknown, { to }: { to: string }, context: SubgraphContext, info: GraphQLResolveInfo) => {
      const before = renamed;
      await new Promise((resolve) => setTimeout(resolve, before === 'nobody' ? 50 : 0));
      renamed = to;
      return change(context, info, 'ticket', async () => ({ name: to, before }));
    },
  },
  Item: { __resolveType: (item: { __typename: string }) => item.__typename },
};

const peopleResolvers: Resolvers = {
  Query: { hello: () => 'hello' },
  Person: { __resolveReference: ({ key }: { key: string }) => ({ key, name: '张三', idNumber: '510107199001011234', [access]: row }) },
};

function supergraph(further?: FurtherSubgraph): string {
  const composed = composeServices([['tickets', ticketsSdl], ['people', peopleSdl], ...(further ? [['further', further.sdl]] : [])].map(([name, sdl]) => ({ name: name!, url: `http://subgraph/${name}`, typeDefs: parse(sdl!) })));
  invariant(composed.supergraphSdl, `the fixture composes: ${composed.errors?.map((error) => error.message).join('; ')}`);
  return composed.supergraphSdl;
}
