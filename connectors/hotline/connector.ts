import { z } from 'zod';
import type { Connector, Rule, Stream } from '../contract.ts';
import { sourceTime } from '../repairs/times.ts';
import { code, codes, creditCode, derived, idNumber, integer, latitude, longitude, name, phones, text, texts, time, truth } from '../rules.ts';

const cell = z.union([z.string(), z.number()]).nullish();
const truthValue = z.boolean().nullish();

/** The states of sources.md and what each means for the matter. */
const states: Readonly<Record<string, string>> = {
  ACCEPTED: 'OPEN', DISPATCHED: 'ASSIGNED', HANDLING: 'IN_PROGRESS', SUPERVISED: 'IN_PROGRESS', REPLIED: 'RESOLVED', CLOSED: 'CLOSED', FOLLOWED_UP: 'CLOSED', EVALUATED: 'CLOSED',
};

/** The names of a content category, from the widest to the narrowest: `交通出行/公交/班次`. */
function joined(path: string): Rule<string | null> {
  const names = codes(path);
  return { ...names, apply: (row, found) => names.apply(row, found).join('/') || null };
}

/** Times that cannot be read are not later than anything. */
function isLater(a: string | null, b: string): boolean {
  const [left, right] = [sourceTime(a), sourceTime(b)];
  return Boolean(left && right && left.instant > right.instant);
}

