import { application } from '../../connectors/civil/tables.ts';
import { named } from '../../schema/codes.ts';
import type { SubgraphContext } from '../context.ts';
import { load } from '../loader.ts';
import { personInRole, recordBatch, recordFields, recordReference, type EveryField, type RecordParent } from '../record.ts';
import { entitlements, granteeByKey } from './entitlements.ts';
import type { AssistanceApplicationResolversType } from './types.generated.ts';

type Application = RecordParent<typeof application.$inferSelect>;

const applicationsByRid = recordBatch('AssistanceApplication', application);

/** Applications for social assistance. Codes of civil affairs are words: each is its own name. */
export const resolvers = {
  Person: {
    __resolveReference: ({ entityKey }: { entityKey: string }, context: SubgraphContext) => granteeByKey(context, entityKey),
    entitlements,
  },
  Entitlement: {
    application: ({ rid }: { rid: string }, _: unknown, context: SubgraphContext) => load(context, applicationsByRid, rid),
  },
  AssistanceApplication: {
    __resolveReference: recordReference('AssistanceApplication', applicationsByRid),
    ...recordFields,
    status: ({ detail }: Application) => word(detail.status, '办理状态'),
    applicationNo: ({ hub }: Application) => hub.recordKey,
    appliedOn: ({ detail }: Application) => detail.appliedOn,
    decidedOn: ({ detail }: Application) => detail.decidedOn,
    agency: ({ detail }: Application) => named(detail.agencyCode, '经办机构代码'),
    assistanceKind: ({ detail }: Application) => word(detail.assistanceKind, '救助类别'),
    monthlyAmountYuan: ({ detail }: Application) => detail.monthlyAmountYuan,
    householdSize: ({ detail }: Application) => detail.householdSize,
    householdNo: ({ detail }: Application) => detail.householdNo,
    applicant: personInRole('APPLICANT'),
    address: ({ detail }: Application) => detail.address,
  } satisfies EveryField<AssistanceApplicationResolversType<SubgraphContext, Application>>,
};

function word(text: string | null, scheme: string) {
  return text === null ? null : { code: text, name: text, scheme };
}
