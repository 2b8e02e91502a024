import { boolean, date, integer, pgSchema, text } from 'drizzle-orm/pg-core';

export const petition = pgSchema('petition');

/** Petitions (信访): what only a petition has; petitioners stand in hub.mention, the unit complained about in hub.record. */
export const petitionCase = petition.table('petition', {
  rid: text('rid').primaryKey(),
  /** 1 online, 2 letter, 3 visit, 4 call. */
  form: text('form'),
  headcount: integer('headcount'),
  contentCategory: text('content_category'),
  /** 1 suggestion, 3 appeal for help. */
  purpose: text('purpose').notNull(),
  placeText: text('place_text'),
  narrative: text('narrative'),
  /** 1 accepted, 2 passed on, 3 assigned, 4 not accepted. */
  handling: text('handling'),
  handledBy: text('handled_by'),
  acceptedOn: date('accepted_on', { mode: 'string' }),
  dueOn: date('due_on', { mode: 'string' }),
  extended: boolean('extended').notNull(),
  extensionReason: text('extension_reason'),
  /** 1 supported, 2 explained, 3 not supported. */
  decision: text('decision'),
  reviewedOn: date('reviewed_on', { mode: 'string' }),
  finallyReviewedOn: date('finally_reviewed_on', { mode: 'string' }),
  satisfaction: integer('satisfaction'),
  repeat: boolean('repeat').notNull(),
});
