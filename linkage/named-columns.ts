import type { Model } from './model.ts';
import { predicateColumns } from './predicate.ts';

/** Every column that some part of the model reads. */
export function namedColumns(model: Model): Set<string> {
  const levels = model.comparisons.flatMap((comparison) => comparison.levels);
  return new Set([
    ...(model.derived ?? []).flatMap(({ from }) => from),
    ...model.blocking.flatMap(({ columns }) => columns),
    ...levels.flatMap(({ when, termFrequency, frequencyBy }) => [...predicateColumns(when), ...(termFrequency === undefined ? [] : [termFrequency]), ...(frequencyBy === undefined ? [] : [frequencyBy])]),
    ...(model.distinct === undefined ? [] : [model.distinct]),
  ]);
}
