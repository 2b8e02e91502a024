import { readConfig } from '../../base/config.ts';
import { startEmbeddedPostgres } from '../../base/embedded.ts';
import { openPool } from '../../base/db.ts';
import { startServices, type Services } from '../../cli/services.ts';
import type { Hub } from '../../cli/hub.ts';
import { openAccessLog } from '../../audit/log.ts';
import type { AccessLog } from '../../audit/log.ts';

/** The hub that the bench filled, for a contender: the server runs already, nothing is migrated. */
export async function filledHub(): Promise<Hub> {
  const config = readConfig({ sources: [] });
  const { url } = await startEmbeddedPostgres({ home: config.home });
  return { config, databaseUrl: url, pool: openPool(url) };
}

export function startGraph(hub: Hub): Promise<Services> {
  return startServices({ ...hub, config: { ...hub.config, port: 0 } }, new Set(['gateway', 'subgraphs']));
}

export async function startLog({ databaseUrl }: Hub): Promise<AccessLog> {
  return openAccessLog({ pool: openPool(databaseUrl, { connectionsMax: 2 }) });
}
