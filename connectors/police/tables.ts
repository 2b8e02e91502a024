import { boolean, numeric, pgSchema, text, timestamp } from 'drizzle-orm/pg-core';

export const police = pgSchema('police');

/** 110 calls (接警单): what only a call has; the common columns stand in hub.record, the reporter in hub.mention. */
export const call = police.table('call', {
  rid: text('rid').primaryKey(),
  receivingUnit: text('receiving_unit'),
  callCategory: text('call_category'),
  dispatchedAt: timestamp('dispatched_at', { withTimezone: true, mode: 'string' }),
  finishedAt: timestamp('finished_at', { withTimezone: true, mode: 'string' }),
  /** 01 mediated on the spot, 02 handed to the mediation centre, 03 advice given, 04 other. */
  result: text('result'),
  address: text('address'),
  lng: numeric('lng', { precision: 10, scale: 6 }),
  lat: numeric('lat', { precision: 10, scale: 6 }),
  narrative: text('narrative'),
  handedToMediation: boolean('handed_to_mediation').notNull(),
  handedAt: timestamp('handed_at', { withTimezone: true, mode: 'string' }),
  familyViolenceWarning: boolean('family_violence_warning').notNull(),
});
