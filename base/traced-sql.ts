import { AsyncResource } from 'node:async_hooks';
import type pg from 'pg';
import { isTraced, openSpan } from './trace.ts';

/**
 * Measures every statement of a pool that belongs to a trace, as one span with the statement's text and its rows. Literals in
 * the text become `?`: settings of a viewer are written as literals, and no value leaves with a span.
 */
export function traceStatements(pool: pg.Pool): void {
  const connect = pool.connect.bind(pool) as (...args: unknown[]) => unknown;
  // Whoever waits for a client is called by whoever gives it back: the callback goes on in its own trace.
  pool.connect = ((callback?: (...args: any[]) => unknown) => (callback ? connect(AsyncResource.bind(callback)) : connect())) as typeof pool.connect;
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown;
    client.query = ((...args: unknown[]) => (isTraced() ? measured(query, args) : query(...args))) as typeof client.query;
  });
}

function measured(query: (...args: unknown[]) => unknown, args: unknown[]): unknown {
  const span = openSpan('sql', { 'db.system.name': 'postgresql', 'db.query.text': statementText(args[0]) }, { kind: 'CLIENT' });
  const ended = (error: unknown, result?: { rowCount?: number | null }) => {
    if (error) span.fail(error);
    else if (typeof result?.rowCount === 'number') span.set({ 'db.response.returned_rows': result.rowCount });
    span.end();
  };
  const callback = args.at(-1);
  if (typeof callback === 'function') {
    const told = AsyncResource.bind(callback as (...all: unknown[]) => unknown);
    return query(...args.slice(0, -1), (error: unknown, result: never) => {
      ended(error, result);
      told(error, result);
    });
  }
  const answer = query(...args);
  if (!(answer instanceof Promise)) {
    span.end(); // a cursor or a stream: its rows come later
    return answer;
  }
  return answer.then(
    (result: { rowCount?: number | null }) => {
      ended(null, result);
      return result;
    },
    (error: unknown) => {
      ended(error);
      throw error;
    },
  );
}

/** Only what cannot hold a value: a text with a backslash or a dollar quote is told by its first word. */
export function statementText(statement: unknown): string {
  const text = typeof statement === 'string' ? statement : String((statement as { text?: unknown } | null)?.text ?? '');
  if (/\\|\$\w*\$/.test(text)) return text.trim().split(/\s/)[0] ?? '';
  return text.replace(/'(?:[^']|'')*'/g, '?').replace(/(?<![\w$"])\d+(?:\.\d+)?\b/g, '?').replace(/\s+/g, ' ').trim().slice(0, textCharactersMax);
}

const textCharactersMax = 1_000;
