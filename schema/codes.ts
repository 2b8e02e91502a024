/** A value of an open code list, as `CodedValue` in the schema. */
export interface Coded {
  code: string;
  /** In Chinese, as the list has it; null for a code that it does not know. */
  name: string | null;
  scheme: string;
}

/** A code as given, with its name where the list knows it; null for no code. */
export function named(code: string | null | undefined, scheme: string, names: Readonly<Record<string, string>> = {}): Coded | null {
  if (code === null || code === undefined || code === '') return null;
  return { code, name: Object.hasOwn(names, code) ? names[code]! : null, scheme };
}

/** The same for a list that several departments use. */
export function coded(code: string | null | undefined, scheme: keyof typeof codeLists): Coded | null {
  return named(code, scheme, codeLists[scheme]);
}

const codeLists = {
  'dispute-type': {
    '01': '婚姻家庭',
    '02': '邻里',
    '03': '房屋宅基地',
    '04': '合同',
    '05': '生产经营',
    '06': '损害赔偿',
    '07': '山林土地',
    '08': '征地拆迁',
    '09': '环境污染',
    '10': '劳动争议',
    '11': '消费',
    '12': '医疗',
    '13': '道路交通',
    '14': '物业',
    '99': '其他',
  },
  // GB/T 4761: family relations, by the first of their two digits where the second only tells order or sex.
  'relation-to-head': { '01': '本人', '02': '户主', '10': '配偶', '20': '子', '30': '女', '40': '孙子、孙女或外孙子、外孙女', '50': '父母', '51': '父亲', '52': '母亲', '60': '祖父母或外祖父母', '70': '兄弟姐妹', '99': '非亲属' },
  'organization-kind': { MEDIATION_CENTRE: '矛盾纠纷调解中心', POLICE: '公安机关', COURT: '人民法院', CIVIL: '民政机构', MEDIATION_ORGANIZATION: '调解组织', SOCIAL_ORGANIZATION: '社会组织', GOVERNMENT: '行政机关', OTHER: '其他机构' },
  'place-kind': { BUILDING: '楼栋', ESTATE: '小区', STREET_NUMBER: '门牌' },
} as const satisfies Record<string, Record<string, string>>;

/** Dispute types 01–14 and 99 (sources.md). */
export const disputeTypes: readonly string[] = Object.keys(codeLists['dispute-type']).sort();

/** The same in English, as sources.md has them: for sentences, where a code tells nothing. */
export const disputeTypesInEnglish: Readonly<Record<string, string>> = {
  '01': 'family', '02': 'neighbours', '03': 'housing and homestead', '04': 'contract', '05': 'production and business', '06': 'damages', '07': 'forest and land', '08': 'expropriation and relocation',
  '09': 'pollution', '10': 'labour', '11': 'consumer', '12': 'medical', '13': 'traffic', '14': 'property management', '99': 'other',
};

/** `outcome` of mediation before registration (sources.md, 2). */
export const outcomes: Record<string, string> = { PENDING: '调解中', AGREED: '达成协议', NOT_AGREED: '未达成协议', WITHDRAWN: '撤回', FILED: '转立案' };

/** Channels through which records come in: the hotline's own, and one for each other department. */
export const channelNames: Record<string, string> = {
  PHONE_12345: '12345 电话', WECHAT_MINIAPP: '微信小程序', QR_CODE: '二维码', WEB: '网站', GRID_WORKER: '网格员', COUNTER: '窗口', POLICE_110: '110 报警', COURT: '法院诉前', PETITION: '信访', CIVIL_COUNTER: '民政窗口',
};
