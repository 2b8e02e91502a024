import { openAccessLog } from '../../audit/log.ts';
import { openPool } from '../../base/db.ts';
import { startGateway } from '../../gateway/main.ts';
import { openPolicy, type Policy } from '../../policy/decide.ts';
import { viewerKey } from '../../policy/viewer.ts';
import { startSubgraphs } from '../../subgraphs/main.ts';
import { filledHub } from '../hub/setup.ts';

// `server.ts guarded|open DATABASE`: gateway and subgraphs in one process. `open` decides everything to be FULL and reads a
// database whose row-level security is off; token check, signatures, transactions and the access log are the same.
const [mode, databaseUrl = ''] = process.argv.slice(2);
const { config, pool: filled } = await filledHub();
await filled.end();
const pool = openPool(databaseUrl);
const policy = mode === 'open' ? withoutDecisions(openPolicy()) : openPolicy();
const log = await openAccessLog({ pool: openPool(databaseUrl, { connectionsMax: 2 }) });
const key = viewerKey(config.masterSecret);
const { inject } = await startSubgraphs({ pool, policy, viewerKey: key, master: config.masterSecret, port: null });
const { url } = await startGateway({ config, pool, accessLog: log, policy, inject, port: 0 });
process.stdout.write(`listening ${new URL(url).port}\n`);

/** Which rows a list ranges over is asked of the same rules (relation.sql.ts, by a field without a name): the SQL is the same text. */
function withoutDecisions(real: Policy): Policy {
  const full = { effect: 'FULL', policy: 'bench', reason: { code: 'CLASS', zh: '', en: '' }, basis: '' } as const;
  return {
    version: real.version,
    rules: real.rules,
    reload: () => real.reload(),
    best: () => full,
    decide: (viewer, field, row) => (field.coordinate === '' ? real.decide(viewer, field, row) : full),
  };
}
