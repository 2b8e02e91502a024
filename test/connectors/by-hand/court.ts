import { expectedOf, fifteen, fullWidth, idOf, idWithX, wrongCheck, writeLines, type Line, type Standing } from './lines.ts';

const party = (more: Record<string, unknown> = {}) => ({ role: 'PLAINTIFF', kind: 'PERSON', name: '孙某', idType: '111', idNumber: idOf(20), phone: '13900139000', address: '某路3号', ...more });
const filing = (key: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  prelitNo: key, caseNo: '(2026)甘0102民初1号', courtCode: '620102', caseTypeCode: '01', causeCode: '9047', causeName: '物业服务合同纠纷', disputeType: '14', receivedAt: '2026-03-02', outcome: 'PENDING', fulfilment: 'NONE',
  claimAmount: '1000.00', parties: [], summary: `摘要 ${key}`, region: '620102001001', address: null, closedHearing: false, minorInvolved: false, updatedAt: '2026-03-02T10:00:00+08:00', deleted: false, ...more,
});
const at = (hour: number) => `2026-03-02T${hour}:00:00+08:00`;
const quarantined = (reason: string) => ({ quarantined: reason });
const closed = { dropped: 'CLOSED_HEARING' };
const child = { minorInvolved: true, parties: [party({ name: 'CANARY-CHILD' })], summary: 'CANARY-SUMMARY', address: 'CANARY-ADDRESS' };
const childFields = { parties: 1, summary: 1, address: 1 };
const id = (idNumber: unknown, more: Record<string, unknown> = {}) => ({ parties: [party({ idNumber, ...more })] });

/** A case of exactly so many bytes as UTF-8 JSON, in cells within their limit. */
function ofBytes(key: string, bytes: number): Record<string, unknown> {
  const row = filing(key, { filling: Array.from({ length: 16 }, () => 'x'.repeat(65_000)) });
  const left = bytes - Buffer.byteLength(JSON.stringify(row));
  return { ...row, summary: `摘要 ${key}${'y'.repeat(left)}` };
}

