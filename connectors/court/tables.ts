import { date, numeric, pgSchema, text } from 'drizzle-orm/pg-core';

export const court = pgSchema('court');

/** Cases before registration (诉前): what only a case has; parties stand in hub.mention. */
export const prelitigationCase = court.table('prelitigation_case', {
  rid: text('rid').primaryKey(),
  caseNo: text('case_no'),
  courtCode: text('court_code'),
  caseType: text('case_type'),
  causeCode: text('cause_code'),
  causeName: text('cause_name'),
  receivedOn: date('received_on', { mode: 'string' }).notNull(),
  filedOn: date('filed_on', { mode: 'string' }),
  divertedOn: date('diverted_on', { mode: 'string' }),
  mediationDueOn: date('mediation_due_on', { mode: 'string' }),
  confirmationFiledOn: date('confirmation_filed_on', { mode: 'string' }),
  confirmedOn: date('confirmed_on', { mode: 'string' }),
  /** Credit code of the mediation organisation. */
  divertedTo: text('diverted_to'),
  outcome: text('outcome'),
  fulfilment: text('fulfilment'),
  claimAmountYuan: numeric('claim_amount_yuan'),
  summary: text('summary'),
  address: text('address'),
});