const tickets: Stream = {
  name: 'tickets',
  title: { zh: '12345 热线工单', en: '12345 hotline tickets' },
  legalBasis: { zh: '国务院办公厅关于进一步优化地方政务服务便民热线的指导意见（国办发〔2020〕53号）', en: 'Guiding Opinions of the General Office of the State Council on government hotlines (2020, no. 53)' },
  retention: { years: 5, maskedYears: 1, basis: { zh: '政务服务便民热线运行指南；个人信息保护法 第19条（最短必要时间）；期满鉴定后删除：机关档案管理规定、个人信息保护法 第47条', en: 'Operating guide of government hotlines; Personal Information Protection Law, article 19 (the shortest time necessary); deleted after appraisal at its end: Provisions on the Archives of State Organs; Personal Information Protection Law, article 47' } },
  typeName: 'HotlineTicket',
  from: 'tickets',
  shape: z.looseObject({
    ticketNo: cell, receivedAt: cell, channel: cell, appealType: cell, categoryCode: cell, categoryPath: z.array(cell).nullish(), disputeType: cell,
    requester: z.looseObject({ name: cell, phone: cell, idNumber: cell, address: cell }).nullish(),
    confidential: truthValue, title: cell, body: cell, address: cell, regionCode: cell, gridCode: cell, lng: cell, lat: cell, urgency: cell, leadOrg: cell,
    assistOrgs: z.array(cell).nullish(), respondentOrg: cell, assignedAt: cell, contactedAt: cell, acceptedAt: cell, returnedAt: cell, dueAt: cell, closedAt: cell,
    status: cell, reply: cell, followUpAt: cell, resolvedByResident: truthValue, satisfaction: cell, parentTicketNo: cell, subjectKind: cell,
    facility: z.looseObject({ kind: cell, name: cell, identifier: cell }).nullish(), updatedAt: cell,
    /** The event's `type`, put beside the ticket by the source kind: a withdrawal stands there only. */
    eventType: z.string(),
  }),
  required: ['ticketNo', 'receivedAt', 'status', 'updatedAt'],
  requiredTimes: ['receivedAt', 'updatedAt'],
  key: code('ticketNo'),
  watermark: 'updatedAt',
  order: 'SEQUENCE',
  overlapSeconds: 900,
  closedLists: { status: Object.keys(states) },
  reportedLists: { eventType: ['created', 'updated', 'closed', 'withdrawn'].map((kind) => `cn.gov.12345.ticket.${kind}`) },
  neverStored: [],
  spreadsheet: false,
  record: {
    occurredAt: time('receivedAt'),
    status: derived(['status', 'eventType', 'returnedAt', 'assignedAt'], 'state of the matter', (status, type, returned, assigned) => {
      if (type?.endsWith('.withdrawn')) return 'WITHDRAWN';
      const state = states[status ?? ''] ?? 'OPEN';
      // Returned by the organisation and not yet given to another one: nobody works on it.
      return state === 'OPEN' && returned !== null && !isLater(assigned, returned) ? 'SUSPENDED' : state;
    }),
    category: code('disputeType'),
    division: code('regionCode'),
    gridCode: code('gridCode'),
    subjectKind: code('subjectKind'),
    placeText: text('address'),
    textForMatching: texts('title', 'body'),
    parentKey: code('parentTicketNo'),
    respondentOrg: creditCode('respondentOrg'),
    confidential: derived(['confidential'], 'flag', (value) => value === 'true'),
    facts: {
      receivedAt: time('receivedAt'), assignedAt: time('assignedAt'), contactedAt: time('contactedAt'), acceptedAt: time('acceptedAt'), returnedAt: time('returnedAt'),
      dueAt: time('dueAt'), closedAt: time('closedAt'), followUpAt: time('followUpAt'), channel: code('channel'), appealType: code('appealType'), resolvedByResident: truth('resolvedByResident'), satisfaction: integer('satisfaction'),
      topicPath: joined('categoryPath'),
    },
    milestones: { ASSIGNED: derived(['assignedAt'], 'given', (at) => at !== null) },
  },
  detail: {
    table: 'hotline.ticket',
    columns: {
      status: code('status'),
      withdrawn: derived(['eventType'], 'withdrawal', (type) => type?.endsWith('.withdrawn') ?? false),
      channel: code('channel'),
      appeal_type: code('appealType'),
      category_code: code('categoryCode'),
      category_path: codes('categoryPath'),
      title: text('title'),
      body: text('body'),
      address: text('address'),
      lng: longitude('lng', 'lat'),
      lat: latitude('lng', 'lat'),
      urgency: code('urgency'),
      assigned_at: time('assignedAt'),
      contacted_at: time('contactedAt'),
      accepted_at: time('acceptedAt'),
      returned_at: time('returnedAt'),
      due_at: time('dueAt'),
      closed_at: time('closedAt'),
      reply: text('reply'),
      follow_up_at: time('followUpAt'),
      resolved_by_resident: truth('resolvedByResident'),
      satisfaction: integer('satisfaction'),
      parent_ticket_no: code('parentTicketNo'),
      subject_kind: code('subjectKind'),
      facility_kind: text('facility.kind'),
      facility_name: text('facility.name'),
      facility_identifier: code('facility.identifier'),
    },
  },
  mentions: [{ role: 'REQUESTER', fields: { name: name('requester.name'), phones: phones('requester.phone'), idNumber: idNumber('requester.idNumber'), address: text('requester.address') } }],
  assignment: [
    { relation: 'LEAD', reads: 'leadOrg' },
    { relation: 'ASSIST', reads: 'assistOrgs' },
  ],
  thing: { kind: text('facility.kind'), name: text('facility.name'), identifier: code('facility.identifier') },
};

export const connector: Connector = {
  department: 'hotline',
  name: { zh: '12345 政务服务便民热线', en: '12345 hotline' },
  schedule: { cron: '*/10 * * * *', tz: 'Asia/Shanghai' },
  reconcile: { cron: '0 3 * * *', tz: 'Asia/Shanghai' },
  source: {
    kind: 'events', urlEnv: 'HOTLINE_SOURCE_URL', secretEnv: 'HOTLINE_SECRET', tokenEnv: 'HOTLINE_TOKEN', amqpEnv: 'HOTLINE_AMQP_URL', queue: 'hotline.events', backfillPath: '/tickets',
  },
  streams: [tickets],
};
