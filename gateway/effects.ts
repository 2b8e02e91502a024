import { setTimeout as pause } from 'node:timers/promises';
import type { AccessEntryInput } from '../audit/entry.ts';
import type { AccessLog } from '../audit/log.ts';
import type { Pool } from '../base/db.ts';
import { log, safeError } from '../base/log.ts';
import { purposes, type Purpose } from '../policy/purposes.ts';

/** The access log's entries of changes whose answer never left. */
export interface Effects {
  /** The changes of this operation that its entry names stand in the log. Never throws: what stays unmarked is found later. */
  logged(traceId: string, coordinates: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

const everyMs = 30_000;
/** An answer's own entry is written within 2 seconds, or refused. */
const unloggedAfterSeconds = 20;
const effectsMax = 200;

/**
 * A change and its row in `hub.effect` commit together, the log's entry follows. Where a gateway dies in between, or the log
 * could not commit, the row stays unmarked: every gateway looks for such rows when it starts and every 30 seconds, and
 * writes the entry that is owed: it names the change and no operation, because no answer to one left.
 */
export function openEffects(pool: Pool, accessLog: AccessLog): Effects {
  const stopping = new AbortController();
  const swept = sweeping(pool, accessLog, stopping.signal);
  return {
    async logged(traceId, coordinates) {
      await pool.query('UPDATE hub.effect SET logged_at = now() WHERE trace_id = $1 AND coordinate = ANY ($2) AND logged_at IS NULL', [traceId, coordinates]).catch((error: unknown) => log.warn({ err: safeError(error) }, 'a change could not be marked as logged'));
    },
    async stop() {
      stopping.abort();
      await swept;
    },
  };
}

async function sweeping(pool: Pool, accessLog: AccessLog, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await logOwed(pool, accessLog).catch((error: unknown) => log.warn({ err: safeError(error) }, 'changes without an entry could not be written down'));
    await pause(everyMs, undefined, { signal }).catch(() => undefined); // stopped while waiting
  }
}

interface Owed {
  id: number;
  trace_id: string;
  coordinate: string;
  caller: string;
  org: string | null;
  department: string | null;
  tier: 'VILLAGE' | 'TOWNSHIP' | 'COUNTY' | 'CITY' | 'PROVINCE' | null;
  division: string | null;
  purpose: Purpose | null;
  matter_no: string | null;
  policy_version: string;
}

/** Writes the entries that are owed, each once however many gateways look. Returns how many. */
export async function logOwed(pool: Pool, accessLog: AccessLog): Promise<number> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('BEGIN');
    const { rows } = await client.query<Owed>(
      `SELECT id, trace_id, coordinate, caller, org, department, tier, division, purpose, matter_no, policy_version FROM hub.effect
       WHERE logged_at IS NULL AND at < now() - make_interval(secs => $1) ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED`,
      [unloggedAfterSeconds, effectsMax],
    );
    const written: number[] = [];
    let failure: unknown;
    try {
      for (const row of rows) {
        await accessLog.append(entryOf(row));
        written.push(row.id);
      }
    } catch (error) {
      failure = error; // what was written before it is marked first, or it would be written again
    }
    await client.query('UPDATE hub.effect SET logged_at = now() WHERE id = ANY ($1::bigint[])', [written]);
    await client.query('COMMIT');
    if (failure !== undefined) throw failure;
    return written.length;
  } catch (error) {
    await client.query('ROLLBACK').catch((rollback: Error) => (broken = rollback));
    throw error;
  } finally {
    client.release(broken);
  }
}

function entryOf(row: Owed): AccessEntryInput {
  return {
    viewer: row.caller, org: row.org, department: row.department, tier: row.tier, division: row.division, purpose: row.purpose, matter: row.matter_no,
    legalBasis: row.purpose ? purposes[row.purpose].basis : null, coordinates: { full: { [row.coordinate]: 1 }, masked: {}, withheld: {} },
    decision: 'ALLOWED', policyVersion: row.policy_version, traceId: row.trace_id,
  };
}
