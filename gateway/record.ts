import type { AccessEntryInput } from '../audit/entry.ts';
import { callerPseudonym } from '../audit/caller.ts';
import type { AccessLog } from '../audit/log.ts';
import { subjectTag } from '../audit/subjects.ts';
import { breakGlassBasis, purposes } from '../policy/purposes.ts';
import type { Viewer } from '../policy/viewer.ts';
import { coordinateCounts } from './access.ts';
import type { Effects } from './effects.ts';
import type { Exchange } from './exchange.ts';

/** Writes down one operation, allowed or refused. Resolves when the entry is durable: only then may the answer leave. */
export type Record = (exchange: Exchange) => Promise<void>;

/**
 * Step 8 of a request's life. Rejects with `AUDIT_UNWRITTEN`. Refusals of callers who did not sign in are counted, one
 * entry a second for each code, or a flood of them would fill the log.
 */
export function openRecord(accessLog: AccessLog, masterSecret: Uint8Array, now: () => Date, effects?: Effects): Record {
  return async (exchange) => {
    if (exchange.viewer.kind === 'ANONYMOUS' && exchange.refusal !== null) return accessLog.appendRefusals(exchange.refusal);
    const seen = whatWasSeen(exchange, masterSecret, now());
    await accessLog.append({ ...whoAndWhy(exchange, masterSecret), ...seen });
    // A refusal names no change, and where a subgraph's answer was lost nor does an entry: what was made all the same stays owed.
    if (exchange.document?.operation.operation === 'mutation' && exchange.refusal === null) await effects?.logged(exchange.traceId, Object.keys(seen.coordinates.full));
  };
}

function whoAndWhy(exchange: Exchange, masterSecret: Uint8Array): AccessEntryInput {
  const { viewer, operation, refusal, traceId } = exchange;
  const emergency = emergencyOf(exchange);
  return {
    viewer: viewer.kind === 'ANONYMOUS' ? null : callerPseudonym(masterSecret, viewer),
    client: viewer.clientId || null,
    org: viewer.org,
    department: viewer.department,
    tier: viewer.tier,
    division: viewer.division,
    purpose: viewer.purpose,
    matter: viewer.matterNo,
    legalBasis: emergency ? breakGlassBasis : viewer.purpose ? purposes[viewer.purpose].basis : null,
    breakGlass: emergency?.id ?? null,
    disclosedFrom: emergency?.until ?? null,
    operation,
    decision: refusal === null ? 'ALLOWED' : 'REFUSED',
    code: refusal,
    policyVersion: viewer.policyVersion,
    traceId,
  };
}

/** The emergency, where one of its rules gave something: an assignment that would have given it as well is no emergency. */
function emergencyOf({ viewer, seen }: Exchange): Viewer['breakGlass'] | null {
  if (!viewer.breakGlass) return null;
  const opened = [...seen.fields.values()].some(({ effect, policy }) => effect !== 'WITHHELD' && policy.startsWith('break-glass.'));
  return opened ? viewer.breakGlass : null;
}

function whatWasSeen({ seen }: Exchange, masterSecret: Uint8Array, now: Date): Required<Pick<AccessEntryInput, 'coordinates' | 'recordCount' | 'subjects'>> {
  const subjects = [...seen.subjects].map((mention) => subjectTag(masterSecret, mention, now));
  return { coordinates: coordinateCounts(seen), recordCount: seen.records.size, subjects };
}
