import { petitionCase } from '../../connectors/petition/tables.ts';
import { named } from '../../schema/codes.ts';
import type { SubgraphContext } from '../context.ts';
import { personsNamed, recordBatch, recordFields, recordReference, type EveryField, type RecordParent } from '../record.ts';
import { decisions, forms, handlings, purposes } from './codes.ts';
import type { PetitionResolversType } from './types.generated.ts';

type Petition = RecordParent<typeof petitionCase.$inferSelect>;

const petitionsByRid = recordBatch('Petition', petitionCase);

/** Petitions; who is complained about is known to the rules only. */
export const resolvers = {
  Petition: {
    __resolveReference: recordReference('Petition', petitionsByRid),
    ...recordFields,
    status: ({ detail }: Petition) => named(detail.handling, 'clfs', handlings),
    petitionNo: ({ hub }: Petition) => hub.recordKey,
    form: ({ detail }: Petition) => named(detail.form, 'xfxs', forms),
    headcount: ({ detail }: Petition) => detail.headcount,
    contentCategory: ({ detail }: Petition) => named(detail.contentCategory, 'nrfl'),
    purpose: ({ detail }: Petition) => named(detail.purpose, 'xfmd', purposes),
    handling: ({ detail }: Petition) => named(detail.handling, 'clfs', handlings),
    acceptedOn: ({ detail }: Petition) => detail.acceptedOn,
    dueOn: ({ detail }: Petition) => detail.dueOn,
    extended: ({ detail }: Petition) => detail.extended,
    decision: ({ detail }: Petition) => named(detail.decision, 'clyj', decisions),
    reviewedOn: ({ detail }: Petition) => detail.reviewedOn,
    finallyReviewedOn: ({ detail }: Petition) => detail.finallyReviewedOn,
    satisfaction: ({ detail }: Petition) => detail.satisfaction,
    repeat: ({ detail }: Petition) => detail.repeat,
    petitioners: async (parent: Petition, _: unknown, context: SubgraphContext) => (await personsNamed(parent, context)).map(({ person }) => person),
    narrative: ({ detail }: Petition) => detail.narrative,
    extensionReason: ({ detail }: Petition) => detail.extensionReason,
    address: ({ detail }: Petition) => detail.placeText,
  } satisfies EveryField<PetitionResolversType<SubgraphContext, Petition>>,
};
