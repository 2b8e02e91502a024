import { shanghaiText } from '../time.ts';
import { dayMs, type Context } from './context.ts';
import type { CsvRow } from './csv.ts';
import { writtenAddress, writtenId, writtenName, writtenPhone, writtenTime, type WrittenId } from './dirt.ts';
import { random, type Random } from './random.ts';

/** An application for assistance: its states in time, and its row as a delivery of some day gives it. */
export interface Application {
  key: string;
  person: number;
  id: WrittenId | undefined;
  refused: string[];
  /** What becomes of it once every delivery is read; `never` where no row of it could be read. */
  end: 'live' | 'deleted' | 'never';
  stateAt(ms: number): string | undefined;
  /** The row that a snapshot of `ms` gives. */
  rowAt(ms: number, means: boolean): CsvRow | undefined;
  /** The row that an increment gives where the state changed in (from, to]. */
  rowBetween(fromMs: number, toMs: number, means: boolean): CsvRow | undefined;
  /** Bad rows about it in that time, beside the good one. */
  spoiledIn(fromMs: number, toMs: number, means: boolean): CsvRow[];
}

type Spoil = 'cells' | 'bytes' | 'lead byte' | 'time' | 'missing' | 'key' | 'update time' | 'snapshot';

/** How many applications of which kind are planted per thousand residents, at least one each. */
const spoils: readonly Spoil[] = ['cells', 'cells', 'bytes', 'lead byte', 'time', 'missing', 'key', 'update time', 'snapshot'];
const deletedMost = 18;

/** One application for about every five residents, by low-income households, over the whole time. */
export function planApplications(context: Context, snapshotDays: number, lastDays: number): Application[] {
  const total = Math.max(40, Math.floor(context.residents * 0.19));
  const snapshotMs = context.asOfMs - snapshotDays * dayMs;
  const lastMs = context.asOfMs - lastDays * dayMs;
  const deleted = Math.max(2, Math.min(deletedMost, Math.floor(total * 0.01)));
  const spoiled = spoils.flatMap((spoil) => Array.from({ length: context.rarities }, () => spoil));
  const applications = Array.from({ length: total }, (_, nth) => applicationOf(context, nth, total, { snapshotMs, lastMs, gone: nth % Math.floor(total / deleted) === 3 && nth < total * 0.8, spoil: undefined }));
  const planted = spoiled.map((spoil, nth) => applicationOf(context, total + nth, total + spoiled.length, { snapshotMs, lastMs, gone: false, spoil }));
  return [...applications, ...planted];
}

interface Fate {
  snapshotMs: number;
  lastMs: number;
  /** Deleted at the source before the last snapshot. */
  gone: boolean;
  spoil: Spoil | undefined;
}

function applicationOf(context: Context, nth: number, total: number, fate: Fate): Application {
  const chance = random(context.seed, 'application', nth);
  const person = context.people.person(context.people.members(chance.below(context.people.households))[0]!);
  const share = shareOf(fate.spoil, nth / total, chance, total);
  const appliedMs = Math.floor(context.fromMs + (context.asOfMs - 7 * dayMs - context.fromMs) * share);
  const states = statesOf(appliedMs, chance);
  const id = chance.chance(0.97) ? writtenId(person, chance, { spreadsheet: true }) : undefined;
  const passport = id === undefined;
  const key = `JZ${context.county.code}${shanghaiText(appliedMs, 7).replace('-', '')}${String(nth + 1).padStart(6, '0')}`;
  const fixed = {
    name: writtenName(person, chance, true), phone: writtenPhone(person, chance), kind: chance.pick(['低保', '低保边缘', '特困', '临时救助']), applied: writtenTime(appliedMs, chance, { dayOnly: true, serial: true }),
    amount: `${chance.between(200, 1_400)}.00`, address: address(context, person, chance), division: divisionCode(context, person.home.estate.village, chance), agency: context.organisations.agency(person.home.estate.village.township), size: String(context.people.members(person.household).length),
    family: `JT${String(person.household + 1).padStart(7, '0')}`,
  };
  const rowOf = (at: number, means: boolean, change: { applied?: string; updated?: string; key?: string } = {}): string[] => {
    const state = states[at]!;
    const spelling = random(context.seed, 'application row', nth, at);
    const decision = states.find((other) => decisions.has(other.state) && other.ms <= state.ms);
    const meansText = `家庭月人均收入${spelling.between(200, 1_500)}元，名下无房${context.truth.someCanary('means', 'jzsq.经济状况核对')}`;
    return [
      change.key ?? key, fixed.name, passport ? '414' : '111', passport ? `E${String(nth).padStart(8, '0')}` : id.text, fixed.phone, fixed.family, fixed.size, fixed.kind, change.applied ?? fixed.applied, state.state,
      decision ? shanghaiText(decision.ms, 10) : '', state.state === '批准' ? fixed.amount : '', ...(means ? [meansText] : []), fixed.address, fixed.division, fixed.agency, change.updated ?? writtenTime(state.ms, spelling, { serial: true }),
    ];
  };
  const never = fate.spoil !== undefined && fate.spoil !== 'update time' && fate.spoil !== 'snapshot';
  const within = (fromMs: number, toMs: number) => states.findLastIndex(({ ms }) => ms > fromMs && ms <= toMs);
  const goneBy = (ms: number) => fate.gone && ms >= fate.snapshotMs;
  return {
    key, person: person.index, id, refused: [], end: never ? 'never' : fate.gone ? 'deleted' : appliedMs <= fate.lastMs ? 'live' : 'never',
    stateAt: (ms) => states.findLast((state) => state.ms <= ms)?.state,
    rowAt(ms, means) {
      const at = states.findLastIndex((state) => state.ms <= ms);
      if (never || at === -1 || goneBy(ms)) return undefined;
      // A snapshot's row that cannot be read is not absent: the record stays as it was.
      if (fate.spoil === 'snapshot' && ms === fate.snapshotMs) return { cells: rowOf(at, means, { updated: '近期' }), quarantined: 'UNPARSABLE_TIME' };
      return { cells: rowOf(at, means) };
    },
    rowBetween(fromMs, toMs, means) {
      const at = within(fromMs, toMs);
      return never || at === -1 || goneBy(toMs) ? undefined : { cells: rowOf(at, means) };
    },
    spoiledIn(fromMs, toMs, means) {
      const begins = states[0]!.ms > fromMs && states[0]!.ms <= toMs;
      if (!begins || fate.spoil === undefined || fate.spoil === 'snapshot') return [];
      return [spoiledRow(fate.spoil, (change) => rowOf(within(fromMs, toMs), means, change))];
    },
  };
}

