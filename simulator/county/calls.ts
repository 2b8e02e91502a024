import { divisionChanges } from '../../schema/divisions/divisions.ts';
import { shanghaiText } from '../time.ts';
import { count, watermarks, type Context } from './context.ts';
import { writtenAddress, writtenId, writtenName, writtenPhone, type WrittenId } from './dirt.ts';
import { divisionOf, planMatter, told, type Facility, type Matter } from './matter.ts';
import type { TextFile } from './output.ts';
import type { Person } from './people.ts';
import { random, type Random } from './random.ts';
import { records, type Records, type Written } from './records.ts';
import { callEndings, otherCalls } from './texts.ts';

const minuteMs = 60_000;

export interface Calls extends Records {
  /** A 110 call about a matter; returns its number. */
  add(matter: Matter, person: Person, reportedMs: number): string;
}

/** Police calls: `jcj_jjd`. */
export function callsOf(context: Context, file: TextFile): Calls {
  const stream = records(file);
  let number = 0;
  return {
    ...stream,
    add(matter, person, reportedMs) {
      number += 1;
      const call = plannedCall(context, matter, person, reportedMs, number);
      const versions = call.updates.map((updatedMs, nth): Written => {
        const row = nth < call.updates.length - 1 ? { ...call.row, ...unfinished } : { ...call.row };
        return { row: { ...row, gxsj: shanghaiText(updatedMs, 23) }, fields: { cfjg: call.row.cfjg === null ? 0 : 1 } };
      });
      stream.emit(versions, 'live', [call.id]);
      keepTruth(context, matter, person, call);
      return call.row.jjdbh;
    },
  };
}

const unfinished = { jssj: null, cljg: null, yjzz: '0', yjsj: null };

interface PlannedCall {
  row: Record<string, string | number | null> & { jjdbh: string; cfjg: string | null };
  id: WrittenId | undefined;
  named: boolean;
  updates: number[];
}

function plannedCall(context: Context, matter: Matter, person: Person, reportedMs: number, number: number): PlannedCall {
  const chance = random(context.seed, 'call', number);
  const { county, organisations, truth } = context;
  const { village } = matter.home.estate;
  const dispatchedMs = reportedMs + chance.between(1, 9) * minuteMs;
  const finishedMs = dispatchedMs + chance.between(12, 110) * minuteMs;
  const result = chance.weighted([['01', 3], ['02', 4], ['03', 3], ['04', 2]] as const);
  const handed = result === '02';
  const named = !chance.chance(0.03);
  const id = named && chance.chance(0.6) ? writtenId(person, chance, { width: 18 }) : undefined;
  const confidential = chance.chance(0.07);
  const violence = matter.dispute?.code === '01' && chance.chance(0.3);
  const row = {
    jjdbh: `${county.code}${shanghaiText(reportedMs, 10).replaceAll('-', '')}${String(number).padStart(6, '0')}`,
    bjsj: shanghaiText(reportedMs), jjdw: organisations.policeStation(village.township), jqlbdm: `0${chance.between(1, 5)}0${chance.between(1, 4)}00`, sfjf: '1', jflxdm: matter.dispute?.code ?? '99',
    cjsj: shanghaiText(dispatchedMs), jssj: shanghaiText(finishedMs), cljg: result, fsdd: writtenAddress(county, matter.home, chance, chance.chance(context.style.exact)), xzqh: divisionOf(context, matter.home, chance),
    ...(chance.chance(0.8) ? { jd: matter.home.estate.lng, wd: matter.home.estate.lat } : { jd: null, wd: null }),
    bjrxm: named ? writtenName(person, chance) : '匿名', bjrdh: named ? writtenPhone(person, chance).slice(0, 30) : '', bjrsfzh: id?.text ?? null, bmyq: confidential ? '1' : '0',
    jqjj: `报警人称${told(matter, chance)}。${chance.pick(callEndings)}`, yjzz: handed ? '1' : '0', yjsj: handed ? shanghaiText(finishedMs + chance.between(1, 40) * 60 * minuteMs) : null,
    jbgjs: violence ? '1' : '0', cfjg: chance.chance(0.015) ? `治安处罚，${truth.someCanary('penalty', 'jcj_jjd.cfjg')}` : null, gxsj: '', scbz: '0',
  };
  return { row, id, named, updates: watermarks(context, finishedMs + chance.between(1, 2_000) * minuteMs + chance.below(60_000), chance) };
}

function keepTruth(context: Context, matter: Matter, person: Person, call: PlannedCall): void {
  context.truth.matter('police', 'jcj_jjd', call.row.jjdbh, matter.id);
  for (const mark of ['bmyq', 'jbgjs']) if (call.row[mark] === '1') count(context.protectedCases, `jcj_jjd.${mark}`);
  if (call.named) context.truth.person({ department: 'police', stream: 'jcj_jjd', recordKey: call.row.jjdbh, role: 'REPORTER', ordinal: 0, person: person.index });
}

