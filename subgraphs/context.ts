import type DataLoader from 'dataloader';
import type { Transaction } from '../base/db.ts';
import type { Policy } from '../policy/decide.ts';
import type { Pseudonyms } from '../policy/pseudonym.ts';
import type { Seen } from '../policy/seen.ts';
import type { Viewer } from '../policy/viewer.ts';
import type { Cursors } from './cursor.ts';

/** What the resolvers of one subgraph request share. Nothing of it outlives the request or is shared with another one. */
export interface SubgraphContext {
  viewer: Viewer;
  /** The request's one transaction under row-level security; opened by the first statement. */
  tx(): Promise<Transaction>;
  /** By batch function: see loader.ts. */
  loaders: Map<unknown, DataLoader<unknown, unknown, string>>;
  seen: Seen;
  policy: Policy;
  pseudonyms: Pseudonyms;
  cursors: Cursors;
  clock(): Date;
}
