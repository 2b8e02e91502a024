/** What is counted from the snapshot. Data; a change of what is counted is a new version. */
export interface StatisticRule {
  code: 'DOCKING' | 'PRELITIGATION' | 'RESOLUTION' | 'REPEATS';
  version: string;
  departments: readonly string[];
  numerator: { zh: string; en: string };
  denominator: { zh: string; en: string };
  /** The wider whole that the denominator is a part of: both ratios are true, and both are told. */
  whole?: { zh: string; en: string };
  /** The one dimension beside division, category and period. */
  extra: 'CHANNEL' | null;
}

export const statisticRules: readonly StatisticRule[] = [
  {
    code: 'DOCKING', version: '1', departments: ['court', 'police', 'petition'], extra: 'CHANNEL',
    numerator: { zh: '移交调解的记录中，所在事项达成调解协议的', en: 'records handed to mediation whose matter reached an agreement' },
    denominator: { zh: '移交调解的记录（诉调、警调、访调）', en: 'records handed to mediation by the court, the police or petitions' },
  },
  {
    code: 'PRELITIGATION', version: '1', departments: ['court'], extra: null,
    numerator: { zh: '委派调解的案件中达成协议的', en: 'diverted cases that ended in an agreement' },
    denominator: { zh: '委派调解的诉前案件', en: 'cases diverted to mediation before registration' },
    whole: { zh: '法院收到的全部诉前案件', en: 'all cases the court received before registration' },
  },
  {
    code: 'RESOLUTION', version: '1', departments: ['hotline'], extra: null,
    numerator: { zh: '回访时诉求人确认已解决的工单', en: 'tickets whose requester said that it is resolved' },
    denominator: { zh: '回访时诉求人作出答复的工单', en: 'tickets whose requester answered' },
  },
  {
    code: 'REPEATS', version: '1', departments: ['hotline'], extra: null,
    numerator: { zh: '同一事项有其他工单的工单', en: 'tickets whose matter holds another ticket' },
    denominator: { zh: '现存工单', en: 'live tickets' },
  },
];

/** Dispute types whose counts are sensitive: floor 20, not below the county (matters.md). */
export const sensitiveCategories: readonly string[] = ['01', '12'];
export const statisticFloors = { ordinary: 10, sensitive: 20 } as const;