/** The rare cases of the stream, each at least once: what must be dropped, deleted, purged, or changes nothing. */
export function plantCalls(context: Context, calls: Records, facilities: readonly Facility[]): void {
  const [end1, end2, end3] = context.roundEndMs;
  const chance = random(context.seed, 'planted calls');
  const at = (ms: number) => ({ gxsj: shanghaiText(ms, 23) });
  let number = 900_000;
  const planted = (make: (call: PlannedCall) => { versions: Written[]; end: 'live' | 'deleted' | 'neither' }) => {
    const matter = planMatter(context, facilities, 10_000_000 + number, 10_000_000);
    const person = matter.requesters[0]!;
    const call = plannedCall(context, matter, person, reported(context, chance), number++);
    call.row = { ...call.row, cfjg: null, bmyq: '0', jbgjs: '0', jqlbdm: '040300' };
    const { versions, end } = make(call);
    calls.emit(versions, end, [call.id]);
    if (end === 'live') keepTruth(context, matter, person, call);
  };
  const canary = (kind: string, rule: string) => context.truth.canary(kind, rule);
  const other = (call: PlannedCall, sfjf: string | null) => ({ ...call.row, sfjf, jflxdm: '', jqjj: `${chance.pick(otherCalls)}。${canary('notdispute', 'jcj_jjd.sfjf')}` });
  const older = chance.between(5, 8) * minuteMs;
  for (let rarity = 0; rarity < context.rarities; rarity += 1) {
    const dropped = { dropped: 'NOT_A_DISPUTE' };
    for (const sfjf of ['0', '0', '', null, '２']) planted((call) => ({ versions: [{ row: { ...other(call, sfjf), ...at(call.updates[0]!) }, outcome: dropped }], end: 'neither' }));
    // Never stored comes before tombstone.
    planted((call) => ({ versions: [{ row: { ...other(call, '0'), ...at(call.updates[0]!), scbz: '1' }, outcome: dropped }], end: 'neither' }));
    planted((call) => ({ versions: [{ row: { ...call.row, sfjf: '１', ...at(call.updates[0]!) } }], end: 'live' }));
    planted((call) => ({ versions: [{ row: { ...call.row, ...at(call.updates[0]!) } }, { row: { ...call.row, ...at(end2 - 1_000), scbz: '1' }, outcome: { tombstone: true } }], end: 'deleted' }));
    planted((call) => ({ versions: [{ row: { ...call.row, ...at(call.updates[0]!), scbz: '1' }, outcome: { tombstone: true } }], end: 'deleted' }));
    // A tombstone, then a version that is older than it and comes late: it stays gone.
    planted((call) => ({ versions: [{ row: { ...call.row, ...at(end1 - minuteMs), scbz: '1' }, outcome: { tombstone: true } }, { row: { ...call.row, ...at(end1 - older) } }], end: 'deleted' }));
    planted((call) => ({ versions: [{ row: { ...call.row, ...at(end1 - minuteMs) } }, { row: { ...call.row, ...unfinished, ...at(end1 - older) } }], end: 'live' }));
    planted((call) => ({ versions: [{ row: { ...call.row, ...unfinished, ...at(end1 - 2 * minuteMs) } }, { row: { ...call.row, ...at(end1 - 2 * minuteMs) } }], end: 'live' }));
    planted((call) => ({ versions: [{ row: { ...call.row, ...at(call.updates[0]!) } }, { row: { ...call.row, ...at(end2 - 2_000) } }], end: 'live' }));
    planted((call) => ({ versions: [{ row: { ...call.row, jqjj: `报警人称与人争吵。${canary('purged', 'jcj_jjd.purged')}`, ...at(call.updates[0]!) } }, { row: { ...other(call, '0'), ...at(end2 - 3_000) }, outcome: dropped }], end: 'neither' }));
    planted((call) => ({ versions: [{ row: { ...other(call, '0'), ...at(call.updates[0]!) }, outcome: dropped }, { row: { ...call.row, ...at(end2 - 4_000) } }], end: 'live' }));
    planted((call) => ({ versions: [{ row: { ...call.row, ...at(call.updates[0]!) } }, { row: { ...call.row, ...at(end2 - 5_000), scbz: '1' }, outcome: { tombstone: true } }, { row: { ...call.row, ...at(end3 - 6_000) } }], end: 'live' }));
    planted((call) => ({ versions: [{ row: { ...call.row, xzqh: supersededCode(context, chance), ...at(call.updates[0]!) } }], end: 'live' }));
    planted((call) => ({ versions: [{ row: { ...call.row, xzqh: `${String(call.row['xzqh']).slice(0, 6)}998997`, ...at(call.updates[0]!) } }], end: 'live' }));
    planted((call) => ({ versions: [{ row: { ...call.row, cfjg: `行政拘留，${canary('penalty', 'jcj_jjd.cfjg')}`, ...at(call.updates[0]!) }, fields: { cfjg: 1 } }], end: 'live' }));
  }
}

function reported(context: Context, chance: Random): number {
  return Math.floor(context.fromMs + chance.next() * (context.roundEndMs[0] - 4 * 24 * 60 * minuteMs - context.fromMs));
}

/** A code of this county's own past where it has one, else 下城区's of Hangzhou. */
function supersededCode(context: Context, chance: Random): string {
  const own = divisionChanges().filter((change) => change.newCode.startsWith(context.county.code) && change.oldCode !== change.newCode);
  return own.length > 0 ? chance.pick(own).oldCode : '330103001000';
}
