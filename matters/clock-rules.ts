/** One statutory or agreed time limit on a record of one stream. Data: whoever disagrees changes a line here. */
export interface ClockRule {
  id: string;
  zh: string;
  en: string;
  basis: string;
  department: string;
  stream: string;
  /** The fact or milestone that starts it. */
  start: Moment;
  /** The earliest of these stops it. */
  stop: readonly Moment[];
  amount: number;
  unit: 'MINUTES' | 'HOURS' | 'WORKING_DAYS' | 'DAYS';
  /** The amount where this flag of the record is set. */
  extension?: { when: string; amount: number };
  /** This long before it is due it is due soon; in the unit of the rule. */
  soon: number;
  /** The fact in which the source states a due date of its own. */
  statedDue?: string;
  /** Whose it is to keep. */
  owner: 'INTAKE' | 'LEAD' | 'MEDIATOR' | 'PARTIES';
  /** It stands still from the first of these moments to the second. */
  pause?: { from: string; to: string };
  /** Nothing is due of a record where this fact is one of these. */
  unless?: { fact: string; is: readonly string[] };
  /** A right and no duty: when the time has passed it has lapsed, and nobody is late. */
  right?: true;
}

/** `facts.x` of hub.record, or a milestone: the update time of the first version that fulfilled it. */
export type Moment = { fact: string } | { firstSeen: string };

const hotline = { department: 'hotline', stream: 'tickets' } as const;
const petition = { department: 'petition', stream: 'petitions' } as const;
const court = { department: 'court', stream: 'prelitigation-cases' } as const;

export const clockRules: readonly ClockRule[] = [
  { id: 'HOTLINE-30MIN', zh: '30 分钟内联系诉求人', en: 'contact the requester within 30 minutes', basis: '国办发〔2020〕53号；12345 热线工单办理规范', ...hotline, start: { fact: 'receivedAt' }, stop: [{ fact: 'contactedAt' }], amount: 30, unit: 'MINUTES', soon: 10, owner: 'INTAKE' },
  // A ticket that was returned is assigned again; the first assignment is what this rule asks for.
  { id: 'HOTLINE-24H', zh: '24 小时内派单', en: 'assign within 24 hours', basis: '国办发〔2020〕53号；12345 热线工单办理规范', ...hotline, start: { fact: 'receivedAt' }, stop: [{ fact: 'assignedAt' }, { firstSeen: 'ASSIGNED' }], amount: 24, unit: 'HOURS', soon: 4, owner: 'INTAKE' },
  // While a ticket was returned and not assigned again, no organisation could work on it.
  { id: 'HOTLINE-5WD', zh: '5 个工作日内办结', en: 'close within 5 working days', basis: '国办发〔2020〕53号；12345 热线工单办理规范', ...hotline, start: { fact: 'receivedAt' }, stop: [{ fact: 'closedAt' }], amount: 5, unit: 'WORKING_DAYS', soon: 1, statedDue: 'dueAt', owner: 'LEAD', pause: { from: 'returnedAt', to: 'assignedAt' } },
  { id: 'HOTLINE-10WD', zh: '10 个工作日内回访', en: 'ask the requester again within 10 working days', basis: '国办发〔2020〕53号；12345 热线工单办理规范', ...hotline, start: { fact: 'receivedAt' }, stop: [{ fact: 'followUpAt' }], amount: 10, unit: 'WORKING_DAYS', soon: 2, owner: 'INTAKE', pause: { from: 'returnedAt', to: 'assignedAt' } },
  { id: 'PETITION-15D', zh: '15 日内告知是否受理', en: 'tell within 15 days whether it is accepted', basis: '信访工作条例 第23条', ...petition, start: { fact: 'registeredAt' }, stop: [{ fact: 'acceptedOn' }], amount: 15, unit: 'DAYS', soon: 3, owner: 'LEAD' },
  { id: 'PETITION-60D', zh: '自受理之日起 60 日内办结，延期不超过 30 日', en: 'decide within 60 days of acceptance, 30 more where extended', basis: '信访工作条例 第34条', ...petition, start: { fact: 'acceptedOn' }, stop: [{ firstSeen: 'DECIDED' }], amount: 60, unit: 'DAYS', extension: { when: 'extended', amount: 90 }, soon: 7, statedDue: 'dueOn', owner: 'LEAD', unless: { fact: 'handling', is: ['4'] } },
  // The petition system gives no day of the request: without one these two tell that they cannot be timed.
  { id: 'PETITION-REVIEW-30D', zh: '自收到复查请求之日起 30 日内提出复查意见', en: 'review within 30 days of the request', basis: '信访工作条例 第35条', ...petition, start: { fact: 'reviewRequestedOn' }, stop: [{ fact: 'reviewedOn' }], amount: 30, unit: 'DAYS', soon: 5, owner: 'LEAD' },
  { id: 'PETITION-FINAL-30D', zh: '自收到复核请求之日起 30 日内提出复核意见', en: 'final review within 30 days of the request', basis: '信访工作条例 第36条', ...petition, start: { fact: 'finalReviewRequestedOn' }, stop: [{ fact: 'finallyReviewedOn' }], amount: 30, unit: 'DAYS', soon: 5, owner: 'LEAD' },
  { id: 'MEDIATION-30D', zh: '自委派之日起 30 日内调解完毕', en: 'mediate within 30 days of the diversion', basis: '最高人民法院关于人民法院特邀调解的规定 第27条', ...court, start: { fact: 'divertedOn' }, stop: [{ firstSeen: 'MEDIATED' }], amount: 30, unit: 'DAYS', soon: 5, statedDue: 'mediationDueOn', owner: 'MEDIATOR' },
  { id: 'CONFIRMATION-30D', zh: '自调解协议生效之日起 30 日内可申请司法确认', en: 'judicial confirmation may be asked for within 30 days of the agreement', basis: '人民调解法 第33条', ...court, start: { firstSeen: 'AGREED' }, stop: [{ fact: 'confirmationFiledOn' }], amount: 30, unit: 'DAYS', soon: 5, owner: 'PARTIES', right: true },
];

/** The rules of one stream. */
export function rulesOf(department: string, stream: string): ClockRule[] {
  return clockRules.filter((rule) => rule.department === department && rule.stream === stream);
}
