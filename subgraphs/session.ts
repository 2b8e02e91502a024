import { drizzle } from 'drizzle-orm/node-postgres';
import { asOperatingError, connect, type Client, type Pool, type Transaction } from '../base/db.ts';
import { log, safeError } from '../base/log.ts';
import { enterViewer } from '../policy/session.ts';
import type { Viewer } from '../policy/viewer.ts';

export interface Session {
  /** The request's transaction, opened by whoever asks first. */
  tx(): Promise<Transaction>;
  /** Ends it. Nothing is ever written here, so there is nothing to commit. */
  end(): Promise<void>;
}

/** One read-only transaction per subgraph request, as the reading role and with the viewer's settings. */
export function openSession(pool: Pool, viewer: Viewer, onStatement?: (sql: string) => void): Session {
  let opened: Promise<Client> | undefined;
  let transaction: Promise<Transaction> | undefined;
  return {
    tx: () => (transaction ??= (opened = begin(pool, viewer)).then((client) => asTransaction(client, onStatement))),
    end: async () => {
      const client = await opened?.catch(() => undefined);
      if (client) await rollback(client);
    },
  };
}

async function begin(pool: Pool, viewer: Viewer): Promise<Client> {
  const client = await connect(pool);
  try {
    await enterViewer(client, viewer);
    return client;
  } catch (error) {
    client.release(error as Error); // a client in an unknown state never goes back to the pool
    throw asOperatingError(error);
  }
}

function asTransaction(client: Client, onStatement?: (sql: string) => void): Transaction {
  const logger = onStatement ? { logQuery: onStatement } : false;
  return drizzle({ client, logger }) as unknown as Transaction;
}

async function rollback(client: Client): Promise<void> {
  let broken: Error | undefined;
  await client.query('ROLLBACK').catch((error: Error) => {
    broken = error;
    log.warn({ err: safeError(error) }, 'a subgraph transaction could not be ended');
  });
  client.release(broken);
}
