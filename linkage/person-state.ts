import { createHash } from 'node:crypto';
import type { Model } from './model.ts';
import { frequencyCounts, frequencyName, type Frequencies } from './score.ts';
import type { Column, Table } from './table.ts';
import type { Trained } from './train.ts';

/** How common values are in a table, but for those that occur once. */
export function frequenciesOf(model: Model, table: Table): Frequencies {
  const counts: Frequencies['counts'] = {};
  for (const level of model.comparisons.flatMap((comparison) => comparison.levels)) {
    if (level.termFrequency === undefined || counts[frequencyName(level)] !== undefined) continue;
    const { values } = table.columns.get(level.termFrequency) as Column;
    const found = frequencyCounts(level, table);
    counts[frequencyName(level)] = Object.fromEntries(values.flatMap((value, code) => ((found[code] as number) > 1 ? [[value, found[code] as number]] : [])));
  }
  return { rows: table.rows, counts };
}

/** A version names the model and the parameters it learnt, so that an edge can be explained by the run that made it. */
export function versionOf(model: Model, trained: Trained): string {
  const digest = createHash('sha256').update(JSON.stringify(trained)).digest('hex').slice(0, 8);
  return `${model.name}@${model.version}+${digest}`;
}
