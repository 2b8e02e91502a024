import type { Model } from '../model.ts';
import { cnPersons } from './cn-persons.ts';
import { febrl } from './febrl.ts';
import { historical50k } from './historical-50k.ts';

/** The models that come with yiwang, by the name given to `yiwang link --model`. */
export const shippedModels: Readonly<Record<string, Model>> = { febrl, historical_50k: historical50k, cn_persons: cnPersons };
