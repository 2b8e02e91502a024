import type { Predicate } from './model.ts';

/** The columns a predicate reads. */
export function predicateColumns(predicate: Predicate): string[] {
  switch (predicate.kind) {
    case 'all':
    case 'any':
      return predicate.of.flatMap(predicateColumns);
    case 'not':
      return predicateColumns(predicate.of);
    case 'missing':
      return predicate.columns;
    case 'else':
      return [];
    case 'differs':
      return [predicate.column];
    default:
      return predicate.with === undefined ? [predicate.column] : [predicate.column, predicate.with];
  }
}