const cases: Line[] = [
  { why: 'a case', row: filing('A'), ends: 'PUBLISHED' },
  { why: 'a closed hearing', row: filing('B', { closedHearing: true, summary: 'CANARY-B' }), ends: closed },
  { why: '… comes before everything; dropped whole counts no field', row: filing('C', { ...child, closedHearing: true, deleted: true, receivedAt: null }), ends: closed },
  { why: 'deleted, whatever else is wrong with it', row: filing('D', { deleted: true, receivedAt: 'x', outcome: 'x' }), ends: 'TOMBSTONE' },
  { why: 'a child is involved: three values go', row: filing('E', child), ends: 'PUBLISHED', fields: childFields },
  { why: '… the empty ones are not counted', row: filing('F', { minorInvolved: true, parties: [], summary: 'CANARY-F', address: null }), ends: 'PUBLISHED', fields: { summary: 1 } },
  { why: '… of a tombstone too', row: filing('G', { ...child, deleted: true }), ends: 'TOMBSTONE', fields: childFields },
  { why: '… and of what is quarantined', row: filing('H', { ...child, receivedAt: 'x' }), ends: quarantined('UNPARSABLE_TIME'), fields: childFields },
  { why: 'a child turns out to be involved later', row: filing('I', { ...child, minorInvolved: false }), ends: 'PUBLISHED' },
  { why: '… what may name it is purged', row: filing('I', { ...child, updatedAt: at(11) }), ends: 'PUBLISHED', fields: childFields },
  { why: '… and a late older version brings nothing back', row: filing('I', { ...child, minorInvolved: false, updatedAt: at(10), address: 'CANARY-LATE' }), ends: 'OLDER' },
  { why: 'a hearing that is closed later', row: filing('J', { summary: 'CANARY-J', parties: [party({ name: 'CANARY-J' })] }), ends: 'PUBLISHED' },
  { why: '… purges', row: filing('J', { closedHearing: true, updatedAt: at(11) }), ends: closed },
  { why: 'one that is opened again', row: filing('K', { closedHearing: true, summary: 'CANARY-K' }), ends: closed },
  { why: '… is stored from then on', row: filing('K', { updatedAt: at(11) }), ends: 'PUBLISHED' },
  { why: 'what waits in quarantine', row: filing('L', { receivedAt: 'x', summary: 'CANARY-L' }), ends: quarantined('UNPARSABLE_TIME') },
  { why: '… goes with a purge', row: filing('L', { closedHearing: true, updatedAt: at(11) }), ends: closed },
  { why: 'quarantine keeps nothing of an older version of a purged record', row: filing('M', { closedHearing: true, updatedAt: at(11) }), ends: closed },
  { why: '…', row: filing('M', { receivedAt: 'x', summary: 'CANARY-M' }), ends: quarantined('UNPARSABLE_TIME') },
  { why: 'nobody says whether the hearing is closed', row: filing('N', { closedHearing: null, summary: 'CANARY-N' }), ends: quarantined('REQUIRED_MISSING') },
  { why: 'a closed list', row: filing('O', { closedHearing: 'maybe', summary: 'CANARY-O' }), ends: quarantined('SCHEMA') },
  { why: '…', row: filing('P', { minorInvolved: 1, parties: [party({ name: 'CANARY-P' })], summary: 'CANARY-P' }), ends: quarantined('SCHEMA') },
  { why: '…', row: filing('Q', { outcome: 'DONE' }), ends: quarantined('SCHEMA') },
  { why: '… read normalised', row: filing('R', { outcome: ' ＡＧＲＥＥＤ ' }), ends: 'PUBLISHED' },
  { why: '… may be empty', row: filing('S', { outcome: null }), ends: 'PUBLISHED' },
  { why: 'SCHEMA comes before what is missing', row: filing('T', { outcome: 'DONE', receivedAt: null }), ends: quarantined('SCHEMA') },
  { why: 'what is missing comes before a time', row: filing('U', { receivedAt: '无', updatedAt: 'x' }), ends: quarantined('REQUIRED_MISSING') },
  { why: 'a day that does not exist', row: filing('V', { receivedAt: '2026-02-30' }), ends: quarantined('UNPARSABLE_TIME') },
  ...['2026/3/2', '20260302', '20260302093000', '二〇二六年三月二日', '二○二六年十二月三十一日', '46083', '2026-03-02T09:30:00Z', ' 2026-03-02 ', '２０２６－０３－０２'].map((receivedAt, n): Line => ({ why: `a date may be written ${receivedAt}`, row: filing(`date${n}`, { receivedAt }), ends: 'PUBLISHED' })),
  { why: 'an optional time that cannot be read is a quarantined value', row: filing('W', { filedAt: '改日', divertedAt: '2026-13-01' }), ends: 'PUBLISHED' },
  { why: '… a placeholder is none', row: filing('X', { filedAt: '-' }), ends: 'PUBLISHED' },
  { why: '1 MiB', row: ofBytes('Y', 1 << 20), ends: 'PUBLISHED' },
  { why: '… and a byte', row: ofBytes('Z', (1 << 20) + 1), ends: quarantined('TOO_LARGE') },
  { why: '… of a child is counted', row: filing('a', { ...child, causeName: 'x'.repeat(65_537) }), ends: quarantined('TOO_LARGE'), fields: childFields },
  { why: 'a resident card is checked', row: filing('b', id(wrongCheck(idOf(21)))), ends: 'PUBLISHED' },
  { why: 'a number without a type is', row: filing('c', id(wrongCheck(idOf(22)), { idType: null })), ends: 'PUBLISHED' },
  { why: 'a passport is not', row: filing('d', id('e1234567x', { idType: '414' })), ends: 'PUBLISHED' },
  { why: 'nor an organisation', row: filing('e', { parties: [party({ kind: 'ORG', name: '某物业公司', idType: null, idNumber: '9162010271903570x3' })] }), ends: 'PUBLISHED' },
  { why: 'an exponent in JSON is no spreadsheet', row: filing('f', id('6.20102E+17')), ends: 'PUBLISHED' },
  { why: 'repairs count by value: two parties, three kinds', row: filing('g', { parties: [party({ idNumber: fullWidth(idWithX(23).replace('X', 'x')) }), party({ role: 'DEFENDANT', idNumber: ` ${fifteen(idOf(40))}` })] }), ends: 'PUBLISHED' },
  { why: '… not of values that were removed', row: filing('h', { minorInvolved: true, parties: [party({ idNumber: fifteen(idOf(41)) })], summary: null }), ends: 'PUBLISHED', fields: { parties: 1 } },
  { why: 'an unknown field', row: filing('i', { judge: '某', extra: { a: [1] } }), ends: 'PUBLISHED' },
  { why: 'no number', row: filing('', {}), ends: quarantined('REQUIRED_MISSING') },
];

const standing: Standing = {
  live: [...'AEFIKRSWXY', ...Array.from({ length: 9 }, (_, n) => `date${n}`), ...'bcdefghi'],
  deleted: [...'DG'],
  repaired: { ID_FULL_WIDTH: 1, ID_LOWER_X: 1, ID_15: 1, ID_SPACE: 1 },
  quarantinedValues: { UNPARSABLE_TIME: 2, ID_CHECK_DIGIT: 3 },
};

export function writeCourt(folder: string) {
  writeLines(folder, 'court/prelitigation-cases.ndjson', cases.map((line) => line.row));
  return { 'prelitigation-cases': { expected: expectedOf(cases, standing), live: standing.live } };
}
