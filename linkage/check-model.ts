import { YiwangError } from '../base/errors.ts';
import { patternsMax } from './compare.ts';
import { fieldColumnNames } from './fields.ts';
import type { Model } from './model.ts';
import { predicateColumns } from './predicate.ts';

/** Refuses a model that names columns it does not have, or whose comparisons do not end in `else`, before any file is read. */
export function checkModel(model: Model): void {
  const known = new Set(Object.entries(model.fields).flatMap(([name, field]) => fieldColumnNames(field.kind).map((end) => name + end)));
  for (const derived of model.derived ?? []) {
    for (const name of derived.from) need(known, name, `derived column \`${derived.name}\``);
    known.add(derived.name);
  }
  for (const rule of model.blocking) for (const name of rule.columns) need(known, name, `blocking rule \`${rule.name}\``);
  for (const comparison of model.comparisons) {
    const where = `comparison \`${comparison.name}\``;
    for (const level of comparison.levels) {
      for (const name of predicateColumns(level.when)) need(known, name, where);
      if (level.termFrequency !== undefined) need(known, level.termFrequency, where);
      if (level.frequencyBy !== undefined) need(known, level.frequencyBy, where);
      if (level.bearers === true && (level.termFrequency === undefined || model.distinct === undefined || level.frequencyBy !== model.distinct)) throw wrong(`${where} counts bearers: it needs \`termFrequency\`, and \`frequencyBy\` must be the model's \`distinct\``, '`bearers` 需要 `termFrequency`，且 `frequencyBy` 必须是模型的 `distinct`');
    }
    if (comparison.levels.at(-1)?.when.kind !== 'else') throw wrong(`the last level of ${where} must be \`else\``, '每个比较的最后一级必须是 `else`');
  }
  if (model.distinct !== undefined) need(known, model.distinct, '`distinct`');
  const { trained } = model;
  const fits = (parameters: readonly (readonly number[])[]) => parameters.length === model.comparisons.length && model.comparisons.every((comparison, c) => parameters[c]?.length === comparison.levels.length);
  if (trained !== undefined && !(fits(trained.m) && fits(trained.u))) throw wrong('`trained` has other levels than the comparisons', '`trained` 与比较级别不一致');
  const patterns = model.comparisons.reduce((product, comparison) => product * comparison.levels.length, 1);
  if (patterns > patternsMax) throw wrong('the comparisons have too many levels together', '比较级别的组合过多');
}

function need(known: ReadonlySet<string>, name: string, where: string): void {
  if (known.has(name)) return;
  throw wrong(`the ${where} names a column \`${name}\` that the model does not have; it has ${[...known].join(', ')}`, `模型中没有列 \`${name}\``);
}

function wrong(en: string, zh: string): YiwangError {
  return new YiwangError('USAGE', { hint: `${en} / ${zh}` });
}
