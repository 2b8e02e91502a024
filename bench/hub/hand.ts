import { randomUUID } from 'node:crypto';
import Fastify, { type FastifyRequest } from 'fastify';
import { sha256Hex } from '../../base/canonical.ts';
import { recordKeys } from '../../base/keys.ts';
import { connect, type Client } from '../../base/db.ts';
import { openCallers } from '../../gateway/caller.ts';
import { demoIssuer } from '../../gateway/demo-issuer.ts';
import { channelNames, coded, named } from '../../schema/codes.ts';
import { openPolicy } from '../../policy/decide.ts';
import { workRows } from '../../policy/relation.sql.ts';
import { enterViewer } from '../../policy/session.ts';
import { notice, type SituationColumns } from '../../subgraphs/matter/situations.ts';
import type { Viewer } from '../../policy/viewer.ts';
import { filledHub, startLog } from './setup.ts';

// What a good engineer would write by hand for these questions: the same token check, the same rows that the policy
// opens, the same transaction with row-level security, one statement, the same entry in the log before the answer.
const hub = await filledHub();
const log = await startLog(hub);
const policy = openPolicy();
const identify = openCallers({ rules: demoIssuer(hub.config.masterSecret).rules, pool: hub.pool, keys: recordKeys(hub.config.masterSecret), policyVersion: () => policy.version });

async function matters(client: Client, viewer: Viewer, { first }: { first: number }) {
  const work = (alias: string) => `(${workRows(policy, viewer, alias)})`;
  const firstOf = (column: string) => `(array_agg(r.${column} ORDER BY coalesce(r.occurred_at, 'epoch'), r.rid) FILTER (WHERE r.${column} IS NOT NULL))[1]`;
  const { rows } = await statement(client, 'matters',
    `SELECT d.*, m.matter_no, g.name AS org_name, g.public_phone, v.name AS division_name FROM (
       SELECT k.matter_key, k.occurred_at AS opened_at, k.rid, x.* FROM (
         SELECT om.matter_key, o.occurred_at, o.rid FROM hub.record o JOIN hub.matter_member om ON om.rid = o.rid
         WHERE o.occurred_at IS NOT NULL AND ${work('o')} AND NOT EXISTS (SELECT 1 FROM hub.matter_member em JOIN hub.record e ON e.rid = em.rid
           WHERE em.matter_key = om.matter_key AND (e.occurred_at, e.rid) < (o.occurred_at, o.rid) AND ${work('e')})) k
       JOIN LATERAL (SELECT ${firstOf('category')} AS category, ${firstOf('lead_org')} AS lead_org, ${firstOf('division_now')} AS division,
           coalesce((ARRAY['OPEN', 'ASSIGNED', 'IN_PROGRESS', 'RESOLVED', 'CLOSED'])[min(coalesce(array_position(ARRAY['OPEN', 'ASSIGNED', 'IN_PROGRESS', 'RESOLVED', 'CLOSED'], r.status), 1)) FILTER (WHERE r.status IS DISTINCT FROM 'WITHDRAWN')], 'WITHDRAWN') AS status
         FROM hub.matter_member mm JOIN hub.record r ON r.rid = mm.rid AND ${work('r')} WHERE mm.matter_key = k.matter_key) x ON true
       ORDER BY k.occurred_at DESC, k.rid DESC LIMIT $1) d
     JOIN hub.matter m USING (matter_key) LEFT JOIN hub.organization g ON g.credit_code = d.lead_org LEFT JOIN hub.division v ON v.code = d.division
     ORDER BY d.opened_at DESC, d.rid DESC`,
    [first + 1],
  );
  const nodes = rows.slice(0, first).map((row) => ({
    matterNo: row.matter_no,
    status: row.status,
    category: plain(coded(row.category, 'dispute-type')),
    openedAt: row.opened_at === null ? null : (row.opened_at as Date).toISOString(),
    lead: row.lead_org === null ? null : { name: row.org_name, publicPhone: row.public_phone },
    division: row.division === null ? null : { code: row.division, name: row.division_name },
  }));
  return { matters: { nodes, pageInfo: { hasNextPage: rows.length > first, endCursor: rows[first - 1]?.matter_key ?? null } } };
}

