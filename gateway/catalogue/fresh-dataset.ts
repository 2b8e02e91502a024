import type { Dataset } from '../../connectors/catalogue.ts';

/** A data set and how fresh it is now. */
export type FreshDataset = Dataset & { freshThrough: string | null };
