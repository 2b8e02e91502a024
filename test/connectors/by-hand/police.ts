import { expectedOf, fifteen, fullWidth, idOf, idWithX, wrongCheck, writeLines, type Line, type Standing } from './lines.ts';

const call = (key: string, more: Record<string, unknown> = {}) => ({
  jjdbh: key, bjsj: '2026-03-02 09:00:00', jjdw: '620102000000', jqlbdm: '0301', sfjf: '1', jflxdm: '02', fsdd: '某路1号', xzqh: '620102001001', bjrxm: '赵某甲', bjrdh: '13800138000', bmyq: '0',
  jqjj: `叙述 ${key}`, yjzz: '0', jbgjs: '0', gxsj: '2026-03-02 10:00:00.000', scbz: '0', ...more,
});
const at = (hour: number) => `2026-03-02 ${hour}:00:00.000`;
const notADispute = { dropped: 'NOT_A_DISPUTE' };
const missing = { quarantined: 'REQUIRED_MISSING' };
const tooLarge = { quarantined: 'TOO_LARGE' };

/** One call a letter; the lines of a key are its rounds. */
const calls: Line[] = [
  { why: 'a dispute stays', row: call('A'), ends: 'PUBLISHED' },
  { why: '`１` is 1', row: call('B', { sfjf: '１' }), ends: 'PUBLISHED' },
  { why: 'no dispute', row: call('C', { sfjf: '0', jqjj: 'CANARY-C' }), ends: notADispute },
  { why: 'empty is no dispute', row: call('D', { sfjf: null, jqjj: 'CANARY-D' }), ends: notADispute },
  { why: 'never stored comes before tombstone; a call dropped whole counts no field', row: call('E', { sfjf: '2', scbz: '1', cfjg: 'CANARY-E' }), ends: notADispute },
  { why: 'a call that becomes no dispute', row: call('F', { jqjj: 'CANARY-F', bjrxm: '甲CANARY己' }), ends: 'PUBLISHED' },
  { why: '… is purged', row: call('F', { sfjf: '0', gxsj: at(11) }), ends: notADispute },
  { why: 'purged', row: call('G', { jqjj: 'CANARY-G' }), ends: 'PUBLISHED' },
  { why: '… and', row: call('G', { sfjf: '0', gxsj: at(11) }), ends: notADispute },
  { why: '… lawful again: stored from then on', row: call('G', { gxsj: at(12) }), ends: 'PUBLISHED' },
  { why: 'purged', row: call('H', { jqjj: 'CANARY-H' }), ends: 'PUBLISHED' },
  { why: '… and', row: call('H', { sfjf: '0', gxsj: at(11) }), ends: notADispute },
  { why: '… a late older version does not come back', row: call('H', { gxsj: at(10), jqjj: 'CANARY-H2' }), ends: 'OLDER' },
  { why: 'a tombstone of a key never seen counts as deleted', row: call('I', { scbz: '1' }), ends: 'TOMBSTONE' },
  { why: 'deleted', row: call('J'), ends: 'PUBLISHED' },
  { why: '… with', row: call('J', { scbz: '１', gxsj: at(11) }), ends: 'TOMBSTONE' },
  { why: '… a late older version', row: call('J', { gxsj: at(10), jqjj: '迟到' }), ends: 'OLDER' },
  { why: 'deleted', row: call('K'), ends: 'PUBLISHED' },
  { why: '… and', row: call('K', { scbz: '1', gxsj: at(11) }), ends: 'TOMBSTONE' },
  { why: '… a newer live version returns', row: call('K', { gxsj: at(12) }), ends: 'PUBLISHED' },
  { why: 'equal watermark', row: call('L', { bjrsfzh: idWithX(0).replace('X', 'x') }), ends: 'PUBLISHED' },
  { why: '… with other content: the last read wins', row: call('L', { bjrsfzh: idOf(7) }), ends: 'PUBLISHED' },
  { why: 'no update time', row: call('M', { gxsj: null }), ends: missing },
  { why: 'a placeholder is missing', row: call('N', { scbz: '-' }), ends: missing },
  { why: 'no time of the call', row: call('O', { bjsj: null }), ends: missing },
  { why: 'a penalty is never stored', row: call('P', { cfjg: 'CANARY-P' }), ends: 'PUBLISHED', fields: { cfjg: 1 } },
  { why: '… nor counted where it is empty', row: call('Q', { cfjg: '无' }), ends: 'PUBLISHED' },
  { why: '… nor stored of a tombstone', row: call('R', { cfjg: 'CANARY-R', scbz: '1' }), ends: 'TOMBSTONE', fields: { cfjg: 1 } },
  { why: '… nor of what is quarantined', row: call('S', { cfjg: 'CANARY-S', bjsj: null }), ends: missing, fields: { cfjg: 1 } },
  { why: 'a cell of 64 KiB', row: call('T', { jqjj: 'x'.repeat(65_536) }), ends: 'PUBLISHED' },
  { why: '… and a byte', row: call('U', { jqjj: 'x'.repeat(65_537) }), ends: tooLarge },
  { why: '… in bytes, not characters', row: call('V', { jqjj: '字'.repeat(21_846) }), ends: tooLarge },
  { why: 'too large comes first', row: call('W', { jqjj: 'x'.repeat(65_537), bjsj: null }), ends: tooLarge },
  { why: '… after tombstone', row: call('X', { jqjj: 'x'.repeat(65_537), scbz: '1' }), ends: 'TOMBSTONE' },
  { why: '… and after never stored', row: call('Y', { jqjj: 'x'.repeat(65_537), sfjf: '9' }), ends: notADispute },
  { why: 'a live record', row: call('Z'), ends: 'PUBLISHED' },
  { why: '… of which a newer version is refused stays as it was', row: call('Z', { bjsj: null, gxsj: at(11) }), ends: missing },
  { why: 'fifteen digits', row: call('a', { bjrsfzh: fifteen(idOf(1)) }), ends: 'PUBLISHED' },
  { why: 'a lower-case x', row: call('b', { bjrsfzh: idWithX(1).replace('X', 'x') }), ends: 'PUBLISHED' },
  { why: 'full width', row: call('c', { bjrsfzh: fullWidth(idOf(2)) }), ends: 'PUBLISHED' },
  { why: 'fifteen digits with a no-break space', row: call('d', { bjrsfzh: fifteen(idOf(3)).replace(/^(.{6})/, '$1\u00a0') }), ends: 'PUBLISHED' },
  { why: 'a wrong check digit', row: call('e', { bjrsfzh: wrongCheck(idOf(4)) }), ends: 'PUBLISHED' },
  { why: 'seventeen digits', row: call('f', { bjrsfzh: idOf(5).slice(0, 17) }), ends: 'PUBLISHED' },
  { why: 'rounded as Excel does: no spreadsheet was here', row: call('g', { bjrsfzh: '620102199003071000' }), ends: 'PUBLISHED' },
  { why: 'an exponent: the same', row: call('h', { bjrsfzh: '6.20102E+17' }), ends: 'PUBLISHED' },
  { why: 'a placeholder is no number', row: call('i', { bjrsfzh: '不详' }), ends: 'PUBLISHED' },
  { why: 'what is repaired in a version', row: call('j', { bjrsfzh: fifteen(idOf(6)) }), ends: 'PUBLISHED' },
  { why: '… counts only in the newest one', row: call('j', { bjrsfzh: idOf(6), gxsj: at(11) }), ends: 'PUBLISHED' },
  { why: '… of a live record', row: call('k', { bjrsfzh: fifteen(idOf(8)), scbz: '1' }), ends: 'TOMBSTONE' },
  { why: 'an unknown column is kept and stops nothing', row: call('l', { 备注: '新的列', QTXX: 'x' }), ends: 'PUBLISHED' },
  { why: 'a change in an unknown column', row: call('m', { 备注: '一' }), ends: 'PUBLISHED' },
  { why: '… is a version in which nothing mapped changed', row: call('m', { 备注: '二', gxsj: at(11) }), ends: 'PUBLISHED' },
  { why: 'a superseded code, before and after its end', row: call('n', { xzqh: '330103001000', bjsj: '2020-05-01 09:00:00' }), ends: 'PUBLISHED' },
  { why: '…', row: call('o', { xzqh: '330103001000' }), ends: 'PUBLISHED' },
  { why: 'a code that no table knows', row: call('p', { xzqh: '620102999999' }), ends: 'PUBLISHED' },
];

