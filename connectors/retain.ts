import type pg from 'pg';
import type { Client } from '../base/db.ts';
import { YiwangError } from '../base/errors.ts';
import { deletedBeforeSql, lastChangeSql } from '../policy/retention.ts';
import { refuseTooMany } from './absent.ts';
import { limits } from './limits.ts';
import { applyPage, type PageContext } from './page.ts';
import { begin, withStream, type StreamRequest } from './pull.ts';
import { inOneTransaction } from './transaction.ts';

export interface RetainRequest extends StreamRequest {
  /** Counts only. */
  dryRun: boolean;
  /** An operator has seen that so many records would go; 0: nobody has. */
  approveDeletes: number;
}

export interface RetainOutcome {
  /** Live records whose retention and time masked are over. */
  due: number;
  /** Of these, deleted now. */
  removed: number;
  epoch: number;
  /** Deletions that wait for an operator. */
  held: YiwangError | null;
}

/**
 * C5: deletes what is past its retention and the time it then stays masked, page by page, each page one transaction, under
 * the lock of the stream's runs; a run that ends early goes on with what is left. Beyond 5 % and 20 records only with an
 * operator's approval. The hub's tombstone stays, so that the source's own copy does not bring the record back.
 */
export async function retainStream(request: RetainRequest): Promise<RetainOutcome> {
  return withStream(request.pool, request.connector, request.stream, (client) => retained(request, client));
}

async function retained(request: RetainRequest, client: Client): Promise<RetainOutcome> {
  const { connector, stream, keys, runId, now } = request;
  const kept = { ...limits, ...request.limits };
  const endsAtMs = performance.now() + kept.runDeadlineMs;
  const { epoch } = await begin(client, connector.department, stream.name, !request.dryRun);
  const context: PageContext = { connector, stream, keys, runId, epoch, now: now() };
  const { due, known } = await countDue(client, context);
  const outcome: RetainOutcome = { due, removed: 0, epoch, held: null };
  if (request.dryRun || due === 0) return outcome;
  try {
    refuseTooMany(stream.name, due, known, request.approveDeletes);
  } catch (error) {
    return { ...outcome, held: error as YiwangError };
  }
  for (let after = ''; ; ) {
    if (performance.now() > endsAtMs) throw new YiwangError('DATABASE_UNAVAILABLE', { hint: 'the run was not through within its deadline; it goes on later' });
    const page = await duePage(client, context, after, kept.pageRowsMax);
    if (page.length === 0) return outcome;
    await inOneTransaction(client, () => applyPage(client, context, [], { expired: page.map((key) => ({ key, keyHmac: keys.keyHmac(connector.department, stream.name, key) })) }));
    outcome.removed += page.length;
    after = page.at(-1)!;
  }
}

/** Of a record about which an acknowledged event waits nobody knows yet whether it is old: it is left to a later night. */
const isDue = `r.department = $1 AND r.stream = $2 AND ${lastChangeSql('r')} < ${deletedBeforeSql('$1', '$2')}
  AND NOT EXISTS (SELECT 1 FROM hub.waiting_event e CROSS JOIN LATERAL json_array_elements(e.content::json) x WHERE e.department = $1 AND e.stream = $2 AND x ->> 'subject' = r.record_key)`;

async function countDue(client: pg.ClientBase, { connector, stream }: PageContext): Promise<{ due: number; known: number }> {
  const { rows } = await client.query<{ due: number; known: number }>(`SELECT (SELECT count(*) FROM hub.record r WHERE ${isDue}) AS due, (SELECT count(*) FROM hub.record WHERE department = $1 AND stream = $2) AS known`, [connector.department, stream.name]);
  return rows[0]!;
}

async function duePage(client: pg.ClientBase, { connector, stream }: PageContext, after: string, rowsMax: number): Promise<string[]> {
  const { rows } = await client.query<{ record_key: string }>(`SELECT r.record_key FROM hub.record r WHERE ${isDue} AND r.record_key > $3 ORDER BY r.record_key LIMIT $4`, [connector.department, stream.name, after, rowsMax]);
  return rows.map((row) => row.record_key);
}
