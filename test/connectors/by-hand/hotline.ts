import { expectedOf, fifteen, idOf, wrongCheck, writeLines, type Line, type Standing } from './lines.ts';

let events = 0;
const ticket = (subject: string, more: Record<string, unknown> = {}) => ({
  ticketNo: subject, receivedAt: '2026-03-02T09:00:00+08:00', channel: 'WEB', appealType: 'HELP', categoryCode: '0101', categoryPath: ['交通', '公交'], disputeType: null, requester: { name: '周女士', phone: '13600136000', idNumber: null, address: null },
  confidential: false, title: `标题 ${subject}`, body: '内容', address: '某路5号', regionCode: '620102001001', assistOrgs: [], status: 'HANDLING', subjectKind: 'OTHER', facility: null, updatedAt: '2026-03-02T10:00:00+08:00', ...more,
});
const event = (subject: string, sequence: string | undefined, data: unknown = ticket(subject), more: Record<string, unknown> = {}) => ({ specversion: '1.0', id: `e${(events += 1)}`, source: '/12345', type: 'cn.gov.12345.ticket.updated', subject, sequence, data, ...more });
const quarantined = (reason: string) => ({ quarantined: reason });
const notOne = quarantined('NOT_A_CLOUDEVENT');
const duplicate = { dropped: 'DUPLICATE_EVENT' };

/** A ticket of exactly so many bytes as UTF-8 JSON. */
function ofBytes(subject: string, bytes: number): Record<string, unknown> {
  const data = ticket(subject, { filling: Array.from({ length: 16 }, () => 'x'.repeat(65_000)) });
  return { ...data, body: 'y'.repeat(bytes - Buffer.byteLength(JSON.stringify(data)) + Buffer.byteLength('内容')) };
}

