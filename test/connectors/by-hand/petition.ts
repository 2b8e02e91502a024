import { expectedOf, fifteen, idOf, idWithX, wrongCheck, writeLines, type Line, type Standing } from './lines.ts';

const petitioner = (more: Record<string, unknown> = {}) => ({ xfrxm: '李某', zjhm: idOf(60), dz: '某路4号', lxdh: '13700137000', ...more });
const petition = (key: string, more: Record<string, unknown> = {}) => ({
  xfjbh: key, nd: '2026', xfxs: '1', djsj: '2026-03-02 09:00:00', xfr: [petitioner()], rs: '1', nrfl: '城乡建设/物业管理/收费', jflxdm: '14', xfmd: '3', wtsd: '620102001001', wtdz: '某小区', gy: `诉求 ${key}`, bmyq: '0', clfs: '1',
  ccbz: '1', gxsj: '2026-03-02 10:00:00', zf: '0', ...more,
});
const at = (hour: number) => `2026-03-02 ${hour}:00:00`;
const quarantined = (reason: string) => ({ quarantined: reason });
const accusation = { dropped: 'ACCUSATION' };
const accused = { bfyr: 'CANARY-BFYR' };

const petitions: Line[] = [
  { why: 'an appeal for help', row: petition('A'), ends: 'PUBLISHED' },
  { why: 'a suggestion', row: petition('B', { xfmd: '1' }), ends: 'PUBLISHED' },
  { why: 'an accusation', row: petition('C', { xfmd: '2', gy: 'CANARY-C', ...accused }), ends: accusation },
  { why: '`２` is 2', row: petition('D', { xfmd: ' ２ ', gy: 'CANARY-D' }), ends: accusation },
  { why: 'a void accusation is an accusation', row: petition('E', { xfmd: '2', zf: '1', gy: 'CANARY-E' }), ends: accusation },
  { why: 'another purpose than the three', row: petition('F', { xfmd: '4', gy: 'CANARY-F', ...accused }), ends: quarantined('SCHEMA'), fields: { bfyr: 1 } },
  { why: 'no purpose', row: petition('G', { xfmd: '无', gy: 'CANARY-G' }), ends: quarantined('REQUIRED_MISSING') },
  { why: 'the accused is never stored', row: petition('H', accused), ends: 'PUBLISHED', fields: { bfyr: 1 } },
  { why: '… nor counted where nobody is', row: petition('I', { bfyr: '不详' }), ends: 'PUBLISHED' },
  { why: '… of a void petition too', row: petition('J', { zf: '１', ...accused }), ends: 'TOMBSTONE', fields: { bfyr: 1 } },
  { why: '… and of what is quarantined', row: petition('K', { djsj: '某日', ...accused }), ends: quarantined('UNPARSABLE_TIME'), fields: { bfyr: 1 } },
  { why: 'a purpose that is changed to accusation', row: petition('L', { gy: 'CANARY-L', xfr: [petitioner({ xfrxm: '王CANARY' })] }), ends: 'PUBLISHED' },
  { why: '… purges', row: petition('L', { xfmd: '2', gxsj: at(11) }), ends: accusation },
  { why: 'an accusation that becomes an appeal', row: petition('M', { xfmd: '2', gy: 'CANARY-M' }), ends: accusation },
  { why: '… is stored from then on', row: petition('M', { gxsj: at(11) }), ends: 'PUBLISHED' },
  { why: 'numbers restart each year', row: petition('A', { nd: '2025' }), ends: 'PUBLISHED' },
  { why: 'several petitioners, each with a number of their own', row: petition('N', { xfr: [petitioner({ zjhm: fifteen(idOf(61)) }), petitioner({ zjhm: wrongCheck(idOf(62)) }), petitioner({ zjhm: idWithX(63).replace('X', 'x') }), petitioner({ zjhm: '无', xfrxm: '匿名', dz: null, lxdh: null })], rs: '4' }), ends: 'PUBLISHED' },
  { why: 'nobody is named', row: petition('O', { xfr: [] }), ends: 'PUBLISHED' },
  { why: 'characters that XML forbids', row: petition('P', { gy: `诉\u000b求\u0001` }), ends: 'PUBLISHED' },
  { why: 'no-break spaces and tabs, what looks like markup', row: petition('Q', { gy: '\u00a0诉\t求 <b>&amp;</b> ]]>' }), ends: 'PUBLISHED' },
  { why: 'no number', row: petition('', {}), ends: quarantined('REQUIRED_MISSING') },
  { why: 'no year', row: petition('R', { nd: '-' }), ends: quarantined('REQUIRED_MISSING') },
  { why: 'no day of registration', row: petition('S', { djsj: '/' }), ends: quarantined('REQUIRED_MISSING') },
  { why: 'an update time that cannot be read', row: petition('T', { gxsj: '昨天' }), ends: quarantined('UNPARSABLE_TIME') },
  { why: 'an update time in another spelling', row: petition('U', { gxsj: '二〇二六年三月二日' }), ends: 'PUBLISHED' },
  { why: 'optional times that cannot be read', row: petition('V', { slgzrq: 'x', bjqx: '2026-04-31', fcrq: '', fhrq: '未知' }), ends: 'PUBLISHED' },
  { why: 'too large a cell', row: petition('W', { gy: 'x'.repeat(65_537) }), ends: quarantined('TOO_LARGE') },
  { why: 'one of 64 KiB', row: petition('X', { gy: 'x'.repeat(65_536) }), ends: 'PUBLISHED' },
  { why: 'void', row: petition('Y'), ends: 'PUBLISHED' },
  { why: '…', row: petition('Y', { zf: '1', gxsj: at(11) }), ends: 'TOMBSTONE' },
  { why: '… and a version of before', row: petition('Y', { gxsj: at(10), gy: '迟到' }), ends: 'OLDER' },
  { why: 'an unknown element', row: petition('Z', { xlb: '新' }), ends: 'PUBLISHED' },
];

const standing: Standing = {
  live: ['A', 'B', 'H', 'I', 'M', 'N', 'O', 'P', 'Q', 'U', 'V', 'X', 'Z'].map((key) => `2026${key}`).concat('2025A'),
  deleted: ['2026J', '2026Y'],
  repaired: { ID_15: 1, ID_LOWER_X: 1 },
  quarantinedValues: { ID_CHECK_DIGIT: 1, UNPARSABLE_TIME: 2 },
};

export function writePetitions(folder: string) {
  writeLines(folder, 'petition/petitions.ndjson', petitions.map((line) => line.row));
  return { petitions: { expected: expectedOf(petitions, standing), live: standing.live } };
}
