import { drizzle } from 'drizzle-orm/node-postgres';
import { asOperatingError, connect, type Client, type Pool, type Transaction } from '../base/db.ts';
import { YiwangError } from '../base/errors.ts';
import { log, safeError } from '../base/log.ts';
import { enterViewer, enterWriter } from '../policy/session.ts';
import type { Viewer } from '../policy/viewer.ts';

export interface Session {
  /** The request's reading transaction, opened by whoever asks first. */
  tx(): Promise<Transaction>;
  /**
   * Runs `work` in a transaction of its own as the writing role and commits it. The reading one is ended before, so that a
   * request never waits for a second connection with one in its hand; what is read afterwards sees the change.
   */
  change<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** Ends the reading transaction: there is nothing to commit. */
  end(): Promise<void>;
}

/**
 * One read-only transaction per subgraph request, as the reading role and with the viewer's settings; statements go one
 * after the other. A request may be answered while a resolver of it still runs (an error that nulls its parent does not
 * wait): what it asks after the end is refused, because the connection is by then the owner's again, or another viewer's.
 */
export function openSession(pool: Pool, viewer: Viewer, onStatement?: (sql: string) => void): Session {
  let reading: Reading | undefined;
  let ended = false;
  const logger = onStatement ? { logQuery: onStatement } : false;
  const endReading = async () => {
    const open = reading;
    reading = undefined;
    await open?.end();
  };
  return {
    tx: async () => {
      if (ended) throw late();
      return (reading ??= openReading(pool, viewer, logger)).transaction;
    },
    change: async (work) => {
      if (ended) throw late();
      await endReading();
      return changed(pool, viewer, logger, work);
    },
    end: async () => {
      ended = true;
      await endReading();
    },
  };
}

type Logger = { logQuery: (sql: string) => void } | false;

interface Reading {
  transaction: Promise<Transaction>;
  end(): Promise<void>;
}

function openReading(pool: Pool, viewer: Viewer, logger: Logger): Reading {
  let last: Promise<unknown> = Promise.resolve();
  let ended = false;
  const opened = entered(pool, viewer, enterViewer);
  const inTurn = (client: Client) => ({
    query: (...args: Parameters<Client['query']>) => {
      const run = last.then(() => {
        if (ended) throw late();
        return Promise.resolve(client.query(...named(args))).catch(rethrown);
      });
      last = run.then(nothing, nothing);
      return run;
    },
  });
  return {
    transaction: opened.then((client) => drizzle({ client: inTurn(client) as unknown as Client, logger }) as unknown as Transaction),
    end: async () => {
      ended = true;
      const client = await opened.catch(nothing);
      await last; // the statement under way, if any
      if (client) await rollback(client);
    },
  };
}

async function changed<T>(pool: Pool, viewer: Viewer, logger: Logger, work: (tx: Transaction) => Promise<T>): Promise<T> {
  const client = await entered(pool, viewer, enterWriter);
  try {
    const told = { query: (...args: Asked) => Promise.resolve(client.query(...args)).catch(rethrown) };
    const result = await work(drizzle({ client: told as unknown as Client, logger }) as unknown as Transaction);
    await client.query('COMMIT');
    client.release();
    return result;
  } catch (error) {
    await rollback(client);
    throw asOperatingError(error);
  }
}

/** Codes of PostgreSQL for a value that no column could hold: a zero byte, a year 0 or of five digits, a number beyond its type. */
const unheldCodes = new Set(['22003', '22007', '22008', '22009', '22021', '22P05']);

/** What cannot be is the question's fault: nothing here makes such a value of a good one. A server that went away is said to have. */
function rethrown(error: unknown): never {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  if (typeof code === 'string' && unheldCodes.has(code)) throw new YiwangError('BAD_REQUEST', { hint: 'a value of the request is out of range or holds a character that no text can hold', cause: error });
  throw asOperatingError(error);
}

type Asked = Parameters<Client['query']>;

/**
 * The statement under a name, so that each connection parses and plans it once: what row-level security adds to a statement
 * takes longer to plan than to run. A plan is made again by PostgreSQL for another role, and no value is part of a text.
 */
function named(args: Asked): Asked {
  const [config, ...rest] = args as unknown as [{ text?: unknown; name?: string } | string, ...unknown[]];
  if (typeof config !== 'object' || typeof config.text !== 'string' || config.name !== undefined) return args;
  const name = names.get(config.text) ?? newName(config.text);
  return [{ ...config, name }, ...rest] as unknown as Asked;
}

/** Statements that are kept planned, by their text: what one viewer's policy and filter make is another text than another's. */
const names = new Map<string, string>();
const namesMax = 500;

/** How often the names began anew, and at which of these times a connection was first used. */
let generation = 0;
const generationOf = new WeakMap<Client, number>();

/** Where there are too many names, all are forgotten, and so is each connection that holds plans of them. */
function newName(text: string): string {
  if (names.size >= namesMax) {
    names.clear();
    generation += 1;
  }
  const name = `read-${generation}-${names.size}`;
  names.set(text, name);
  return name;
}

const nothing = () => undefined;
const late = () => new YiwangError('INTERNAL', { detail: 'a statement after the end of its request' });

async function entered(pool: Pool, viewer: Viewer, enter: typeof enterViewer): Promise<Client> {
  const client = await connect(pool);
  if (!generationOf.has(client)) generationOf.set(client, generation);
  try {
    await enter(client, viewer);
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
  client.release(broken ?? generationOf.get(client) !== generation);
}