const first = event('A', '1');
const refused = event('B', '1', ticket('B', { receivedAt: 'x' }));
const lines: Line[] = [
  { why: 'an event', row: first, ends: 'PUBLISHED' },
  { why: 'an event again', row: first, ends: duplicate },
  { why: '… whatever it holds now', row: { ...first, sequence: '7', subject: 'elsewhere', data: ticket('elsewhere') }, ends: duplicate },
  { why: 'a repeated event is dropped before it is looked at', row: refused, ends: quarantined('UNPARSABLE_TIME') },
  { why: '…', row: refused, ends: duplicate },
  { why: 'a newer version', row: event('C', '10', ticket('C', { title: '新' })), ends: 'PUBLISHED' },
  { why: 'an older one never overwrites it, though `9` sorts after `10` as text', row: event('C', '9'), ends: 'OLDER' },
  { why: 'of two with the same sequence the first received stays', row: event('D', '3', ticket('D', { title: '先' })), ends: 'PUBLISHED' },
  { why: '…', row: event('D', '3', ticket('D', { title: '后', requester: { name: '吴某', idNumber: fifteen(idOf(80)) } })), ends: 'OLDER' },
  { why: 'a withdrawn ticket is a live record', row: event('E', '1', undefined, { data: ticket('E'), type: 'cn.gov.12345.ticket.withdrawn' }), ends: 'PUBLISHED' },
  { why: 'no subject', row: event('F', '1', ticket('F'), { subject: undefined }), ends: quarantined('SCHEMA') },
  { why: 'no sequence', row: event('G', undefined), ends: quarantined('SCHEMA') },
  { why: 'a sequence that is no integer', row: event('H', 'first'), ends: quarantined('SCHEMA') },
  { why: 'an attribute that is null is not there', row: event('d', '1', ticket('d'), { subject: null }), ends: quarantined('SCHEMA') },
  { why: '…', row: event('e', '1', ticket('e'), { sequence: null }), ends: quarantined('SCHEMA') },
  { why: 'no data', row: { ...event('I', '1'), data: undefined }, ends: quarantined('SCHEMA') },
  { why: 'data that is no ticket', row: { ...event('J', '1'), data: 'text' }, ends: quarantined('SCHEMA') },
  { why: 'another version of CloudEvents', row: event('K', '1', ticket('K'), { specversion: '0.3' }), ends: notOne },
  { why: 'no id', row: event('L', '1', ticket('L'), { id: undefined }), ends: notOne },
  { why: 'no source', row: event('M', '1', ticket('M'), { source: '' }), ends: notOne },
  { why: 'no type', row: event('N', '1', ticket('N'), { type: undefined }), ends: notOne },
  { why: 'a status that no list knows', row: event('O', '1', ticket('O', { status: 'LOST' })), ends: quarantined('SCHEMA') },
  { why: 'no status', row: event('P', '1', ticket('P', { status: null })), ends: quarantined('REQUIRED_MISSING') },
  { why: 'no number', row: event('Q', '1', ticket('Q', { ticketNo: '未知' })), ends: quarantined('REQUIRED_MISSING') },
  { why: 'a time that cannot be read', row: event('R', '1', ticket('R', { updatedAt: '2026-03-02 25:00:00' })), ends: quarantined('UNPARSABLE_TIME') },
  { why: 'optional times that cannot be read', row: event('S', '1', ticket('S', { dueAt: '尽快', closedAt: '2026-02-29' })), ends: 'PUBLISHED' },
  { why: 'a wrong check digit', row: event('T', '1', ticket('T', { requester: { name: '郑某', phone: null, idNumber: wrongCheck(idOf(81)), address: null } })), ends: 'PUBLISHED' },
  { why: 'rounded as Excel does: no spreadsheet was here', row: event('U', '1', ticket('U', { requester: { name: '郑某', phone: null, idNumber: '620102199003071000', address: null } })), ends: 'PUBLISHED' },
  { why: '1 MiB', row: event('V', '1', ofBytes('V', 1 << 20)), ends: 'PUBLISHED' },
  { why: '… and a byte', row: event('W', '1', ofBytes('W', (1 << 20) + 1)), ends: quarantined('TOO_LARGE') },
  { why: 'a cell of 64 KiB', row: event('X', '1', ticket('X', { body: 'x'.repeat(65_536) })), ends: 'PUBLISHED' },
  { why: '… and a byte', row: event('Y', '1', ticket('Y', { body: 'x'.repeat(65_537), status: 'LOST' })), ends: quarantined('TOO_LARGE') },
  { why: 'too large comes before no event', row: event('f', '1', ticket('f', { body: 'x'.repeat(65_537) }), { id: undefined }), ends: quarantined('TOO_LARGE') },
  { why: '…', row: event('g', '1', ofBytes('g', (1 << 20) + 1), { specversion: '0.3' }), ends: quarantined('TOO_LARGE') },
  { why: '… and before data that is no ticket', row: { ...event('h', '1'), data: 'x'.repeat(65_537) }, ends: quarantined('TOO_LARGE') },
  { why: 'nobody asks, nothing else is said', row: event('Z', '1', { ticketNo: 'Z', receivedAt: '2026-03-02', status: 'ACCEPTED', updatedAt: '2026-03-02', requester: null, newField: {} }), ends: 'PUBLISHED' },
  { why: 'a newer version that is refused', row: event('a', '1'), ends: 'PUBLISHED' },
  { why: '… leaves the record as it was', row: event('a', '2', ticket('a', { receivedAt: null })), ends: quarantined('REQUIRED_MISSING') },
  { why: 'a better version with the sequence of one that was refused', row: event('b', '1', ticket('b', { status: 'LOST' })), ends: quarantined('SCHEMA') },
  { why: '… is the first that can be taken', row: event('b', '1'), ends: 'PUBLISHED' },
  { why: 'versions in which nothing that is mapped changed', row: event('c', '1'), ends: 'PUBLISHED' },
  { why: '…', row: event('c', '2', ticket('c', { updatedAt: '2026-03-02T11:00:00+08:00' })), ends: 'PUBLISHED' },
  { why: '… and one event posted counts, however old', row: event('c', '1', ticket('c')), ends: 'OLDER' },
];

const standing: Standing = { live: [...'ACDESTUVXZabc'], deleted: [], quarantinedValues: { UNPARSABLE_TIME: 2, ID_CHECK_DIGIT: 2 } };

export function writeEvents(folder: string) {
  writeLines(folder, 'hotline/events.ndjson', lines.map((line) => line.row));
  return { tickets: { expected: expectedOf(lines, standing), live: standing.live } };
}
