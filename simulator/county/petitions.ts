import { shanghaiText } from '../time.ts';
import { count, dayMs, watermarks, type Context } from './context.ts';
import { writtenAddress, writtenId, writtenName, writtenPhone, writtenTime, type WrittenId } from './dirt.ts';
import { divisionOf, handlerOf, planMatter, told, type Facility, type Matter } from './matter.ts';
import type { TextFile } from './output.ts';
import type { Person } from './people.ts';
import { random, type Random } from './random.ts';
import { records, type Records, type Written } from './records.ts';

const minuteMs = 60_000;

interface Petitioner {
  xfrxm: string;
  zjhm: string | null;
  dz: string;
  lxdh: string;
}

type PetitionRow = Record<string, unknown> & { xfjbh: string; nd: string; xfr: Petitioner[]; bfydw: string; qxdw: string };

interface PlannedPetition {
  row: PetitionRow;
  ids: (WrittenId | undefined)[];
  persons: Person[];
  updates: number[];
}

export interface Petitions extends Records {
  add(matter: Matter, petitioners: readonly Person[], registeredMs: number): string;
  /** Numbers start again each year. */
  nextNumber(year: string): string;
}

/** Petitions: `petitions`. */
export function petitionsOf(context: Context, file: TextFile): Petitions {
  const stream = records(file);
  const numbers = new Map<string, number>();
  const nextNumber = (year: string) => {
    const number = (numbers.get(year) ?? 0) + 1;
    numbers.set(year, number);
    return String(number).padStart(7, '0');
  };
  let made = 0;
  return {
    ...stream, nextNumber,
    add(matter, petitioners, registeredMs) {
      made += 1;
      const planned = plannedPetition(context, matter, petitioners, registeredMs, made, nextNumber(shanghaiText(registeredMs, 4)));
      const last = planned.updates.length - 1;
      const versions = planned.updates.map((updatedMs, nth): Written => ({ row: { ...planned.row, ...(nth < last ? open : {}), gxsj: shanghaiText(updatedMs) }, fields: { bfyr: planned.row['bfyr'] === '' ? 0 : 1 } }));
      stream.emit(versions, 'live', planned.ids);
      keepTruth(context, matter, planned);
      return keyOf(planned.row);
    },
  };
}

const open = { clyj: '', myd: '', fcrq: '', fhrq: '' };

function keyOf(row: PetitionRow): string {
  return row.nd + row.xfjbh;
}

function plannedPetition(context: Context, matter: Matter, petitioners: readonly Person[], registeredMs: number, made: number, number: string): PlannedPetition {
  const chance = random(context.seed, 'petition', made);
  const { county, truth } = context;
  const ids = petitioners.map((person) => (chance.chance(0.6) ? writtenId(person, chance) : undefined));
  const handler = chance.chance(0.25) ? (context.organisations.mediators.get(matter.home.estate.village.township.code) ?? handlerOf(context, matter, chance)) : handlerOf(context, matter, chance);
  const company = matter.respondent && 'organisation' in matter.respondent ? matter.respondent.organisation.creditCode : '';
  const decided = chance.chance(0.45);
  const day = (days: number) => writtenTime(registeredMs + days * dayMs, chance, { dayOnly: true });
  const path = matter.facility?.texts.path ?? matter.dispute!.path;
  const row: PetitionRow = {
    xfjbh: number, nd: shanghaiText(registeredMs, 4), xfxs: chance.weighted([['1', 5], ['2', 1], ['3', 3], ['4', 1]]), djsj: writtenTime(registeredMs, chance, { dayOnly: chance.chance(0.3) }),
    xfr: petitioners.map((person, index) => ({ xfrxm: writtenName(person, chance, true), zjhm: ids[index]?.text ?? null, dz: writtenAddress(county, person.home, chance), lxdh: writtenPhone(person, chance) })),
    rs: String(petitioners.length > 1 ? petitioners.length + chance.below(6) : 1), nrfl: path.join('/'), jflxdm: matter.dispute && chance.chance(0.8) ? matter.dispute.code : '', xfmd: chance.chance(0.1) ? '1' : '3',
    wtsd: divisionOf(context, matter.home, chance), wtdz: writtenAddress(county, matter.home, chance, chance.chance(context.style.exact)), gy: narrative(matter, chance),
    bfyr: chance.chance(0.2) ? `${chance.pick(['某科长', '李某', '张某', '某经理'])}${truth.someCanary('accused', 'petitions.bfyr')}` : '',
    bfydw: chance.chance(0.05) ? handler.creditCode : chance.chance(0.3) ? company : '', bmyq: chance.chance(0.07) ? '1' : '0', clfs: chance.weighted([['1', 4], ['2', 2], ['3', 3], ['4', 1]]), qxdw: handler.creditCode,
    slgzrq: chance.chance(0.85) ? day(chance.between(2, 17)) : '', bjqx: day(60), yqly: chance.chance(0.05) ? '情况复杂' : '', clyj: decided ? chance.pick(['1', '2', '2', '3']) : '', fcrq: decided && chance.chance(0.1) ? day(chance.between(60, 90)) : '', fhrq: '',
    myd: decided && chance.chance(0.6) ? String(chance.between(1, 5)) : '', ccbz: chance.chance(0.12) ? '2' : '1', gxsj: '', zf: '0',
  };
  const updatedMs = registeredMs + chance.between(1, 55) * dayMs + chance.below(80_000) * 1000;
  return { row, ids, persons: [...petitioners], updates: watermarks(context, updatedMs, chance).map((ms) => Math.floor(ms / 1000) * 1000) };
}

