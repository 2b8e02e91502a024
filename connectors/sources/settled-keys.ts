import { join } from 'node:path';
import type { Stream } from '../contract.ts';
import { judge } from '../judge.ts';
import type { SourceContext } from '../source.ts';
import type { FoundDelivery } from './deliveries.ts';
import { offeredRows } from './file-rows.ts';

/** STANDS: the snapshot has the record, as it then was. GONE: it has not, and it is whole. Undefined: it says nothing. */
export type SettledKeys = (keyHmac: string) => 'STANDS' | 'GONE' | undefined;

/**
 * What a snapshot settled: the records that it has, and where it is whole those that it has not. A row that was refused
 * settles nothing of its record but that it is there.
 */
export async function settledIn({ connector, keys }: SourceContext, stream: Stream, snapshot: FoundDelivery): Promise<SettledKeys> {
  const standing = new Map<string, boolean>();
  let rows = 0;
  let isWhole = true;
  for (const file of snapshot.files.filter((one) => one.stream === stream.name)) {
    for await (const offered of offeredRows(stream, join(snapshot.path, file.name), file.encoding)) {
      rows += 1;
      const version = judge(connector.department, stream, { ...offered, delivery: { asOf: snapshot.asOf, folder: snapshot.order } }, keys);
      if (version.key === null) isWhole = false;
      else standing.set(version.keyHmac, version.kind !== 'QUARANTINED' || standing.get(version.keyHmac) === true);
    }
    rows -= file.rows;
  }
  isWhole &&= rows === 0;
  return (keyHmac) => {
    const stands = standing.get(keyHmac);
    if (stands === undefined) return isWhole ? 'GONE' : undefined;
    return stands ? 'STANDS' : undefined;
  };
}