/**
 * When an application begins, as a share of the whole time. Rows with bytes that cannot be read begin in the second
 * increment, which has no column of the means test: whether its value was there could not be said.
 */
function shareOf(spoil: Spoil | undefined, turn: number, chance: Random, total: number): number {
  if (spoil === 'bytes' || spoil === 'lead byte') return 0.25 + chance.next() * 0.04;
  return spoil ? 0.3 + chance.next() * 0.2 : turn + chance.next() / total;
}

const decisions = new Set(['批准', '不予批准']);

function statesOf(appliedMs: number, chance: Random): { ms: number; state: string }[] {
  const states = [{ ms: appliedMs + chance.between(1, 20) * 3_600_000, state: '受理' }];
  const then = (days: number, state: string) => states.push({ ms: states.at(-1)!.ms + days * dayMs + chance.below(30_000_000), state });
  if (chance.chance(0.95)) then(chance.between(4, 12), '审核');
  if (states.length > 1 && chance.chance(0.92)) then(chance.between(6, 22), chance.chance(0.82) ? '批准' : '不予批准');
  if (states.at(-1)!.state === '批准' && chance.chance(0.12)) then(chance.between(40, 120), '终止');
  for (const state of states) state.ms = Math.floor(state.ms / 1000) * 1000;
  return states;
}

function spoiledRow(spoil: Spoil, rowOf: (change: { applied?: string; updated?: string; key?: string }) => string[]): CsvRow {
  const cells = rowOf({});
  if (spoil === 'cells') return { cells: cells.length % 2 === 0 ? cells.slice(0, -3) : [...cells, '', ''], quarantined: 'CELL_COUNT' };
  if (spoil === 'bytes') return { cells, spoiledBytes: [0xff], quarantined: 'INVALID_BYTES' };
  if (spoil === 'lead byte') return { cells, spoiledBytes: [0xd0], quarantined: 'INVALID_BYTES' };
  if (spoil === 'time') return { cells: rowOf({ applied: '待补' }), quarantined: 'UNPARSABLE_TIME' };
  if (spoil === 'missing') return { cells: rowOf({ applied: '不详' }), quarantined: 'REQUIRED_MISSING' };
  if (spoil === 'key') return { cells: rowOf({ key: '' }), quarantined: 'REQUIRED_MISSING' };
  return { cells: rowOf({ updated: '同上' }), quarantined: 'UNPARSABLE_TIME' };
}

/** A cell may hold a comma or a line break. */
function address(context: Context, person: ReturnType<Context['people']['person']>, chance: Random): string {
  const text = writtenAddress(context.county, person.home, chance);
  if (chance.chance(0.02)) return `${text}\n（代收）`;
  return chance.chance(0.02) ? `${text},电话同上` : text;
}

function divisionCode(context: Context, village: { code: string; township: { code: string } }, chance: Random): string {
  const point = chance.next();
  return point < 0.85 ? village.code : point < 0.94 ? village.township.code : `${context.county.code}000000`;
}
