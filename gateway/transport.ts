import { Pool as UndiciPool } from 'undici';
import { YiwangError } from '../base/errors.ts';

/** Carries one request to a subgraph and its answer, read as JSON, back. Throws `SUBGRAPH_UNAVAILABLE` when none comes. */
export interface Transport {
  send(subgraph: string, body: string, headers: Record<string, string>): Promise<unknown>;
  close(): Promise<void>;
}

/** Over HTTP, with pooled connections. `endpoints`: subgraph → URL. */
export function httpTransport(endpoints: Readonly<Record<string, string>>): Transport {
  const pools = new Map<string, { pool: UndiciPool; path: string }>();
  for (const [name, url] of Object.entries(endpoints)) {
    const { origin, pathname } = new URL(url);
    pools.set(name, { pool: new UndiciPool(origin, { connections: connectionsMax, headersTimeout: answerTimeoutMs, bodyTimeout: answerTimeoutMs, connect: { timeout: connectTimeoutMs } }), path: pathname });
  }
  return {
    async send(subgraph, body, headers) {
      const to = pools.get(subgraph);
      if (!to) throw unavailable(`no endpoint for the subgraph ${subgraph}`);
      try {
        const { body: answer } = await to.pool.request({ path: to.path, method: 'POST', body, headers: { ...headers, 'content-type': 'application/json' }, signal: AbortSignal.timeout(answerTimeoutMs) });
        return parsed(await bounded(answer, subgraph));
      } catch (error) {
        if (error instanceof YiwangError) throw error;
        throw unavailable(`the subgraph ${subgraph} does not answer`, error);
      }
    },
    async close() {
      await Promise.all([...pools.values()].map(({ pool }) => pool.destroy()));
    },
  };
}

/** Into subgraphs that share this process; the same signature and the same checks as over HTTP. */
export function processTransport(inject: (subgraph: string, body: string, headers: Record<string, string>) => Promise<{ body: unknown }>): Transport {
  return {
    async send(subgraph, body, headers) {
      try {
        return (await inject(subgraph, body, headers)).body;
      } catch (error) {
        throw unavailable(`the subgraph ${subgraph} failed`, error);
      }
    },
    close: async () => undefined,
  };
}

const connectionsMax = 32;
const connectTimeoutMs = 2_000;
const answerTimeoutMs = 15_000;
const answerBytesMax = 32 * 1024 * 1024;

async function bounded(answer: AsyncIterable<Uint8Array>, subgraph: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer) {
    bytes += chunk.length;
    if (bytes > answerBytesMax) throw unavailable(`the answer of the subgraph ${subgraph} is over ${answerBytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** A subgraph's JSON is foreign too: a key `__proto__` is left out (threats.md, 21). A reviver costs more than the parsing. */
function parsed(text: string): unknown {
  return JSON.parse(text, text.includes('__proto__') ? (key, value: unknown) => (key === '__proto__' ? undefined : value) : undefined);
}

function unavailable(detail: string, cause?: unknown): YiwangError {
  return new YiwangError('SUBGRAPH_UNAVAILABLE', { detail, ...(cause === undefined ? {} : { cause }) });
}
