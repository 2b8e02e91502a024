import { boolean, integer, numeric, pgSchema, text, timestamp } from 'drizzle-orm/pg-core';

export const hotline = pgSchema('hotline');

/** 12345 tickets: what only a ticket has; the common columns stand in hub.record, the requester in hub.mention. */
export const ticket = hotline.table('ticket', {
  rid: text('rid').primaryKey(),
  /** The source's own status: ACCEPTED … EVALUATED. */
  status: text('status').notNull(),
  withdrawn: boolean('withdrawn').notNull(),
  channel: text('channel'),
  appealType: text('appeal_type'),
  categoryCode: text('category_code'),
  categoryPath: text('category_path').array().notNull(),
  title: text('title'),
  body: text('body'),
  address: text('address'),
  lng: numeric('lng', { precision: 10, scale: 6 }),
  lat: numeric('lat', { precision: 10, scale: 6 }),
  urgency: text('urgency'),
  assignedAt: timestamp('assigned_at', { withTimezone: true, mode: 'string' }),
  contactedAt: timestamp('contacted_at', { withTimezone: true, mode: 'string' }),
  acceptedAt: timestamp('accepted_at', { withTimezone: true, mode: 'string' }),
  returnedAt: timestamp('returned_at', { withTimezone: true, mode: 'string' }),
  dueAt: timestamp('due_at', { withTimezone: true, mode: 'string' }),
  closedAt: timestamp('closed_at', { withTimezone: true, mode: 'string' }),
  reply: text('reply'),
  followUpAt: timestamp('follow_up_at', { withTimezone: true, mode: 'string' }),
  resolvedByResident: boolean('resolved_by_resident'),
  satisfaction: integer('satisfaction'),
  parentTicketNo: text('parent_ticket_no'),
  subjectKind: text('subject_kind'),
  facilityKind: text('facility_kind'),
  facilityName: text('facility_name'),
  facilityIdentifier: text('facility_identifier'),
});
