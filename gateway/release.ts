import { connect, type Pool } from '../base/db.ts';
import { YiwangError } from '../base/errors.ts';
import { recordRelation, standing } from '../policy/relation.sql.ts';
import { enterViewer } from '../policy/session.ts';
import type { Viewer } from '../policy/viewer.ts';
import type { Exchange } from './exchange.ts';
import { stillOpen } from './matter.ts';

/** Throws where the caller may no longer have what was gathered for them. */
export type Release = (exchange: Exchange) => Promise<void>;

export interface ReleaseOptions {
  pool: Pool;
  policyVersion(): string;
}

/**
 * Looks once more before an answer leaves (threats.md, 25). A changed policy withholds every answer that was decided under
 * the old one. Of an operation that took long the token, the organisation's place, the matter, the rows and how the caller
 * relates to them are asked about again: what was revoked meanwhile is not given out, and the caller asks anew.
 */
export function openRelease({ pool, policyVersion }: ReleaseOptions): Release {
  return async (exchange) => {
    if (exchange.viewer.policyVersion !== policyVersion()) throw new YiwangError('RIGHTS_CHANGED');
    await stillOpen(pool, exchange.viewer);
    const isChange = exchange.document?.operation.operation === 'mutation'; // what it changed may be what is seen, and is no revocation
    if (isChange || performance.now() - exchange.startedAtMs < longMs) return;
    const viewer = (await exchange.identify?.())?.viewer ?? exchange.viewer;
    if (who(viewer) !== who(exchange.viewer)) throw new YiwangError('RIGHTS_CHANGED');
    if (exchange.seen.records.size > 0) await requireStanding(pool, viewer, exchange.seen.records);
  };
}

/** Below this an answer is as old as any network makes it. */
const longMs = 1_000;

function who(viewer: Viewer): string {
  return JSON.stringify(Object.entries({ ...viewer, traceId: null }).sort());
}

/** Each record is still there for the caller, and no right to it has ended under which something of it was given. */
async function requireStanding(pool: Pool, viewer: Viewer, records: ReadonlyMap<string, number>): Promise<void> {
  const client = await connect(pool);
  let broken: Error | undefined;
  try {
    await enterViewer(client, viewer);
    const { rows } = await client.query<{ rid: string; relation: number }>(`SELECT r.rid, ${recordRelation('r')} AS relation FROM hub.record r WHERE r.rid = ANY ($1)`, [[...records.keys()]]);
    const isLess = rows.some(({ rid, relation }) => (records.get(rid)! & ~standing(Number(relation))) !== 0);
    if (rows.length < records.size || isLess) throw new YiwangError('RIGHTS_CHANGED');
  } finally {
    await client.query('ROLLBACK').catch((error: Error) => (broken = error));
    client.release(broken);
  }
}
