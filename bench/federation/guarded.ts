import { openAccessLog } from '../../audit/log.ts';
import type { Config } from '../../base/config.ts';
import { openPool } from '../../base/db.ts';
import { migrate } from '../../base/migrate.ts';
import { startGateway } from '../../gateway/main.ts';
import { registerOf } from '../../gateway/operations.ts';
import { openPolicy } from '../../policy/decide.ts';
import { classifiedSupergraph } from './classified.ts';
import { subgraphSdl } from './graph.ts';

// The hub's gateway on the bench's graph: token check, decisions on every field, signed viewer context, access log.
const [port, databaseUrl, secret, sharing] = process.argv.slice(2) as [string, string, string, string | undefined];
const pool = openPool(databaseUrl);
await migrate(pool);
const accessLog = await openAccessLog({ pool: openPool(databaseUrl, { connectionsMax: 2 }) });
const config: Config = { production: false, home: '/nowhere', databaseUrl, redisUrl: undefined, oidc: undefined, host: '127.0.0.1', port: 0, masterSecret: Buffer.from(secret, 'hex'), sources: {} };
const gateway = await startGateway({
  config,
  pool,
  accessLog,
  policy: openPolicy(),
  supergraphSdl: classifiedSupergraph(Number(port)),
  subgraphEndpoints: Object.fromEntries(Object.keys(subgraphSdl).map((name) => [name, `http://127.0.0.1:${port}/${name}`])),
  operations: registerOf([]),
  port: 0,
  ...(sharing === 'sharing' ? { singleFlight: true } : {}),
});
process.stdout.write(`listening ${new URL(gateway.url).port}\n`);
