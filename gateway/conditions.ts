import { Kind, visit, type OperationDefinitionNode } from 'graphql';
import { YiwangError } from '../base/errors.ts';
import type { Fragments, Variables } from './limits.ts';

/** Names of the variables that `@skip` and `@include` go by, sorted. */
export function conditionsOf(operation: OperationDefinitionNode, fragments: Fragments): readonly string[] {
  const names = new Set<string>();
  for (const definition of [operation, ...fragments.values()]) {
    visit(definition, {
      Directive({ name, arguments: given }) {
        if (name.value !== 'skip' && name.value !== 'include') return;
        for (const { value } of given ?? []) if (value.kind === Kind.VARIABLE) names.add(value.name.value);
      },
    });
  }
  return [...names].sort();
}

/**
 * Throws `BAD_REQUEST` unless each of these variables is a boolean. Where `Boolean` has a default the validator lets it
 * stand for the directives' `Boolean!` (5.8.5), and null may still be sent. With that refused, two values tell apart
 * whatever is kept per values of the conditions.
 */
export function requireBooleans(conditions: readonly string[], variables: Variables): void {
  const name = conditions.find((condition) => typeof variables[condition] !== 'boolean');
  if (name !== undefined) throw new YiwangError('BAD_REQUEST', { hint: `the variable \`$${name}\` stands for a \`Boolean!\` of \`@skip\` or \`@include\` and is not a boolean` });
}
