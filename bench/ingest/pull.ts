import { openPool } from '../../base/db.ts';
import { invariant } from '../../base/errors.ts';
import { recordKeys } from '../../base/keys.ts';
import { pullStream } from '../../connectors/pull.ts';
import { connectorOf, streamOf } from '../../connectors/registry.ts';

/** One run over the whole of a source, for `memory.ts`: prints the peak resident memory of this process in MiB. */
async function main([hubUrl, rows]: string[]): Promise<void> {
  invariant(hubUrl, 'the hub is named');
  const pool = openPool(hubUrl);
  const connector = await connectorOf('police');
  const stream = streamOf(connector, 'rk_hj');
  const { counts } = await pullStream({ pool, keys: recordKeys(Buffer.alloc(32, 1)), connector, stream, runId: null, mode: 'INCREMENT', env: process.env, now: () => new Date() });
  invariant(counts.published === Number(rows), 'every row of the source was published');
  await pool.end();
  process.stdout.write(`peak ${Math.round(process.resourceUsage().maxRSS / 1024)}\n`);
}

await main(process.argv.slice(2));
