import { randomUUID } from 'node:crypto';
import Fastify, { type FastifyRequest } from 'fastify';
import { sha256Hex } from '../../base/canonical.ts';
import { recordKeys } from '../../base/keys.ts';
import { connect } from '../../base/db.ts';
import { openCallers } from '../../gateway/caller.ts';
import { demoIssuer } from '../../gateway/demo/issuer.ts';
import { openPolicy } from '../../policy/decide.ts';
import { enterViewer } from '../../policy/session.ts';
import { accesses } from './by-hand/accesses.ts';
import type { Asked } from './by-hand/asked.ts';
import { connectors } from './by-hand/connectors.ts';
import { division } from './by-hand/division.ts';
import { hotspots } from './by-hand/hotspots.ts';
import { inbox } from './by-hand/inbox.ts';
import { matters, overdueMatters } from './by-hand/matters.ts';
import { cases } from './cases.ts';
import { filledHub, startLog } from './setup.ts';

// What a good engineer would write by hand for these questions: the same token check, the same rows that the policy
// opens, the same transaction with row-level security, few statements, the same entry in the log before the answer.
const hub = await filledHub();
const log = await startLog(hub);
const policy = openPolicy();
const { masterSecret } = hub.config;
const identify = openCallers({ rules: demoIssuer(masterSecret).rules, pool: hub.pool, keys: recordKeys(masterSecret), policy });

type Endpoint = (asked: Asked<never>) => Promise<object>;

const endpoints: Record<string, Endpoint> = {
  '1-matters': matters,
  '1-overdue': overdueMatters,
  '2-inbox': inbox,
  '5-hotspots': hotspots,
  '9-connectors': connectors,
  '12-accesses': accesses,
  '18-division': division,
};

async function answer(request: FastifyRequest, name: string, endpoint: Endpoint): Promise<object> {
  const { viewer } = await identify({ authorization: request.headers.authorization, purpose: String(request.headers['x-purpose']), matter: undefined }, randomUUID());
  const client = await connect(hub.pool);
  let data: object;
  try {
    await enterViewer(client, viewer);
    data = await endpoint({ client, viewer, policy, masterSecret, variables: (request.body as { variables: never }).variables });
    await client.query('ROLLBACK');
    client.release();
  } catch (error) {
    client.release(error as Error);
    throw error;
  }
  await log.append({ decision: 'ALLOWED', org: viewer.org, department: viewer.department, tier: viewer.tier, division: viewer.division, purpose: viewer.purpose, operation: { name, hash: sha256Hex(name) }, traceId: viewer.traceId });
  return { data };
}

const app = Fastify();
for (const { name, operation } of cases) app.post(`/${name}`, (request) => answer(request, operation, endpoints[name]!));
await app.listen({ host: '127.0.0.1', port: 0 });
const address = app.server.address();
process.stdout.write(`listening ${typeof address === 'object' ? address?.port : 0}\n`);