const standingCalls: Standing = {
  live: [...'ABGKLPQTZabcdefghijlmnop'],
  deleted: [...'IJRXk'],
  repaired: { ID_15: 2, ID_LOWER_X: 1, ID_FULL_WIDTH: 1, ID_SPACE: 1 },
  quarantinedValues: { ID_CHECK_DIGIT: 4 },
};

const person = (key: string, more: Record<string, unknown> = {}) => ({ rybh: key, gmsfhm: idOf(50), xm: '钱某', xb: '1', csrq: '19900307', hh: 'H1', yhzgx: '01', hjdz: '某路2号', hjdqh: '620102', zxbz: '0', gxsj: '2026-03-02 10:00:00.000', scbz: '0', ...more });

const households: Line[] = [
  { why: 'ethnicity is never stored', row: person('1', { mz: '维' }), ends: 'PUBLISHED', fields: { mz: 1 } },
  { why: '… of a tombstone', row: person('2', { mz: '01', scbz: '1' }), ends: 'TOMBSTONE', fields: { mz: 1 } },
  { why: '… nor counted where it is empty', row: person('3', { mz: '/' }), ends: 'PUBLISHED' },
  { why: 'a partial birth date', row: person('4', { csrq: '19630000', gmsfhm: null }), ends: 'PUBLISHED' },
  { why: 'a cancelled registration is there', row: person('5', { zxbz: '1' }), ends: 'PUBLISHED' },
  { why: 'an unknown relation to the head is no error', row: person('6', { yhzgx: '9x' }), ends: 'PUBLISHED' },
  { why: 'no update time', row: person('7', { gxsj: null }), ends: missing },
];

export function writePolice(folder: string) {
  writeLines(folder, 'police/jcj_jjd.ndjson', calls.map((line) => line.row));
  writeLines(folder, 'police/rk_hj.ndjson', households.map((line) => line.row));
  return { jcj_jjd: { expected: expectedOf(calls, standingCalls), live: standingCalls.live }, rk_hj: { expected: expectedOf(households, { live: [...'13456'], deleted: ['2'] }), live: [...'13456'] } };
}