/** Sometimes with what word processors and mark-up leave in a text. */
function narrative(matter: Matter, chance: Random): string {
  const text = chance.pick([`反映${told(matter, chance)}。`, `来信人称${told(matter, chance)}，要求上级部门过问。`, `我们几户联名反映：${told(matter, chance)}。找过几次都说在协调。`]);
  const point = chance.next();
  if (point < 0.03) return text.replace('，', '，\u00a0');
  if (point < 0.05) return `${text}\u000b详见附件。`;
  if (point < 0.07) return `${text}\t（附<材料>两份 & 照片）`;
  if (point < 0.08) return `${text}]]>`;
  return point < 0.1 ? text.replace('反映', '反映(fǎn yìng)') : text;
}

function keepTruth(context: Context, matter: Matter, planned: PlannedPetition): void {
  const { row } = planned;
  const recordKey = keyOf(row);
  context.truth.matter('petition', 'petitions', recordKey, matter.id);
  for (const [ordinal, person] of planned.persons.entries()) context.truth.person({ department: 'petition', stream: 'petitions', recordKey, role: 'PETITIONER', ordinal, person: person.index });
  if (row['bmyq'] === '1') count(context.protectedCases, 'petitions.bmyq');
  if (row.bfydw !== '') count(context.protectedCases, 'petitions.bfydw');
  if (row.bfydw !== '' && row.bfydw === row.qxdw) {
    count(context.protectedCases, 'petitions.bfydw=qxdw');
    if (context.respondents.length < 200) context.respondents.push({ stream: 'petitions', recordKey, org: row.bfydw, alsoIn: 'qxdw' });
  }
}

