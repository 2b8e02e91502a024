import { openAccessLog } from '../../audit/log.ts';
import { openPool } from '../../base/db.ts';
import { entryOf } from './entries.ts';

/** A gateway reduced to its log: eight callers append without end and say each commit on stdout, until killed. */
const [url, name] = process.argv.slice(2) as [string, string];
const log = await openAccessLog({ pool: openPool(url, { connectionsMax: 2 }) });

async function caller(n: number): Promise<never> {
  for (let count = 0; ; count += 1) {
    const traceId = `${name}-${n}-${count}`;
    const { index } = await log.append(entryOf(count, { traceId }));
    process.stdout.write(`${traceId} ${index}\n`);
  }
}

await Promise.all(Array.from({ length: 8 }, (_, n) => caller(n)));