async function division(client: Client, _: Viewer, { code, asOf }: { code: string; asOf: string }) {
  const { rows } = await statement(client, 'division',
    `SELECT d.code, d.name, d.tier, d.valid_from::text, d.valid_to::text, p.code AS parent_code, p.name AS parent_name, p.tier AS parent_tier, s.code AS successor_code, s.name AS successor_name,
       (SELECT json_agg(json_build_object('code', x.code, 'name', x.name, 'validTo', x.valid_to::text) ORDER BY x.code) FROM hub.division x WHERE x.successor = d.code) AS predecessors
     FROM hub.division d LEFT JOIN hub.division p ON p.code = d.parent LEFT JOIN hub.division s ON s.code = d.successor
     WHERE d.code = $1 AND (d.valid_from IS NULL OR d.valid_from <= $2::date) AND (d.valid_to IS NULL OR $2::date < d.valid_to)`,
    [code, asOf],
  );
  const row = rows[0];
  if (!row) return { division: null };
  return {
    division: {
      code: row.code, name: row.name, tier: row.tier, validFrom: row.valid_from, validTo: row.valid_to,
      parent: row.parent_code && { code: row.parent_code, name: row.parent_name, tier: row.parent_tier },
      successor: row.successor_code && { code: row.successor_code, name: row.successor_name },
      predecessors: row.predecessors ?? [],
    },
  };
}

async function hotspots(client: Client, _: Viewer, { first }: { first: number }) {
  const { rows } = await statement(client, 'hotspots',
    `SELECT s.situation_key, s.kind, s.name, s.identifier, s.facility_kind, s.category, s.division, s.from_at::text, s.to_at::text, s.records, s.requesters, s.channels, s.keywords, s.trend, s.matter_keys, s.facts, v.name AS division_name
     FROM hub.situation s LEFT JOIN hub.division v ON v.code = s.division ORDER BY s.to_at DESC, s.situation_key DESC LIMIT $1`,
    [first + 1],
  );
  const nodes = (rows as (SituationColumns & { division_name: string | null })[]).slice(0, first).map((row) => ({
    subject: { kind: row.kind, name: row.name, identifier: row.identifier, facilityKind: row.facility_kind, category: plain(coded(row.category, 'dispute-type')), division: { code: row.division, name: row.division_name } },
    from: new Date(row.from_at).toISOString(), to: new Date(row.to_at).toISOString(), records: row.records, requesters: row.requesters,
    channels: row.channels.map((channel) => plain(named(channel, 'channel', channelNames))), keywords: row.keywords, trend: row.trend,
    facts: row.facts.map(({ name, value, unit, reports }) => ({ name, value, unit, reports })), notice: notice(row),
  }));
  return { situations: { nodes, pageInfo: { hasNextPage: rows.length > first, endCursor: null } } };
}

/** Under a name, as the hub's subgraphs: parsed and planned once a connection. */
function statement(client: Client, name: string, text: string, values: unknown[]) {
  return client.query({ name, text, values });
}

function plain(value: { code: string; name: string | null } | null) {
  return value && { code: value.code, name: value.name };
}

type Work = (client: Client, viewer: Viewer, variables: never) => Promise<unknown>;

async function answer(request: FastifyRequest, name: string, work: Work): Promise<unknown> {
  const { viewer } = await identify({ authorization: request.headers.authorization, purpose: String(request.headers['x-purpose']), matter: undefined }, randomUUID());
  const client = await connect(hub.pool);
  let data: unknown;
  try {
    await enterViewer(client, viewer);
    data = await work(client, viewer, (request.body as { variables: never }).variables);
    await client.query('ROLLBACK');
  } finally {
    client.release();
  }
  await log.append({ decision: 'ALLOWED', org: viewer.org, department: viewer.department, tier: viewer.tier, division: viewer.division, purpose: viewer.purpose, operation: { name, hash: sha256Hex(name) }, traceId: viewer.traceId });
  return { data };
}

const app = Fastify();
app.post('/1-matters', (request) => answer(request, 'Matters', matters));
app.post('/5-hotspots', (request) => answer(request, 'Hotspots', hotspots));
app.post('/18-division', (request) => answer(request, 'DivisionAt', division));
await app.listen({ host: '127.0.0.1', port: 0 });
const address = app.server.address();
process.stdout.write(`listening ${typeof address === 'object' ? address?.port : 0}\n`);
