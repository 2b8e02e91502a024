import { drizzle } from 'drizzle-orm/node-postgres';
import { asOperatingError, connect, type Client, type Pool, type Transaction } from '../base/db.ts';
import { YiwangError } from '../base/errors.ts';
import { log, safeError } from '../base/log.ts';
import { enterViewer } from '../policy/session.ts';
import type { Viewer } from '../policy/viewer.ts';

export interface Session {
  /** The request's transaction, opened by whoever asks first. */
  tx(): Promise<Transaction>;
  /** Ends it. Nothing is ever written here, so there is nothing to commit. */
  end(): Promise<void>;
}

/**
 * One read-only transaction per subgraph request, as the reading role and with the viewer's settings; statements go one
 * after the other. A request may be answered while a resolver of it still runs (an error that nulls its parent does not
 * wait): what it asks after the end is refused, because the connection is by then the owner's again, or another viewer's.
 */
export function openSession(pool: Pool, viewer: Viewer, onStatement?: (sql: string) => void): Session {
  let opened: Promise<Client> | undefined;
  let transaction: Promise<Transaction> | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let ended = false;

  const inTurn = (client: Client) => ({
    query: (...args: Parameters<Client['query']>) => {
      const run = last.then(() => {
        if (ended) throw late();
        return client.query(...args);
      });
      last = run.then(nothing, nothing);
      return run;
    },
  });
  const logger = onStatement ? { logQuery: onStatement } : false;
  const begin = async () => {
    if (ended) throw late();
    const client = await (opened = entered(pool, viewer));
    return drizzle({ client: inTurn(client) as unknown as Client, logger }) as unknown as Transaction;
  };

  return {
    tx: () => (transaction ??= begin()),
    end: async () => {
      ended = true;
      const client = await opened?.catch(nothing);
      await last; // the statement under way, if any
      if (client) await rollback(client);
    },
  };
}

const nothing = () => undefined;
const late = () => new YiwangError('INTERNAL', { detail: 'a statement after the end of its request' });

async function entered(pool: Pool, viewer: Viewer): Promise<Client> {
  const client = await connect(pool);
  try {
    await enterViewer(client, viewer);
    return client;
  } catch (error) {
    client.release(error as Error); // a client in an unknown state never goes back to the pool
    throw asOperatingError(error);
  }
}

async function rollback(client: Client): Promise<void> {
  let broken: Error | undefined;
  await client.query('ROLLBACK').catch((error: Error) => {
    broken = error;
    log.warn({ err: safeError(error) }, 'a subgraph transaction could not be ended');
  });
  client.release(broken);
}
