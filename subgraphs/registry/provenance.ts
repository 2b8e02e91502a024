import { access, accessOf, type Candidate } from '../../policy/row.ts';
import type { SubgraphContext } from '../context.ts';
import type { Mention } from './persons.ts';

const edge = { coordinate: 'Person.provenance', class: 'PERSONAL', mask: null, owner: null, link: true } as const;

/** The records that name a person, of those whose person the caller may see; each decides for itself what it tells. */
export function sourcesOf({ policy, viewer }: SubgraphContext, all: readonly Candidate[]) {
  return all
    .filter((candidate) => policy.decide(viewer, edge, candidate.access).effect !== 'WITHHELD')
    .map(({ value, access: row }) => {
      const { mentionId, department, role, from } = value as Mention;
      // Repairs are the whole record's, and may tell how another's number was written: decided as beside the record itself.
      return { mentionId, department, role, sourceSystem: `${department}/${from.stream}`, sourceKey: from.recordKey, runId: from.runId, fetchedAt: from.fetchedAt, sourceUpdatedAt: from.sourceUpdatedAt, repairs: from.repairs, [access]: row, [accessOf]: { repairs: from.access } };
    });
}
