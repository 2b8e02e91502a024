import type { BothLanguages, Dataset } from '../../connectors/catalogue.ts';

/** A data set and how fresh it is now. */
export type FreshDataset = DescribedDataset & { freshThrough: string | null };

/** With what the schema says of its records; null where it has none of its own. */
export type DescribedDataset = Dataset & { description: BothLanguages | null };