/** The rare cases; returns what may be counted of accusations, by division and month of registration. */
export function plantPetitions(context: Context, petitions: Petitions, facilities: readonly Facility[]): Record<string, number> {
  const chance = random(context.seed, 'planted petitions');
  const [end1, end2, end3] = context.roundEndMs;
  const accusations: Record<string, number> = {};
  let number = 900_000;
  type End = 'live' | 'deleted' | 'neither';
  const planted = (make: (row: PetitionRow, registeredMs: number) => { versions: Written[]; end: End; refused?: string[] }) => {
    number += 1;
    const matter = planMatter(context, facilities, 40_000_000 + number, 40_000_000);
    const registeredMs = Math.floor(context.fromMs + chance.next() * (end1 - 70 * dayMs - context.fromMs));
    const planned = plannedPetition(context, matter, [matter.requesters[0]!], registeredMs, number, petitions.nextNumber(shanghaiText(registeredMs, 4)));
    planned.row = { ...planned.row, bfyr: '', djsj: shanghaiText(registeredMs), gxsj: shanghaiText(planned.updates[0]!) };
    const { versions, end, refused } = make(planned.row, registeredMs);
    petitions.emit(versions, end, planned.ids, refused);
    if (end === 'live') keepTruth(context, matter, planned);
  };
  const accusation = (row: PetitionRow, registeredMs: number): PetitionRow => {
    count(accusations, `${String(row['wtsd'])}|${shanghaiText(registeredMs, 7)}`);
    return accused(context, row);
  };
  const dropped = { dropped: 'ACCUSATION' };
  const later = (ms: number) => ({ gxsj: shanghaiText(Math.floor(ms / 1000) * 1000) });
  const harmless = (row: PetitionRow) => ({ ...row, gy: `反映办事拖延，要求核实。${context.truth.canary('purged', 'petitions.purged')}`, xfr: [{ ...row.xfr[0]!, xfrxm: `周某某${context.truth.canary('purged', 'petitions.purged')}`, zjhm: null }] });
  for (let rarity = 0; rarity < context.rarities; rarity += 1) {
    const one = (change: Record<string, unknown>, quarantined: string) => planted((row) => ({ versions: [{ row: { ...row, ...change }, outcome: { quarantined } }], end: 'neither' }));
    planted((row, ms) => ({ versions: [{ row: accusation(row, ms), outcome: dropped }], end: 'neither' }));
    planted((row, ms) => ({ versions: [{ row: { ...accusation(row, ms), xfmd: '２' }, outcome: dropped }], end: 'neither' }));
    planted((row, ms) => ({ versions: [{ row: { ...accusation(row, ms), zf: '1' }, outcome: dropped }], end: 'neither' }));
    planted((row, ms) => ({ versions: [{ row: harmless(row) }, { row: { ...accusation(row, ms), ...later(end2 - 14_000) }, outcome: dropped }], end: 'neither' }));
    planted((row) => ({ versions: [{ row: { ...row, bfyr: `某主任${context.truth.canary('accused', 'petitions.bfyr')}` }, fields: { bfyr: 1 } }], end: 'live' }));
    planted((row) => ({ versions: [{ row }, { row: { ...row, zf: '1', ...later(end2 - 15_000) }, outcome: { tombstone: true } }], end: 'deleted' }));
    planted((row) => ({ versions: [{ row: { ...row, zf: '1' }, outcome: { tombstone: true } }], end: 'deleted' }));
    planted((row) => ({ versions: [{ row }, { row: { ...row, zf: '1', ...later(end2 - 16_000) }, outcome: { tombstone: true } }, { row: { ...row, ...later(end3 - 5_000) } }], end: 'live' }));
    planted((row) => ({ versions: [{ row: { ...row, ...later(end1 - minuteMs) } }, { row: { ...row, ...open, yqly: '（较早的版本）', ...later(end1 - 6 * minuteMs) } }], end: 'live' }));
    planted((row) => ({ versions: [{ row: { ...row, slgzrq: '近期' } }], end: 'live', refused: ['UNPARSABLE_TIME'] }));
    planted((row) => ({ versions: [{ row: { ...row, jflxdm: '88', nrfl: '其他' } }], end: 'live' }));
    one({ djsj: '二〇二六年十三月四十日' }, 'UNPARSABLE_TIME');
    one({ djsj: '不详' }, 'REQUIRED_MISSING');
    one({ djsj: '' }, 'REQUIRED_MISSING');
    // What decides the drop cannot be read: the accused is never stored, the rest not either.
    planted((row) => ({ versions: [{ row: { ...row, xfmd: '9', bfyr: `李某${context.truth.canary('accused', 'petitions.bfyr')}`, gy: `举报。${context.truth.canary('accusation', 'petitions.xfmd unreadable')}` }, outcome: { quarantined: 'SCHEMA' }, fields: { bfyr: 1 } }], end: 'neither' }));
    if (rarity === 0) one({ gy: '详见附件。'.repeat(80_000) }, 'TOO_LARGE');
    if (rarity === 0) one({ gy: '详见附件。'.repeat(5_000) }, 'TOO_LARGE');
  }
  return accusations;
}

function accused(context: Context, row: PetitionRow): PetitionRow {
  const canary = (kind: string) => context.truth.canary(kind, 'petitions.xfmd2');
  return {
    ...row, xfmd: '2', jflxdm: '99', nrfl: '其他/其他/其他', bmyq: '1', gy: `举报某单位工作人员违规，${canary('accusation')}，请严查。`, wtdz: `某处${canary('accusation')}`, bfyr: `某负责人${canary('accused')}`,
    xfr: [{ xfrxm: `徐某${canary('accusation')}`, zjhm: null, dz: row.xfr[0]?.dz ?? '', lxdh: canary('accusation') }],
  };
}
