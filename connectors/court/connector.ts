import { z } from 'zod';
import type { Connector, Stream } from '../contract.ts';
import { caseNumber, code, creditCode, date, decimal, derived, idNumber, name, phones, text, texts, time } from '../rules.ts';

const roles: ReadonlySet<string> = new Set(['PLAINTIFF', 'DEFENDANT', 'AGENT']);
const cell = z.union([z.string(), z.number()]).nullish();

const cases: Stream = {
  name: 'prelitigation-cases',
  title: { zh: '诉前调解案件', en: 'cases before registration' },
  legalBasis: { zh: '民事诉讼法 第125条；人民调解法', en: 'Civil Procedure Law, article 125; People’s Mediation Law' },
  retention: { years: 10, maskedYears: 1, basis: { zh: '人民法院诉讼档案管理办法；机关文件材料归档范围和文书档案保管期限规定（定期10年）；期满鉴定后删除：机关档案管理规定、个人信息保护法 第47条', en: 'Measures on litigation archives of people’s courts; Rules on the scope of archives and periods of preservation (fixed term, 10 years); deleted after appraisal at its end: Provisions on the Archives of State Organs; Personal Information Protection Law, article 47' } },
  typeName: 'CourtCase',
  from: '/api/v1/prelitigation-cases',
  shape: z.looseObject({
    prelitNo: cell, caseNo: cell, courtCode: cell, caseTypeCode: cell, causeCode: cell, causeName: cell, disputeType: cell, receivedAt: cell, filedAt: cell, divertedAt: cell,
    mediationDueAt: cell, confirmationFiledAt: cell, confirmedAt: cell, divertedTo: cell, outcome: cell, fulfilment: cell, claimAmount: cell,
    parties: z.array(z.looseObject({ role: cell, kind: cell, name: cell, idType: cell, idNumber: cell, phone: cell, address: cell })).nullish(),
    summary: cell, region: cell, address: cell, closedHearing: z.boolean().nullish(), minorInvolved: z.boolean().nullish(), updatedAt: cell, deleted: z.boolean().nullish(),
  }),
  required: ['prelitNo', 'receivedAt', 'closedHearing', 'minorInvolved', 'updatedAt', 'deleted'],
  requiredTimes: ['receivedAt', 'updatedAt'],
  key: code('prelitNo'),
  watermark: 'updatedAt',
  order: 'WATERMARK',
  overlapSeconds: 900,
  closedLists: { outcome: ['PENDING', 'AGREED', 'NOT_AGREED', 'WITHDRAWN', 'FILED'], closedHearing: [true, false], minorInvolved: [true, false] },
  drop: { rule: 'CLOSED_HEARING', reads: 'closedHearing', when: (value) => value === 'true' },
  tombstone: { reads: 'deleted', when: [true] },
  neverStored: [],
  // They may name the child.
  neverStoredWhen: { reads: 'minorInvolved', when: [true], fields: ['parties', 'summary', 'address'] },
  spreadsheet: false,
  record: {
    occurredAt: time('receivedAt'),
    status: derived(['outcome', 'divertedTo'], 'state of the matter', (outcome, divertedTo) => {
      if (outcome === 'AGREED') return 'RESOLVED';
      if (outcome === 'WITHDRAWN') return 'WITHDRAWN';
      if (outcome === 'FILED') return 'TRANSFERRED_TO_LITIGATION';
      if (outcome === 'NOT_AGREED') return 'CLOSED';
      return divertedTo === null ? 'OPEN' : 'IN_PROGRESS';
    }),
    category: code('disputeType'),
    division: code('region'),
    placeText: text('address'),
    textForMatching: texts('causeName', 'summary', 'claimAmount'),
    facts: {
      channel: derived(['prelitNo'], 'the court', () => 'COURT'), registeredOn: date('receivedAt'), filedOn: date('filedAt'), divertedOn: date('divertedAt'), divertedTo: creditCode('divertedTo'), mediationDueOn: date('mediationDueAt'),
      outcome: code('outcome'), fulfilment: code('fulfilment'), confirmationFiledOn: date('confirmationFiledAt'), confirmedOn: date('confirmedAt'),
    },
    milestones: { MEDIATED: derived(['outcome'], 'not pending', (outcome) => outcome !== null && outcome !== 'PENDING'), AGREED: derived(['outcome'], 'agreed', (outcome) => outcome === 'AGREED') },
  },
  detail: {
    table: 'court.prelitigation_case',
    columns: {
      case_no: caseNumber('caseNo'),
      court_code: code('courtCode'),
      case_type: code('caseTypeCode'),
      cause_code: code('causeCode'),
      cause_name: text('causeName'),
      received_on: date('receivedAt'),
      filed_on: date('filedAt'),
      diverted_on: date('divertedAt'),
      mediation_due_on: date('mediationDueAt'),
      confirmation_filed_on: date('confirmationFiledAt'),
      confirmed_on: date('confirmedAt'),
      diverted_to: creditCode('divertedTo'),
      outcome: code('outcome'),
      fulfilment: code('fulfilment'),
      claim_amount_yuan: decimal('claimAmount'),
      summary: text('summary'),
      address: text('address'),
    },
  },
  mentions: [
    {
      role: derived(['role'], 'a role of the list', (role) => (role !== null && roles.has(role) ? role : 'OTHER')),
      list: 'parties',
      kind: code('kind'),
      fields: { name: name('name'), idType: code('idType'), idNumber: idNumber('idNumber'), phones: phones('phone'), address: text('address') },
    },
  ],
  assignment: [
    { relation: 'LEAD', reads: 'courtCode', unit: 'COURT' },
    { relation: 'ASSIST', reads: 'divertedTo' },
  ],
};

export const connector: Connector = {
  department: 'court',
  name: { zh: '法院', en: 'Court' },
  schedule: { cron: '*/15 * * * *', tz: 'Asia/Shanghai' },
  reconcile: { cron: '30 3 * * *', tz: 'Asia/Shanghai' },
  source: { kind: 'rest', urlEnv: 'COURT_SOURCE_URL', tokenPath: '/oauth/token', clientIdEnv: 'COURT_CLIENT_ID', clientSecretEnv: 'COURT_CLIENT_SECRET' },
  streams: [cases],
};
