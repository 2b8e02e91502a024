import { prelitigationCase } from '../../connectors/court/tables.ts';
import { named, outcomes } from '../../schema/codes.ts';
import type { SubgraphContext } from '../context.ts';
import { personsNamed, recordBatch, recordFields, recordReference, reference, type EveryField, type RecordParent } from '../record.ts';
import { fulfilments } from './codes.ts';
import type { CourtCaseResolversType, CourtRoleType } from './types.generated.ts';

type Case = RecordParent<typeof prelitigationCase.$inferSelect>;

const casesByRid = recordBatch('CourtCase', prelitigationCase);

/** Cases before registration. */
export const resolvers = {
  CourtCase: {
    __resolveReference: recordReference('CourtCase', casesByRid),
    ...recordFields,
    status: ({ detail }: Case) => named(detail.outcome, 'outcome', outcomes),
    prelitNo: ({ hub }: Case) => hub.recordKey,
    caseNo: ({ detail }: Case) => detail.caseNo,
    court: ({ detail }: Case) => named(detail.courtCode, 'courtCode'),
    caseType: ({ detail }: Case) => named(detail.caseType, 'caseTypeCode'),
    cause: ({ detail }: Case) => cause(detail),
    receivedOn: ({ detail }: Case) => detail.receivedOn,
    filedOn: ({ detail }: Case) => detail.filedOn,
    divertedOn: ({ detail }: Case) => detail.divertedOn,
    mediationDueOn: ({ detail }: Case) => detail.mediationDueOn,
    confirmationFiledOn: ({ detail }: Case) => detail.confirmationFiledOn,
    confirmedOn: ({ detail }: Case) => detail.confirmedOn,
    divertedTo: ({ detail }: Case) => reference('Organization', 'creditCode', detail.divertedTo),
    outcome: ({ detail }: Case) => named(detail.outcome, 'outcome', outcomes),
    fulfilment: ({ detail }: Case) => named(detail.fulfilment, 'fulfilment', fulfilments),
    claimAmountYuan: ({ detail }: Case) => detail.claimAmountYuan,
    parties: (parent: Case, _: unknown, context: SubgraphContext) => personsNamed<CourtRoleType>(parent, context),
    summary: ({ detail }: Case) => detail.summary,
    address: ({ detail }: Case) => detail.address,
  } satisfies EveryField<CourtCaseResolversType<SubgraphContext, Case>>,
};

function cause({ causeCode, causeName }: Case['detail']) {
  const found = named(causeCode, 'causeCode');
  return found && { ...found, name: causeName };
}
