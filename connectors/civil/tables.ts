import { date, integer, numeric, pgSchema, text } from 'drizzle-orm/pg-core';

export const civil = pgSchema('civil');

/** Assistance applications (救助申请): what only an application has; the applicant stands in hub.mention. */
export const application = civil.table('application', {
  rid: text('rid').primaryKey(),
  householdNo: text('household_no'),
  householdSize: integer('household_size'),
  /** 低保, 特困, 低保边缘, 临时救助: as given. */
  assistanceKind: text('assistance_kind'),
  appliedOn: date('applied_on', { mode: 'string' }).notNull(),
  /** 受理, 审核, 批准, 不予批准, 终止: as given. */
  status: text('status').notNull(),
  decidedOn: date('decided_on', { mode: 'string' }),
  monthlyAmountYuan: numeric('monthly_amount_yuan'),
  address: text('address'),
  agencyCode: text('agency_code'),
});
