import { call } from '../../connectors/police/tables.ts';
import { named } from '../../schema/codes.ts';
import type { SubgraphContext } from '../context.ts';
import { geoPoint, personInRole, recordBatch, recordFields, recordReference, type EveryField, type RecordParent } from '../record.ts';
import { results, states } from './codes.ts';
import type { PoliceCallResolversType } from './types.generated.ts';

type Call = RecordParent<typeof call.$inferSelect>;

const callsByRid = recordBatch('PoliceCall', call);

/** 110 calls about disputes. */
export const resolvers = {
  PoliceCall: {
    __resolveReference: recordReference('PoliceCall', callsByRid),
    ...recordFields,
    status: ({ hub }: Call) => named(hub.status, 'police-state', states),
    callNo: ({ hub }: Call) => hub.recordKey,
    receivingUnit: ({ detail }: Call) => named(detail.receivingUnit, 'jjdw'),
    callCategory: ({ detail }: Call) => named(detail.callCategory, 'jqlbdm'),
    dispatchedAt: ({ detail }: Call) => detail.dispatchedAt,
    finishedAt: ({ detail }: Call) => detail.finishedAt,
    result: ({ detail }: Call) => named(detail.result, 'cljg', results),
    handedToMediation: ({ detail }: Call) => detail.handedToMediation,
    handedOverAt: ({ detail }: Call) => detail.handedAt,
    reporter: personInRole('REPORTER'),
    narrative: ({ detail }: Call) => detail.narrative,
    address: ({ detail }: Call) => detail.address,
    location: ({ detail }: Call) => geoPoint(detail.lng, detail.lat),
    familyViolenceWarning: ({ detail }: Call) => detail.familyViolenceWarning,
  } satisfies EveryField<PoliceCallResolversType<SubgraphContext, Call>>,
};
