import { YiwangError } from '../../base/errors.ts';
import { streamCoverage } from '../../schema/hub.ts';
import type { SubgraphContext } from '../context.ts';
import type { DatasetType, SourceKindType } from './types.generated.ts';

/**
 * The catalogue, as the declarations and the classified schema say it, with how fresh each stream is now. Reads no record.
 * `department`: of this department only.
 */
export async function datasets(context: SubgraphContext, department: string | null | undefined): Promise<DatasetType[]> {
  if (!context.catalogue) throw new YiwangError('SUBGRAPH_UNAVAILABLE', { detail: 'the subgraphs were started without the catalogue' });
  const tx = await context.tx();
  const rows = await tx.select().from(streamCoverage);
  const fresh = new Map(rows.map((row) => [`${row.department}/${row.stream}`, row.freshThrough]));
  return context.catalogue
    .filter((dataset) => !department || dataset.department === department)
    .map((dataset) => ({ ...dataset, sourceKind: dataset.sourceKind.toUpperCase() as SourceKindType, freshThrough: fresh.get(dataset.id) ?? null }));
}
