import { createHash } from 'node:crypto';
import type { Model } from './model.ts';
import type { Trained } from './train.ts';

/** A version names the model and the parameters it learnt, so that an edge can be explained by the run that made it. */
export function versionOf(model: Model, trained: Trained): string {
  const digest = createHash('sha256').update(JSON.stringify(trained)).digest('hex').slice(0, 8);
  return `${model.name}@${model.version}+${digest}`;
}

/** Whether this model in this version made it. */
export function isOf(model: Model, modelVersion: string): boolean {
  return modelVersion.startsWith(`${model.name}@${model.version}+`);
}
