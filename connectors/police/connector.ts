import { z } from 'zod';
import type { Connector, Stream } from '../contract.ts';
import { birthDate, code, derived, flag, idNumber, latitude, longitude, name, phones, text, texts, time } from '../rules.ts';

/** A front-end database (前置机); column names are the pinyin initials of the data elements. */
const cell = z.union([z.string(), z.number()]).nullish();

const calls: Stream = {
  name: 'jcj_jjd',
  title: { zh: '110 接警单（纠纷类）', en: '110 calls about disputes' },
  legalBasis: { zh: '人民警察法 第21条', en: 'People’s Police Law, article 21' },
  retention: { years: 10, maskedYears: 1, basis: { zh: '机关文件材料归档范围和文书档案保管期限规定（定期10年）；期满鉴定后删除：机关档案管理规定、个人信息保护法 第47条', en: 'Rules on the scope of archives and periods of preservation (fixed term, 10 years); deleted after appraisal at its end: Provisions on the Archives of State Organs; Personal Information Protection Law, article 47' } },
  typeName: 'PoliceCall',
  from: 'jcj_jjd',
  shape: z.looseObject({
    jjdbh: cell, bjsj: cell, jjdw: cell, jqlbdm: cell, sfjf: cell, jflxdm: cell, cjsj: cell, jssj: cell, cljg: cell, fsdd: cell, xzqh: cell, jd: cell, wd: cell,
    bjrxm: cell, bjrdh: cell, bjrsfzh: cell, bmyq: cell, jqjj: cell, yjzz: cell, yjsj: cell, jbgjs: cell, gxsj: cell, scbz: cell,
  }),
  required: ['jjdbh', 'bjsj', 'gxsj', 'scbz'],
  requiredTimes: ['bjsj', 'gxsj'],
  key: code('jjdbh'),
  watermark: 'gxsj',
  order: 'WATERMARK',
  overlapSeconds: 900,
  closedLists: {},
  drop: { rule: 'NOT_A_DISPUTE', reads: 'sfjf', when: (value) => value !== '1' },
  tombstone: { reads: 'scbz', when: ['1'] },
  neverStored: ['cfjg'],
  // The view shows dispute-type calls only: a call that is found to be none leaves it without a word.
  absentIsDeleted: true,
  spreadsheet: false,
  record: {
    occurredAt: time('bjsj'),
    status: derived(['cljg', 'jssj', 'cjsj', 'yjzz'], 'state of the matter', (result, finished, dispatched, handed) => {
      if (handed === '1' || result === '02') return 'IN_PROGRESS';
      if (result !== null) return 'RESOLVED';
      return finished !== null ? 'RESOLVED' : dispatched !== null ? 'ASSIGNED' : 'OPEN';
    }),
    category: code('jflxdm'),
    division: code('xzqh'),
    placeText: text('fsdd'),
    textForMatching: texts('jqjj'),
    confidential: flag('bmyq', '1'),
    familyViolence: flag('jbgjs', '1'),
    facts: {
      channel: derived(['jjdbh'], 'the 110 call', () => 'POLICE_110'), receivedAt: time('bjsj'), dispatchedAt: time('cjsj'), finishedAt: time('jssj'), result: code('cljg'),
      handedOver: derived(['yjzz', 'cljg'], 'handed over', (handed, result) => handed === '1' || result === '02'), handedOverAt: time('yjsj'),
    },
  },
  detail: {
    table: 'police.call',
    columns: {
      receiving_unit: code('jjdw'),
      call_category: code('jqlbdm'),
      dispatched_at: time('cjsj'),
      finished_at: time('jssj'),
      result: code('cljg'),
      address: text('fsdd'),
      lng: longitude('jd', 'wd'),
      lat: latitude('jd', 'wd'),
      narrative: text('jqjj'),
      handed_to_mediation: flag('yjzz', '1'),
      handed_at: time('yjsj'),
      family_violence_warning: flag('jbgjs', '1'),
    },
  },
  mentions: [{ role: 'REPORTER', fields: { name: name('bjrxm'), phones: phones('bjrdh'), idNumber: idNumber('bjrsfzh') } }],
  assignment: [
    { relation: 'LEAD', reads: 'jjdw', unit: 'RECEIVING_UNIT' },
    { relation: 'ASSIST', reads: 'yjzz', townshipCentreWhen: ['1'] },
  ],
};

/** Household registration: it tells who people are and shows no record of its own. */
const households: Stream = {
  name: 'rk_hj',
  title: { zh: '户籍人口', en: 'household registration' },
  legalBasis: { zh: '户口登记条例 第3条', en: 'Regulations on Household Registration, article 3' },
  retention: { years: 30, maskedYears: 1, basis: { zh: '户口登记条例；机关文件材料归档范围和文书档案保管期限规定（定期30年）；期满鉴定后删除：机关档案管理规定、个人信息保护法 第47条', en: 'Regulations on Household Registration; Rules on the scope of archives and periods of preservation (fixed term, 30 years); deleted after appraisal at its end: Provisions on the Archives of State Organs; Personal Information Protection Law, article 47' } },
  typeName: null,
  from: 'rk_hj',
  shape: z.looseObject({ rybh: cell, gmsfhm: cell, xm: cell, xb: cell, csrq: cell, hh: cell, yhzgx: cell, hjdz: cell, hjdqh: cell, zxbz: cell, gxsj: cell, scbz: cell }),
  required: ['rybh', 'gxsj', 'scbz'],
  requiredTimes: ['gxsj'],
  key: code('rybh'),
  watermark: 'gxsj',
  order: 'WATERMARK',
  overlapSeconds: 900,
  closedLists: {},
  tombstone: { reads: 'scbz', when: ['1'] },
  neverStored: ['mz'],
  absentIsDeleted: true,
  spreadsheet: false,
  record: {
    status: derived(['zxbz'], 'cancelled or registered', (cancelled) => (cancelled === '1' ? 'CANCELLED' : 'REGISTERED')),
    division: code('hjdqh'),
    placeText: text('hjdz'),
  },
  mentions: [
    {
      role: 'RESIDENT',
      fields: {
        name: name('xm'), sex: code('xb'), birthDate: birthDate('csrq'), idNumber: idNumber('gmsfhm'), address: text('hjdz'), householdNo: code('hh'), relationToHead: code('yhzgx'),
      },
    },
  ],
  assignment: [],
};

export const connector: Connector = {
  department: 'police',
  name: { zh: '公安', en: 'Police' },
  schedule: { cron: '*/10 * * * *', tz: 'Asia/Shanghai' },
  reconcile: { cron: '30 2 * * *', tz: 'Asia/Shanghai' },
  source: { kind: 'sql', urlEnv: 'POLICE_SOURCE_URL' },
  streams: [households, calls],
};
