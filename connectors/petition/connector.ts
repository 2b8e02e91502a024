import { z } from 'zod';
import type { Connector, Stream } from '../contract.ts';
import { code, creditCode, date, derived, flag, idNumber, integer, name, phones, text, texts, time } from '../rules.ts';

const cell = z.union([z.string(), z.number()]).nullish();
const petitioner = { name: name('xfrxm'), idNumber: idNumber('zjhm'), phones: phones('lxdh'), address: text('dz') };

const petitions: Stream = {
  name: 'petitions',
  title: { zh: '信访事项', en: 'petitions' },
  legalBasis: { zh: '信访工作条例 第22条', en: 'Regulations on Petition Work, article 22' },
  retention: { years: 10, maskedYears: 1, basis: { zh: '信访工作条例；机关文件材料归档范围和文书档案保管期限规定（定期10年）；期满鉴定后删除：机关档案管理规定、个人信息保护法 第47条', en: 'Regulations on Petition Work; Rules on the scope of archives and periods of preservation (fixed term, 10 years); deleted after appraisal at its end: Provisions on the Archives of State Organs; Personal Information Protection Law, article 47' } },
  typeName: 'Petition',
  from: 'petition',
  shape: z.looseObject({
    xfjbh: cell, nd: cell, xfxs: cell, djsj: cell, xfr: z.array(z.union([z.looseObject({ xfrxm: cell, zjhm: cell, dz: cell, lxdh: cell }), z.string().regex(/^\s*$/)])).nullish(), xfrxm: cell, zjhm: cell, dz: cell, lxdh: cell,
    rs: cell, nrfl: cell, jflxdm: cell, xfmd: cell, wtsd: cell, wtdz: cell, gy: cell, bfydw: cell, bmyq: cell, clfs: cell, qxdw: cell, slgzrq: cell, bjqx: cell, yqly: cell,
    clyj: cell, fcrq: cell, fhrq: cell, myd: cell, ccbz: cell, gxsj: cell, zf: cell,
  }),
  required: ['xfjbh', 'nd', 'djsj', 'xfmd', 'gxsj'],
  requiredTimes: ['djsj', 'gxsj'],
  // Numbers restart each year.
  key: derived(['nd', 'xfjbh'], 'year and number', (year, number) => (year === null || number === null ? null : year.replaceAll(' ', '') + number.replaceAll(' ', ''))),
  watermark: 'gxsj',
  order: 'WATERMARK',
  overlapSeconds: 900,
  closedLists: { xfmd: ['1', '2', '3'] },
  drop: { rule: 'ACCUSATION', reads: 'xfmd', when: (value) => value === '2', counted: { division: 'wtsd', month: 'djsj' } },
  tombstone: { reads: 'zf', when: ['1'] },
  neverStored: ['bfyr'],
  spreadsheet: false,
  record: {
    occurredAt: time('djsj'),
    status: derived(['clfs', 'clyj'], 'state of the matter', (handling, decision) => {
      if (decision !== null) return 'RESOLVED';
      if (handling === '4') return 'CLOSED';
      return handling === '1' ? 'IN_PROGRESS' : handling === '2' || handling === '3' ? 'ASSIGNED' : 'OPEN';
    }),
    category: code('jflxdm'),
    division: code('wtsd'),
    placeText: text('wtdz'),
    textForMatching: texts('gy'),
    respondentOrg: creditCode('bfydw'),
    confidential: flag('bmyq', '1'),
    facts: {
      channel: derived(['xfjbh'], 'the petition office', () => 'PETITION'), registeredAt: time('djsj'), handling: code('clfs'), handledBy: creditCode('qxdw'), acceptedOn: date('slgzrq'), dueOn: date('bjqx'),
      extended: derived(['yqly'], 'extension', (reason) => reason !== null), decision: code('clyj'), reviewedOn: date('fcrq'), finallyReviewedOn: date('fhrq'), satisfaction: integer('myd'), repeat: flag('ccbz', '2'),
    },
    milestones: { DECIDED: derived(['clyj'], 'given', (decision) => decision !== null) },
  },
  detail: {
    table: 'petition.petition',
    columns: {
      form: code('xfxs'),
      headcount: integer('rs'),
      content_category: text('nrfl'),
      purpose: code('xfmd'),
      place_text: text('wtdz'),
      narrative: text('gy'),
      handling: code('clfs'),
      handled_by: creditCode('qxdw'),
      accepted_on: date('slgzrq'),
      due_on: date('bjqx'),
      extended: derived(['yqly'], 'extension', (reason) => reason !== null),
      extension_reason: text('yqly'),
      decision: code('clyj'),
      reviewed_on: date('fcrq'),
      finally_reviewed_on: date('fhrq'),
      satisfaction: integer('myd'),
      repeat: flag('ccbz', '2'),
    },
  },
  mentions: [
    { role: 'PETITIONER', list: 'xfr', fields: petitioner },
    { role: 'PETITIONER', fields: petitioner },
  ],
  assignment: [{ relation: 'LEAD', reads: 'qxdw' }],
};

export const connector: Connector = {
  department: 'petition',
  name: { zh: '信访', en: 'Petitions' },
  schedule: { cron: '*/15 * * * *', tz: 'Asia/Shanghai' },
  reconcile: { cron: '0 4 * * *', tz: 'Asia/Shanghai' },
  source: { kind: 'soap', urlEnv: 'PETITION_SOURCE_URL', usernameEnv: 'PETITION_USERNAME', passwordEnv: 'PETITION_PASSWORD', namespace: 'urn:gov:petition:1', operation: 'QueryPetitions' },
  streams: [petitions],
};
