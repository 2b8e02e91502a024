import type { FastifyInstance } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import type { Pool } from '../../base/db.ts';
import { catalogue, type BothLanguages, type Dataset } from '../../connectors/catalogue.ts';
import { connectors } from '../../connectors/registry.ts';
import { publishedSchema } from '../../policy/published.ts';
import { cataloguePage } from './page.ts';
import { dcatCatalogue } from './dcat.ts';
import type { DescribedDataset, FreshDataset } from './fresh-dataset.ts';

/**
 * `/catalog.jsonld`: the catalogue in DCAT 3. `/catalog`: the same for people. Both are open to everybody: they hold what
 * declarations and the schema say, and up to when each stream is complete, and nothing of any record.
 */
export async function catalogueRoutes(app: FastifyInstance, { pool }: { pool: Pool }): Promise<void> {
  const schema = publishedSchema();
  const declared = catalogue((await connectors()).values(), schema).map((dataset) => ({ ...dataset, description: description(dataset, schema) }));
  app.get('/catalog.jsonld', async (_request, reply) => reply.type('application/ld+json; charset=utf-8').header('cache-control', 'no-cache').send(JSON.stringify(dcatCatalogue(await fresh(pool, declared)), null, 1)));
  app.get('/catalog', async (_request, reply) => reply.type('text/html; charset=utf-8').header('cache-control', 'no-cache').send(cataloguePage(await fresh(pool, declared))));
}

/** Descriptions of the schema are `中文 · English`: a test of the house asks for both. */
function description({ recordType }: Dataset, schema: GraphQLSchema): BothLanguages | null {
  const [zh, en] = (recordType === null ? undefined : schema.getType(recordType)?.description)?.split(' · ') ?? [];
  return zh === undefined || en === undefined ? null : { zh, en };
}

async function fresh(pool: Pool, declared: readonly DescribedDataset[]): Promise<FreshDataset[]> {
  const { rows } = await pool.query<{ id: string; fresh: string | null }>(`SELECT department || '/' || stream AS id, to_char(fresh_through AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS fresh FROM hub.stream`);
  const known = new Map(rows.map((row) => [row.id, row.fresh]));
  return declared.map((dataset) => ({ ...dataset, freshThrough: known.get(dataset.id) ?? null }));
}
