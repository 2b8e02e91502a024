/** Why a caller reads. The closed list of purposes, each with the law it rests on; the token names those a caller has. */
export const purposes = {
  MATTER_HANDLING: {
    zh: '事项办理',
    en: 'handling a matter',
    basis: '个人信息保护法 第13条第1款第3项、第34条（履行法定职责所必需）',
  },
  MEDIATION: {
    zh: '矛盾纠纷调解',
    en: 'mediating a dispute',
    basis: '人民调解法 第17条、第20条；个人信息保护法 第34条',
  },
  SERVICE_DELIVERY: {
    zh: '便民服务',
    en: 'delivering a service',
    basis: '个人信息保护法 第13条第1款第3项、第34条',
  },
  SUPERVISION: {
    zh: '督办与监督',
    en: 'supervising how matters are handled',
    basis: '信访工作条例 第36条；个人信息保护法 第34条',
  },
  STATISTICS: {
    zh: '统计分析',
    en: 'statistics',
    basis: '个人信息保护法 第4条、第6条（仅限不能识别个人的统计结果）',
  },
  DATA_QUALITY: {
    zh: '数据质量维护',
    en: 'keeping the data right',
    basis: '个人信息保护法 第8条（保证个人信息质量）',
  },
  AUDIT: {
    zh: '合规审计',
    en: 'auditing accesses',
    basis: '个人信息保护法 第54条（合规审计）',
  },
  SUBJECT_ACCESS: {
    zh: '本人查阅',
    en: 'a resident reading about themselves',
    basis: '个人信息保护法 第44条、第45条（知情、查阅、复制）',
  },
} as const;

/** What reading without assignment in an emergency rests on; the resident is told when it is over. */
export const breakGlassBasis = '个人信息保护法 第13条第1款第4项（紧急情况下为保护自然人的生命健康和财产安全所必需）、第18条第2款（紧急情况消除后及时告知）';

export type Purpose = keyof typeof purposes;

export const purposeNames = Object.keys(purposes) as [Purpose, ...Purpose[]];
