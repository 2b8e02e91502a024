import { ticket } from '../../connectors/hotline/tables.ts';
import { named } from '../../schema/codes.ts';
import type { SubgraphContext } from '../context.ts';
import { load } from '../loader.ts';
import { geoPoint, knownRecord, personInRole, recordBatch, recordBatchByNumber, recordFields, recordReference, reference, type EveryField, type RecordParent } from '../record.ts';
import { appealTypes, channels, statuses, subjectKinds } from './codes.ts';
import type { HotlineTicketResolversType } from './types.generated.ts';

type Ticket = RecordParent<typeof ticket.$inferSelect>;

const ticketsByRid = recordBatch('HotlineTicket', ticket);
const ticketsByNumber = recordBatchByNumber('HotlineTicket', ticket);

/** Tickets of the 12345 hotline. */
export const resolvers = {
  HotlineTicket: {
    __resolveReference: recordReference('HotlineTicket', ticketsByRid),
    ...recordFields,
    status: ({ detail }: Ticket) => named(detail.status, 'hotline-status', statuses),
    ticketNo: ({ hub }: Ticket) => hub.recordKey,
    withdrawn: ({ detail }: Ticket) => detail.withdrawn,
    channel: ({ detail }: Ticket) => named(detail.channel, 'channel', channels),
    appealType: ({ detail }: Ticket) => named(detail.appealType, 'appealType', appealTypes),
    contentCategory: ({ detail }: Ticket) => contentCategory(detail),
    urgency: ({ detail }: Ticket) => named(detail.urgency, 'urgency'),
    assignedAt: ({ detail }: Ticket) => detail.assignedAt,
    contactedAt: ({ detail }: Ticket) => detail.contactedAt,
    acceptedAt: ({ detail }: Ticket) => detail.acceptedAt,
    returnedAt: ({ detail }: Ticket) => detail.returnedAt,
    dueAt: ({ detail }: Ticket) => detail.dueAt,
    closedAt: ({ detail }: Ticket) => detail.closedAt,
    followUpAt: ({ detail }: Ticket) => detail.followUpAt,
    resolvedByResident: ({ detail }: Ticket) => detail.resolvedByResident,
    satisfaction: ({ detail }: Ticket) => detail.satisfaction,
    subjectKind: ({ detail }: Ticket) => named(detail.subjectKind, 'subjectKind', subjectKinds),
    facility: ({ hub }: Ticket) => reference('Thing', 'thingKey', hub.thingKey),
    parent: async ({ detail }: Ticket, _: unknown, context: SubgraphContext) =>
      detail.parentTicketNo === null ? null : knownRecord(context, await load(context, ticketsByNumber, detail.parentTicketNo)),
    requester: personInRole('REQUESTER'),
    title: ({ detail }: Ticket) => detail.title,
    body: ({ detail }: Ticket) => detail.body,
    reply: ({ detail }: Ticket) => detail.reply,
    address: ({ detail }: Ticket) => detail.address,
    location: ({ detail }: Ticket) => geoPoint(detail.lng, detail.lat),
  } satisfies EveryField<HotlineTicketResolversType<SubgraphContext, Ticket>>,
};

function contentCategory({ categoryCode, categoryPath }: Ticket['detail']) {
  const found = named(categoryCode, 'categoryCode');
  return found && { ...found, name: categoryPath.length > 0 ? categoryPath.join(' / ') : null };
}
