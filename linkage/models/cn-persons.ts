import type { Model, Predicate } from '../model.ts';

/** The two names can be one person's: equal, alike in sound, or one of them only a surname. */
const namesAgree: Predicate = {
  kind: 'any',
  of: [
    { kind: 'same', column: 'name' },
    { kind: 'same', column: 'name.pinyin' },
    { kind: 'all', of: [{ kind: 'same', column: 'name.surname' }, { kind: 'similar', column: 'name.pinyin', measure: 'edits', limit: 1 }] },
    { kind: 'similar', column: 'name', measure: 'omission', limit: 1 },
  ],
};

/** One of the two is only a surname (`王女士`, `杨某某`). */
const surnameOnly: Predicate = { kind: 'all', of: [{ kind: 'missing', columns: ['name'] }, { kind: 'same', column: 'name.surname' }] };

/**
 * Persons as Chinese authorities record them. Shared phone and home are evidence only where the names can be one person's:
 * families share both. Two valid ID numbers that differ are a veto.
 */
export const cnPersons: Model = {
  name: 'cn_persons',
  version: '2',
  description: 'persons: name, resident ID number, birth date, phones, address / 人员：姓名、身份证号、出生日期、电话、住址',
  idColumn: 'id',
  fields: {
    name: { columns: ['name', 'full_name', '姓名', 'xm', 'bjrxm', 'xfrxm', '申请人姓名'], kind: 'name_cn' },
    id: { columns: ['id_number', 'idNumber', 'id_card', 'sfz', '身份证号', '身份证号码', '证件号码', 'gmsfhm', 'bjrsfzh', 'zjhm'], kind: 'id_cn', optional: true },
    birth: { columns: ['birth_date', 'birthDate', 'dob', 'date_of_birth', '出生日期', 'csrq'], kind: 'birth_date_cn', optional: true },
    sex: { columns: ['sex', 'gender', '性别', 'xb'], kind: 'sex', optional: true },
    phone: { columns: ['phone', 'mobile', 'telephone', '电话', '联系电话', '手机', 'bjrdh', 'lxdh'], kind: 'phone_cn', optional: true },
    address: { columns: ['address', 'addr', '地址', '住址', '居住地址', 'hjdz', 'dz'], kind: 'address_cn', optional: true },
  },
  derived: [
    { name: 'birth.any', from: ['birth', 'id.birth'], transform: 'coalesce' },
    { name: 'birth.year', from: ['birth.any'], transform: 'prefix', length: 4 },
    { name: 'sex.any', from: ['sex', 'id.sex', 'name.sex'], transform: 'coalesce' },
    { name: 'id.any', from: ['id', 'id.suspect'], transform: 'coalesce' },
    { name: 'id.head', from: ['id.any'], transform: 'prefix', length: 14 },
    { name: 'id.tail', from: ['id.any'], transform: 'suffix', length: 8 },
    { name: 'phone.any', from: ['phone', 'phone.suspect'], transform: 'coalesce' },
    // One slip leaves either the first or the last digits as they were.
    { name: 'phone.head', from: ['phone.any'], transform: 'prefix', length: 9 },
    { name: 'phone.tail', from: ['phone.any'], transform: 'suffix', length: 5 },
    { name: 'name.any', from: ['name', 'name.surname'], transform: 'coalesce' },
    { name: 'name.letters', from: ['name'], transform: 'sorted_letters' },
  ],
  blocking: [
    { name: 'ID_NUMBER', columns: ['id'], rowsMax: 500 },
    { name: 'PHONE', columns: ['phone'] },
    { name: 'NAME_BIRTH', columns: ['name', 'birth.any'] },
    { name: 'PINYIN_BIRTH', columns: ['name.pinyin', 'birth.any'] },
    { name: 'SURNAME_HOME', columns: ['name.surname', 'address.home'] },
    { name: 'ID_HEAD_SURNAME', columns: ['id.head', 'name.surname'] },
    { name: 'ID_TAIL_SURNAME', columns: ['id.tail', 'name.surname'] },
    { name: 'BIRTH_ESTATE', columns: ['birth.any', 'address.stem'] },
    { name: 'NAME_ESTATE', columns: ['name', 'address.stem'] },
    { name: 'NAME_TOWNSHIP', columns: ['name', 'address.township'] },
    { name: 'NAME', columns: ['name'], bearersMax: 1 },
    { name: 'NAME_PHONE_HEAD', columns: ['name', 'phone.head'] },
    { name: 'NAME_PHONE_TAIL', columns: ['name', 'phone.tail'] },
  ],
  comparisons: [
    {
      name: 'id',
      levels: [
        { label: 'missing', when: { kind: 'missing', columns: ['id.any'] }, neutral: true },
        { label: 'same', when: { kind: 'same', column: 'id' }, m: 0.9, u: 1e-8, fixed: true },
        { label: 'two valid numbers', when: { kind: 'differs', column: 'id' }, veto: true },
        { label: 'one slip', when: { kind: 'similar', column: 'id.any', measure: 'edits', limit: 1 }, m: 0.08, u: 1e-6, fixed: true },
        // A spreadsheet keeps fifteen digits.
        { label: 'rounded', when: { kind: 'similar', column: 'id.any', measure: 'prefix', limit: 15 }, m: 0.02, u: 1e-6, fixed: true },
        { label: 'two slips', when: { kind: 'similar', column: 'id.any', measure: 'edits', limit: 2 }, m: 0.01, u: 2e-5, fixed: true },
        { label: 'else', when: { kind: 'else' }, m: 0.01, u: 0.99, fixed: true },
      ],
    },
    {
      name: 'name',
      levels: [
        { label: 'missing', when: { kind: 'missing', columns: ['name.any'] }, neutral: true },
        { label: 'same', when: { kind: 'same', column: 'name' }, m: 0.93, u: 8e-4, termFrequency: 'name', frequencyBy: 'id', bearers: true },
        { label: 'same sound', when: { kind: 'same', column: 'name.pinyin' }, m: 0.03, u: 4e-4 },
        { label: 'surname only', when: surnameOnly, m: 0.9, u: 0.06, fixed: true },
        { label: 'surname only, another', when: { kind: 'missing', columns: ['name'] }, m: 0.005, u: 0.94, fixed: true },
        { label: 'same characters', when: { kind: 'same', column: 'name.letters' }, m: 0.003, u: 1e-4, fixed: true },
        { label: 'near sound', when: { kind: 'all', of: [{ kind: 'same', column: 'name.surname' }, { kind: 'similar', column: 'name.pinyin', measure: 'edits', limit: 1 }] }, m: 0.012, u: 1e-3, fixed: true },
        { label: 'one character left out', when: { kind: 'similar', column: 'name', measure: 'omission', limit: 1 }, m: 0.012, u: 1.5e-3, fixed: true },
        { label: 'one character differs', when: { kind: 'similar', column: 'name', measure: 'edits', limit: 1 }, m: 0.004, u: 0.02, fixed: true },
        { label: 'else', when: { kind: 'else' }, m: 0.004, u: 0.97, fixed: true },
      ],
    },
    {
      name: 'birth',
      levels: [
        { label: 'missing', when: { kind: 'missing', columns: ['birth.any'] }, neutral: true },
        { label: 'same', when: { kind: 'similar', column: 'birth.any', measure: 'days', limit: 0 }, m: 0.93, u: 5e-5, fixed: true },
        { label: 'one slip', when: { kind: 'similar', column: 'birth.any', measure: 'edits', limit: 1 }, m: 0.02, u: 2e-3 },
        { label: 'same year, partial', when: { kind: 'all', of: [{ kind: 'same', column: 'birth.year' }, { kind: 'not', of: { kind: 'similar', column: 'birth.any', measure: 'prefix', limit: 8 } }] }, m: 0.03, u: 0.015 },
        { label: 'else', when: { kind: 'else' }, m: 0.01, u: 0.97 },
      ],
    },
    {
      name: 'phone',
      levels: [
        { label: 'missing', when: { kind: 'missing', columns: ['phone.any'] }, neutral: true },
        { label: 'same', when: { kind: 'all', of: [{ kind: 'same', column: 'phone' }, namesAgree] }, m: 0.72, u: 2e-4, fixed: true, termFrequency: 'phone', frequencyBy: 'name' },
        { label: 'same, surname only', when: { kind: 'all', of: [{ kind: 'same', column: 'phone' }, surnameOnly] }, m: 0.72, u: 0.0005, fixed: true, termFrequency: 'phone', frequencyBy: 'name' },
        { label: 'same, other name', when: { kind: 'same', column: 'phone' }, m: 0.02, u: 0.02, fixed: true },
        { label: 'one slip', when: { kind: 'all', of: [{ kind: 'similar', column: 'phone.any', measure: 'edits', limit: 1 }, namesAgree] }, m: 0.03, u: 1e-4, fixed: true },
        { label: 'else', when: { kind: 'else' }, m: 0.2, u: 0.98 },
      ],
    },
    {
      name: 'address',
      levels: [
        { label: 'missing', when: { kind: 'missing', columns: ['address.place'] }, neutral: true },
        { label: 'same home', when: { kind: 'all', of: [{ kind: 'same', column: 'address.home' }, namesAgree] }, m: 0.5, u: 2e-4, fixed: true, termFrequency: 'address.home', frequencyBy: 'name' },
        { label: 'same home, surname only', when: { kind: 'all', of: [{ kind: 'same', column: 'address.home' }, surnameOnly] }, m: 0.5, u: 0.1, fixed: true },
        { label: 'same home, other name', when: { kind: 'same', column: 'address.home' }, m: 0.02, u: 0.02, fixed: true },
        { label: 'same building', when: { kind: 'all', of: [{ kind: 'same', column: 'address.building' }, { kind: 'not', of: { kind: 'differs', column: 'address.house' } }, namesAgree] }, m: 0.2, u: 1e-3, fixed: true },
        { label: 'same estate, another house', when: { kind: 'all', of: [{ kind: 'same', column: 'address.stem' }, { kind: 'differs', column: 'address.house' }] }, m: 0.06, u: 0.02 },
        { label: 'same estate', when: { kind: 'all', of: [{ kind: 'same', column: 'address.stem' }, namesAgree] }, m: 0.3, u: 0.006, termFrequency: 'address.stem', frequencyBy: 'name' },
        { label: 'same place', when: { kind: 'same', column: 'address.place' }, m: 0.1, u: 0.02 },
        { label: 'same township', when: { kind: 'same', column: 'address.township' }, m: 0.05, u: 0.05 },
        { label: 'else', when: { kind: 'else' }, m: 0.15, u: 0.9 },
      ],
    },
    {
      name: 'sex',
      levels: [
        { label: 'missing', when: { kind: 'missing', columns: ['sex.any'] }, neutral: true },
        { label: 'same', when: { kind: 'same', column: 'sex.any' }, m: 0.985, u: 0.5, fixed: true },
        { label: 'else', when: { kind: 'else' }, m: 0.015, u: 0.5, fixed: true },
      ],
    },
  ],
  matchRate: 1e-3,
  threshold: 0.95,
  reviewFrom: 0.5,
  averageEvidenceMin: 3,
  distinct: 'id',
  training: { priorPairs: 500, roundsMax: 25 },
};
