import { z } from 'zod';
import type { Connector, Stream } from '../contract.ts';
import { code, date, decimal, derived, idNumber, integer, name, phones, publicPhones, text, time } from '../rules.ts';

const cell = z.string().nullish();

const states: Readonly<Record<string, string>> = { 受理: 'OPEN', 审核: 'IN_PROGRESS', 批准: 'RESOLVED', 不予批准: 'CLOSED', 终止: 'CLOSED' };

const applications: Stream = {
  name: 'jzsq',
  title: { zh: '社会救助申请', en: 'assistance applications' },
  legalBasis: { zh: '社会救助暂行办法 第3条', en: 'Interim Measures for Social Assistance, article 3' },
  retention: { years: 10, maskedYears: 1, basis: { zh: '社会救助暂行办法；机关文件材料归档范围和文书档案保管期限规定（定期10年）；期满鉴定后删除：机关档案管理规定、个人信息保护法 第47条', en: 'Interim Measures for Social Assistance; Rules on the scope of archives and periods of preservation (fixed term, 10 years); deleted after appraisal at its end: Provisions on the Archives of State Organs; Personal Information Protection Law, article 47' } },
  typeName: 'AssistanceApplication',
  from: 'jzsq_*.csv',
  shape: z.looseObject({
    业务编号: cell, 申请人姓名: cell, 证件类型: cell, 证件号码: cell, 联系电话: cell, 家庭编号: cell, 家庭人数: cell, 救助类别: cell, 申请日期: cell, 办理状态: cell, 决定日期: cell,
    月保障金额: cell, 居住地址: cell, 行政区划代码: cell, 经办机构代码: cell, 更新时间: cell,
  }),
  required: ['业务编号', '申请日期', '办理状态', '更新时间'],
  requiredTimes: ['申请日期', '更新时间'],
  key: code('业务编号'),
  watermark: '更新时间',
  order: 'DELIVERY',
  overlapSeconds: 0,
  closedLists: {},
  // The means test.
  neverStored: ['经济状况核对'],
  spreadsheet: true,
  record: {
    occurredAt: time('申请日期'),
    status: derived(['办理状态'], 'state of the matter', (state) => states[state?.replaceAll(' ', '') ?? ''] ?? 'OPEN'),
    division: code('行政区划代码'),
    placeText: text('居住地址'),
    matterRule: 'OWN',
    facts: { channel: derived(['业务编号'], 'the counter', () => 'CIVIL_COUNTER'), registeredOn: date('申请日期'), decidedOn: date('决定日期') },
  },
  detail: {
    table: 'civil.application',
    columns: {
      household_no: code('家庭编号'),
      household_size: integer('家庭人数'),
      assistance_kind: code('救助类别'),
      applied_on: date('申请日期'),
      status: code('办理状态'),
      decided_on: date('决定日期'),
      monthly_amount_yuan: decimal('月保障金额'),
      address: text('居住地址'),
      agency_code: code('经办机构代码'),
    },
  },
  mentions: [
    {
      role: 'APPLICANT',
      fields: { name: name('申请人姓名'), idType: code('证件类型'), idNumber: idNumber('证件号码'), phones: phones('联系电话'), householdNo: code('家庭编号'), address: text('居住地址') },
    },
  ],
  assignment: [{ relation: 'LEAD', reads: '经办机构代码', unit: 'AGENCY' }],
};

/** The register of social organisations: public facts, no persons. */
const organizations: Stream = {
  name: 'shzz',
  title: { zh: '社会组织', en: 'social organisations' },
  legalBasis: { zh: '社会团体登记管理条例 第6条；民办非企业单位登记管理暂行条例 第5条', en: 'Regulations on Registration of Social Organisations, article 6; Interim Regulations on Private Non-enterprise Units, article 5' },
  retention: { years: 10, basis: { zh: '机关文件材料归档范围和文书档案保管期限规定（定期10年）', en: 'Rules on the scope of archives and periods of preservation (fixed term, 10 years)' } },
  typeName: null,
  from: 'shzz_*.xlsx',
  shape: z.looseObject({ 名称: cell, 统一社会信用代码: cell, 类别: cell, 状态: cell, 住所: cell, 行政区划代码: cell, 业务主管单位: cell, 联系电话: cell, 调解类型: cell, 更新时间: cell }),
  required: ['名称', '统一社会信用代码', '更新时间'],
  requiredTimes: ['更新时间'],
  key: code('统一社会信用代码'),
  watermark: '更新时间',
  order: 'DELIVERY',
  overlapSeconds: 0,
  closedLists: {},
  neverStored: [],
  spreadsheet: false,
  mentions: [],
  assignment: [],
  organization: {
    name: name('名称'),
    kind: derived(['调解类型'], 'kind', (mediates) => (mediates === null ? 'SOCIAL_ORGANIZATION' : 'MEDIATION_ORGANIZATION')),
    department: derived(['调解类型'], 'department', (mediates) => (mediates === null ? null : 'MEDIATION')),
    tier: derived(['行政区划代码'], 'tier', (division) => (division === null ? null : /^\d{6}(?!000)\d{3}/.test(division) ? 'TOWNSHIP' : 'COUNTY')),
    division: code('行政区划代码'),
    public_phone: publicPhones('联系电话'),
    address: text('住所'),
    mediates: derived(['调解类型'], 'codes', (list) => (list ?? '').split(/[、,，\s]+/u).filter((one) => /^\d{2}$/.test(one))),
  },
};

export const connector: Connector = {
  department: 'civil',
  name: { zh: '民政', en: 'Civil affairs' },
  schedule: { cron: '*/10 * * * *', tz: 'Asia/Shanghai' },
  reconcile: { cron: '30 4 * * *', tz: 'Asia/Shanghai' },
  source: { kind: 'files', urlEnv: 'CIVIL_SOURCE_URL' },
  streams: [organizations, applications],
};
