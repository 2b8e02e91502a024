import { access, type Candidate } from '../../policy/row.ts';
import type { SubgraphContext } from '../context.ts';
import type { Mention } from './persons.ts';

const edge = { coordinate: 'Person.provenance', class: 'PERSONAL', mask: null, owner: null, link: true } as const;

/** The records that name a person, of those whose person the caller may see; each decides for itself what it tells. */
export function sourcesOf({ policy, viewer }: SubgraphContext, all: readonly Candidate[]) {
  return all
    .filter((candidate) => policy.decide(viewer, edge, candidate.access).effect !== 'WITHHELD')
    .map(({ value, access: row }) => {
      const { mentionId, department, role, from } = value as Mention;
      return { mentionId, department, role, sourceSystem: `${department}/${from.stream}`, sourceKey: from.recordKey, runId: from.runId, fetchedAt: from.fetchedAt, sourceUpdatedAt: from.sourceUpdatedAt, repairs: from.repairs, [access]: row };
    });
}
