import { clockRules } from '../../matters/clock-rules.ts';
import type { Tape } from '../gateway/differential/tape.ts';
import { communityOf, villages } from './places.ts';
import { put, type Row, type Rows } from './tables.ts';
import { hex, instant } from './world.ts';

/** What jobs make of records: places, things, clocks, hotspots, snapshots, pairs to review; and what people asked and decided. */
export function addDerived(rows: Rows, tape: Tape): void {
  put(rows, 'hub.setting', { name: 'statistics_snapshot', value: instant(110), set_at: instant(110) });
  for (const [department, stream] of [['hotline', 'tickets'], ['police', 'jcj_jjd'], ['court', 'prelitigation'], ['civil', 'jzsq'], ['petition', 'xfj']]) put(rows, 'hub.stream', { department: department!, stream: stream!, epoch: 1, watermark: null, fresh_through: instant(100), stale_reason: null, paused: false, totals: {}, drift: {}, paused_at: null, paused_by: null });
  villages.forEach((division, index) => put(rows, 'hub.place', { place_key: hex('place', index), kind: 'ESTATE', standard_address: `${communityOf[division]}桂花苑${index + 1}栋`, division, grid_code: `${division}001`, lng: `104.20000${index}`, lat: '30.600000' }));
  for (const index of [0, 1]) put(rows, 'hub.thing', { thing_key: hex('thing', index), kind: 'LIFT', name: `电梯${index}`, identifier: `L${index}`, operator: null, place_key: hex('place', index), division: villages[index]!, facts: [] });
  const records = [...rows['hub.record'].values()].filter((row) => row['type_name'] !== null);
  const rules = clockRules.map((rule) => rule.id);
  for (const [index, { rid }] of records.entries()) {
    const rule = rules[tape.below(rules.length)]!;
    put(rows, 'hub.clock', { rid: rid!, rule, started_at: instant(3, index), due_at: instant(20 + tape.below(200), index), soon_at: instant(18, index), stopped_at: tape.chance(40) ? instant(15 + tape.below(100), index) : null, paused_since: null, extended: tape.chance(20), provisional: false, stated_due_at: tape.chance(50) ? instant(25, index) : null, is_right: false });
  }
  addPairs(rows, tape);
  addAsked(rows, tape, records);
  addAggregates(rows);
}

function addPairs(rows: Rows, tape: Tape): void {
  const mentions = [...rows['hub.mention'].values()].map((row) => String(row['mention_id'])).sort();
  for (let index = 0; index < 6; index += 1) {
    const [a, b] = [mentions[tape.below(mentions.length)]!, mentions[tape.below(mentions.length)]!].sort() as [string, string];
    if (a === b) continue;
    put(rows, 'hub.link_edge', { a, b, weight: 4 + index, levels: { prior: -10, levels: ['exact', 'close'], weights: [8, 2 + index], comparisons: ['name', 'phone'] }, model_version: 'test' });
    if (tape.chance(60)) put(rows, 'hub.review', { a, b, weight: 4 + index, reason: 'GREY_ZONE' });
  }
}

function addAsked(rows: Rows, tape: Tape, records: readonly Row[]): void {
  for (let index = 0; index < 4; index += 1) {
    const { rid, department, division_now } = records[tape.below(records.length)]!;
    const id = `00000000-0000-4000-8000-00000000000${index}`;
    const named = [...rows['hub.mention'].values()].find((row) => row['rid'] === rid);
    const assigned = [...rows['hub.assignment'].values()].find((row) => row['rid'] === rid);
    const mentionId = tape.chance(50) ? (named?.['mention_id'] ?? null) : null;
    const requester = tape.chance(50) && named?.['id_hmac'] ? `resident:${named['id_hmac']}` : `org:${assigned?.['credit_code']}`;
    // Asking again while the department has not answered is the same request.
    if ([...rows['hub.correction'].values()].some((one) => one['rid'] === rid && one['mention_id'] === mentionId && one['requester'] === requester)) continue;
    put(rows, 'hub.correction', { id, rid: rid!, mention_id: mentionId, department: department!, division_now: division_now!, coordinate: 'Person.address', requester, state: 'SENT', outcome: null, requested_at: instant(105, index), due_on: '2026-05-01', basis: '个人信息保护法 第46条', answered_at: null, value_in: 'hub.mention', value_column: 'address', value_digest: 'none' });
    put(rows, 'hub.correction_text', { id, proposed: `主张的值${index}`, reason: `更正理由${index}`, note: null });
    const [one, two] = [records[tape.below(records.length)]!, records[tape.below(records.length)]!];
    put(rows, 'hub.matter_event', { id: `00000000-0000-4000-9000-00000000000${index}`, kind: 'CONFIRMED', rids: [one['rid'], two['rid']], pairs: [], reason: `确认理由${index}`, evidence: ['PLACE'], decided_by: 'somebody', org: String([...rows['hub.assignment'].values()][index]?.['credit_code']), at: instant(104, index), undoes: null });
  }
}

/** Told with floors and noise and tested apart (matters.md): in a twin they are the same. */
function addAggregates(rows: Rows): void {
  const matters = [...rows['hub.matter'].keys()];
  villages.slice(0, 3).forEach((division, index) => put(rows, 'hub.situation', { situation_key: hex('situation', index), kind: index === 0 ? 'PUBLIC_FACILITY' : 'TOPIC', name: `热点${index}`, identifier: index === 0 ? 'L0' : null, facility_kind: index === 0 ? 'LIFT' : null, category: index === 0 ? null : '02', division, from_at: instant(30), to_at: instant(40 + index), sensitive: index === 2, records: '12', requesters: '10+', channels: ['PHONE_12345'], keywords: ['漏水'], trend: 'NEW', matter_keys: matters.slice(index, index + 3), facts: [] }));
  for (const division of ['510107000000', '510107001000', '510100000000']) put(rows, 'hub.statistic_cell', { code: 'DOCKING', division, category: '*', period: '*', extra: '*', numerator: '23', denominator: '31', all_counted: null });
}
