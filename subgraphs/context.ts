import type DataLoader from 'dataloader';
import type { Pool, Transaction } from '../base/db.ts';
import type { Policy } from '../policy/decide.ts';
import type { Pseudonyms } from '../policy/pseudonym.ts';
import type { Seen } from '../policy/seen.ts';
import type { Viewer } from '../policy/viewer.ts';
import type { Cursors } from './cursor.ts';
import type { DatasetType } from './hub/types.generated.ts';

/** What the resolvers of one subgraph request share. Nothing of it outlives the request or is shared with another one. */
export interface SubgraphContext {
  viewer: Viewer;
  /** The request's one transaction under row-level security; opened by the first statement. */
  tx(): Promise<Transaction>;
  /** A change in a transaction of its own as the writing role. Resolvers call `change` of change.ts, which also notes it. */
  change<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** By batch function: see loader.ts. */
  loaders: Map<unknown, DataLoader<unknown, unknown, string>>;
  seen: Seen;
  policy: Policy;
  pseudonyms: Pseudonyms;
  cursors: Cursors;
  clock(): Date;
  /** The master secret: tags of the access log's subjects are derived from it. */
  master: Uint8Array;
  /** For what reads no record and needs no viewer: the verification of the access log. */
  pool: Pool;
  log: LogVerification | null;
  /** What the hub knows of the departments' data sets, from whoever may read their declarations. */
  catalogue: readonly CatalogueEntry[] | null;
}

/** A data set of the catalogue, but for how fresh it is. */
export type CatalogueEntry = Omit<DatasetType, 'sourceKind' | 'freshThrough'> & { sourceKind: string };

/** Where the access log's verifier key and its checkpoints outside the database are. */
export interface LogVerification {
  publicKey: string;
  checkpointFolder?: string;
}
