import type { Text } from './texts.ts';

/** A ready example: who asks what, why, and the registered operation that does it. */
export interface Example {
  operation: string;
  scenario: number;
  title: Text;
  persona: string;
  purpose: string;
  /** Sends the persona's example matter as `X-Matter`. */
  withMatter: boolean;
  variables(matterNo: string | null): Record<string, unknown>;
}

/** The texts of the registered operations: what the examples send is what a service account would. */
const files = import.meta.glob<string>('../gateway/operations/*.graphql', { query: '?raw', import: 'default', eager: true });

export function operationText(name: string): string {
  const text = files[`../gateway/operations/${name}.graphql`] ?? '';
  return text.replace(/^# anonymous\n/m, '');
}

export const examples: readonly Example[] = [
  {
    operation: 'MatterParties', scenario: 3, persona: 'township-clerk', purpose: 'MEDIATION', withMatter: true,
    title: ['打开一个事项，联系双方', 'Open one matter and call both sides'],
    variables: (matterNo) => ({ matterNo: matterNo ?? '' }),
  },
  {
    operation: 'MatterParties', scenario: 3, persona: 'county-analyst', purpose: 'SUPERVISION', withMatter: false,
    title: ['同一查询，换成县级分析员', 'The same query as a county analyst'],
    variables: (matterNo) => ({ matterNo: matterNo ?? '' }),
  },
  {
    operation: 'MatterState', scenario: 4, persona: 'resident', purpose: 'SUBJECT_ACCESS', withMatter: false,
    title: ['我的事项办到哪一步了', 'The state of my matter'],
    variables: (matterNo) => ({ matterNo: matterNo ?? '' }),
  },
  {
    operation: 'Matters', scenario: 1, persona: 'city-app', purpose: 'SUPERVISION', withMatter: false,
    title: ['全市事项，逐页', 'Matters of the city, page by page'],
    variables: () => ({ first: 10 }),
  },
  {
    operation: 'OverdueMatters', scenario: 1, persona: 'city-app', purpose: 'SUPERVISION', withMatter: false,
    title: ['全市超期事项', 'Overdue matters of the city'],
    variables: () => ({ first: 10 }),
  },
  {
    operation: 'MediationInbox', scenario: 2, persona: 'township-clerk', purpose: 'MEDIATION', withMatter: false,
    title: ['法院委派的案件', 'Cases diverted by the court'],
    variables: () => ({ first: 10 }),
  },
  {
    operation: 'MatterEvidence', scenario: 20, persona: 'township-clerk', purpose: 'MEDIATION', withMatter: true,
    title: ['事项由哪些记录组成，依据是什么', 'What a matter is made of, and why'],
    variables: (matterNo) => ({ matterNo: matterNo ?? '' }),
  },
  {
    operation: 'ConfirmMembership', scenario: 3, persona: 'township-clerk', purpose: 'MEDIATION', withMatter: true,
    title: ['确认一条推断归入的记录', 'Confirm an inferred record'],
    variables: (matterNo) => ({ matterNo: matterNo ?? '', record: '', reason: '当面核实为同一件事' }),
  },
  {
    operation: 'SplitMatter', scenario: 20, persona: 'township-clerk', purpose: 'MEDIATION', withMatter: true,
    title: ['一个事项其实是两件事', 'One matter is two'],
    variables: (matterNo) => ({ matterNo: matterNo ?? '', records: [], reason: '两户分别反映，不是一件事' }),
  },
  {
    operation: 'MergeMatters', scenario: 20, persona: 'township-clerk', purpose: 'MEDIATION', withMatter: true,
    title: ['两个事项其实是一件事', 'Two matters are one'],
    variables: (matterNo) => ({ matterNo: matterNo ?? '', other: '', reason: '同一处渗水，同一户' }),
  },
  {
    operation: 'PetitionClocks', scenario: 17, persona: 'petition-officer', purpose: 'SUPERVISION', withMatter: false,
    title: ['信访事项的法定时限', 'Statutory clocks of a petition'],
    variables: (matterNo) => ({ matterNo: matterNo ?? '' }),
  },
  {
    operation: 'TicketsByStatus', scenario: 7, persona: 'hotline-supervisor', purpose: 'SUPERVISION', withMatter: false,
    title: ['工单按状态的数量', 'Tickets by status'],
    variables: () => ({}),
  },
  {
    operation: 'Hotspots', scenario: 5, persona: 'county-analyst', purpose: 'STATISTICS', withMatter: false,
    title: ['公共设施热点', 'Hotspots on public facilities'],
    variables: () => ({ filter: { kind: ['PUBLIC_FACILITY'] } }),
  },
  {
    operation: 'PrelitigationByDivision', scenario: 6, persona: 'province-analyst', purpose: 'STATISTICS', withMatter: false,
    title: ['诉前委派与调解成功，按市州', 'Diversion and success by city'],
    variables: () => ({}),
  },
  {
    operation: 'HotlineToday', scenario: 7, persona: 'hotline-supervisor', purpose: 'SUPERVISION', withMatter: false,
    title: ['热线时限、重复与未分类', 'Hotline clocks, repeats, unclassified'],
    variables: () => ({}),
  },
  {
    operation: 'DockingQuarter', scenario: 8, persona: 'county-analyst', purpose: 'STATISTICS', withMatter: false,
    title: ['本季度三调对接', 'Three-way docking of the quarter'],
    variables: () => ({ period: '2026-Q3' }),
  },
  {
    operation: 'Mediators', scenario: 14, persona: 'resident', purpose: '', withMatter: false,
    title: ['可以调解物业纠纷的组织', 'Mediators for property disputes'],
    variables: () => ({ mediates: '14' }),
  },
  {
    operation: 'ConnectorHealth', scenario: 9, persona: 'operator', purpose: 'DATA_QUALITY', withMatter: false,
    title: ['接入是否新鲜，为何隔离', 'Connectors and quarantine'],
    variables: () => ({}),
  },
  {
    operation: 'LinkageOf', scenario: 19, persona: 'civil-clerk', purpose: 'MATTER_HANDLING', withMatter: true,
    title: ['本部门的记录为什么归为一人', 'Why were records of my department merged'],
    variables: () => ({}),
  },
  {
    operation: 'LinkageReviews', scenario: 19, persona: 'operator', purpose: 'DATA_QUALITY', withMatter: false,
    title: ['待复核的关联：只有级别', 'Linkage to review: levels, no values'],
    variables: () => ({ first: 10 }),
  },
  {
    operation: 'SyncRuns', scenario: 9, persona: 'operator', purpose: 'DATA_QUALITY', withMatter: false,
    title: ['最近的任务与计数', 'The latest runs and their counts'],
    variables: () => ({ first: 20 }),
  },
  {
    operation: 'RerunConnector', scenario: 10, persona: 'operator', purpose: 'DATA_QUALITY', withMatter: false,
    title: ['试运行：会变更多少', 'A dry run: how much would change'],
    variables: () => ({ department: 'police', dryRun: true }),
  },
  {
    operation: 'ReleaseQuarantine', scenario: 10, persona: 'operator', purpose: 'DATA_QUALITY', withMatter: false,
    title: ['释放一种原因的隔离记录', 'Release one reason from quarantine'],
    variables: () => ({ reason: 'UNPARSABLE_TIME' }),
  },
  {
    operation: 'RequestBreakGlass', scenario: 3, persona: 'police-officer', purpose: 'MATTER_HANDLING', withMatter: false,
    title: ['紧急情况下申请查阅一个事项', 'Ask to read a matter in an emergency'],
    variables: (matterNo) => ({ matterNo: matterNo ?? '', reason: '有人身危险，需立即联系当事人 · somebody is in danger', hours: 4 }),
  },
  {
    operation: 'BreakGlasses', scenario: 3, persona: 'petition-officer', purpose: 'SUPERVISION', withMatter: false,
    title: ['等待批准的紧急查阅', 'Emergencies that wait for approval'],
    variables: () => ({ state: 'REQUESTED' }),
  },
  {
    operation: 'ApproveBreakGlass', scenario: 3, persona: 'petition-officer', purpose: 'SUPERVISION', withMatter: false,
    title: ['批准他人的紧急查阅', 'Approve what another person asked for'],
    variables: () => ({ id: '' }),
  },
  {
    operation: 'EndBreakGlass', scenario: 3, persona: 'police-officer', purpose: 'MATTER_HANDLING', withMatter: false,
    title: ['提前结束紧急查阅', 'End an emergency early'],
    variables: () => ({ id: '' }),
  },
  {
    operation: 'LogReview', scenario: 11, persona: 'auditor', purpose: 'AUDIT', withMatter: false,
    title: ['日志是否完整，有哪些不寻常的查阅', 'Is the log whole, and which uses were unusual'],
    variables: () => ({}),
  },
  {
    operation: 'AccessHistory', scenario: 12, persona: 'resident', purpose: 'SUBJECT_ACCESS', withMatter: false,
    title: ['谁看过我的记录，为什么', 'Who looked at my record, and why'],
    variables: () => ({ first: 20 }),
  },
  {
    operation: 'RequestCorrection', scenario: 13, persona: 'resident', purpose: 'SUBJECT_ACCESS', withMatter: false,
    title: ['我的住址有误', 'My address is wrong'],
    variables: () => ({ field: 'Person.address', proposed: '', reason: '住址已变更 · I have moved' }),
  },
  {
    operation: 'Corrections', scenario: 13, persona: 'resident', purpose: 'SUBJECT_ACCESS', withMatter: false,
    title: ['我提出的校核，答复到哪一步', 'My corrections and their answers'],
    variables: () => ({}),
  },
  {
    operation: 'ExplainAccess', scenario: 15, persona: 'developer', purpose: '', withMatter: false,
    title: ['镇街调解员会看到什么', 'What would a township mediator see'],
    variables: () => ({ operation: operationText('MatterParties'), as: { kind: 'CLERK', department: 'MEDIATION', tier: 'TOWNSHIP', purpose: 'MEDIATION', withMatter: true } }),
  },
  {
    operation: 'Datasets', scenario: 16, persona: 'developer', purpose: '', withMatter: false,
    title: ['数据目录：提供方、时效、血缘', 'The catalogue of data sets'],
    variables: () => ({ department: 'hotline' }),
  },
  {
    operation: 'DivisionAt', scenario: 18, persona: 'county-analyst', purpose: 'STATISTICS', withMatter: false,
    title: ['某日有效的行政区划', 'A division as valid on a date'],
    variables: () => ({ code: '330103000000', asOf: '2020-06-01' }),
  },
];
