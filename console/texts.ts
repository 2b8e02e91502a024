/** Text of the console in both languages; a pair is [Chinese, English]. */
export type Text = readonly [zh: string, en: string];
export type Language = 'zh' | 'en';

export const texts = {
  subtitle: ['县域矛盾纠纷一网联办 · 演示控制台', 'one graph over departmental systems · console'],
  catalogue: ['数据目录', 'catalogue'],
  persona: ['身份', 'Persona'],
  purpose: ['目的', 'Purpose'],
  matter: ['事项编号', 'Matter'],
  noPurpose: ['无（只看公开字段）', 'none (public fields only)'],
  noMatter: ['未指明', 'none'],
  useExample: ['示例事项', 'example'],
  examples: ['示例', 'Examples'],
  examplesHint: ['点击即以相应身份执行', 'a click signs in as the persona and runs it'],
  signIn: ['登录', 'Sign in'],
  token: ['令牌（OIDC 访问令牌）', 'Token (OIDC access token)'],
  signedOut: ['选择身份以登录', 'choose a persona to sign in'],
  access: ['字段权限', 'What was given and withheld'],
  accessNone: ['执行一个操作后，这里逐字段列出：完整、脱敏或未给出，以及理由。', 'Run an operation: each field is listed here, given in full, masked or withheld, and why.'],
  field: ['字段', 'Field'],
  effect: ['结果', 'Effect'],
  reason: ['理由', 'Reason'],
  rule: ['规则', 'Rule'],
  positions: ['处数', 'Positions'],
  full: ['完整', 'full'],
  masked: ['脱敏', 'masked'],
  withheld: ['未给出', 'withheld'],
  given: ['完整给出', 'given in full'],
  trace: ['追踪编号', 'trace'],
  failed: ['请求失败', 'the request failed'],
  waterfall: ['为什么是同一人：匹配权重', 'Why one person: match weights'],
  waterfallHint: ['以比特计；向右支持同一人，向左反对', 'in bits; to the right it speaks for one person, to the left against'],
  prior: ['先验', 'prior'],
  total: ['合计', 'sum'],
  bits: ['比特', 'bits'],
} as const satisfies Record<string, Text>;

/** Comparisons and levels of the model of persons, in Chinese; the English ones are the model's own. */
export const waterfallWords: Record<string, Text> = {
  id: ['证件号码', 'ID number'],
  name: ['姓名', 'name'],
  birth: ['出生日期', 'birth date'],
  phone: ['电话', 'phone'],
  address: ['住址', 'address'],
  sex: ['性别', 'sex'],
  missing: ['缺失', 'missing'],
  same: ['相同', 'same'],
  else: ['不同', 'different'],
  'two valid numbers': ['两个有效号码', 'two valid numbers'],
  'one slip': ['差一处', 'one slip'],
  'two slips': ['差两处', 'two slips'],
  rounded: ['被表格取整', 'rounded'],
  'same sound': ['同音', 'same sound'],
  'surname only': ['只有姓', 'surname only'],
  'surname only, another': ['只有姓，且不同', 'surname only, another'],
  'same characters': ['字相同、次序不同', 'same characters'],
  'near sound': ['近音', 'near sound'],
  'one character left out': ['少一字', 'one character left out'],
  'one character differs': ['差一字', 'one character differs'],
  'same year, partial': ['同年，日期不全', 'same year, partial'],
  'same, surname only': ['相同，只有姓', 'same, surname only'],
  'same, other name': ['相同，姓名不同', 'same, other name'],
  'same home': ['同一住处', 'same home'],
  'same home, surname only': ['同一住处，只有姓', 'same home, surname only'],
  'same home, other name': ['同一住处，姓名不同', 'same home, other name'],
  'same building': ['同一栋', 'same building'],
  'same estate, another house': ['同小区不同户', 'same estate, another house'],
  'same estate': ['同小区', 'same estate'],
  'same place': ['同一地点', 'same place'],
  'same township': ['同一镇街', 'same township'],
};

/** The reason codes of an answer, in words. The policy's own sentences stand in `explainAccess`. */
export const reasons: Record<string, Text> = {
  NO_PURPOSE: ['没有声明目的，只能看公开字段', 'no purpose was declared: public fields only'],
  NO_MATTER: ['没有指明所办事项，不给出个人信息', 'no matter in hand: no personal data'],
  NOT_ASSIGNED: ['该记录未分派给本单位', 'the record is not assigned to this organisation'],
  OUT_OF_JURISDICTION: ['不在本辖区', 'outside the jurisdiction'],
  TIER: ['该层级不能看到此类字段', 'this tier does not see fields of this class'],
  KIND: ['此类身份不能看到个人信息', 'this kind of caller does not see it'],
  CLASS: ['此密级只能脱敏或不给出', 'this class is masked or withheld'],
  ROW_PROTECTED: ['该记录受保护', 'the record is protected'],
};

export const purposeTexts: Record<string, Text> = {
  MATTER_HANDLING: ['事项办理', 'handling a matter'],
  MEDIATION: ['矛盾纠纷调解', 'mediation'],
  SERVICE_DELIVERY: ['便民服务', 'service delivery'],
  SUPERVISION: ['督办与监督', 'supervision'],
  STATISTICS: ['统计分析', 'statistics'],
  DATA_QUALITY: ['数据质量', 'data quality'],
  AUDIT: ['合规审计', 'audit'],
  SUBJECT_ACCESS: ['本人查阅', 'own data'],
};

export const personaTexts: Record<string, Text> = {
  'city-app': ['市级业务应用', 'city application'],
  'township-clerk': ['镇街调解员', 'township mediation clerk'],
  'village-worker': ['村社网格员', 'village worker'],
  'county-analyst': ['县级分析员', 'county analyst'],
  'province-analyst': ['省级分析员', 'province analyst'],
  'hotline-supervisor': ['热线督办员', 'hotline supervisor'],
  'police-officer': ['公安民警', 'police officer'],
  'petition-officer': ['信访干部', 'petition officer'],
  operator: ['接入运维员', 'connector operator'],
  auditor: ['审计员', 'auditor'],
  'civil-clerk': ['民政经办员', 'civil-affairs clerk'],
  developer: ['开发者', 'developer'],
  resident: ['居民本人', 'resident'],
};

export const tierTexts: Record<string, Text> = { VILLAGE: ['村级', 'village'], TOWNSHIP: ['镇级', 'township'], COUNTY: ['县级', 'county'], CITY: ['市级', 'city'], PROVINCE: ['省级', 'province'] };

export function say(text: Text | undefined, language: Language): string {
  return text?.[language === 'zh' ? 0 : 1] ?? '';
}

/** Both languages, for titles of elements. */
export function both(text: Text): string {
  return `${text[0]} · ${text[1]}`;
}
