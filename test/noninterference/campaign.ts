import fc from 'fast-check';
import { parse, validate } from 'graphql';
import { recordKeys } from '../../base/keys.ts';
import { publishedSchema } from '../../policy/published.ts';
import { globalId } from '../../subgraphs/globalId.ts';
import { Tape } from '../gateway/differential/tape.ts';
import { checkTexts, listFaults, recordFaults, type Fault } from './checks.ts';
import { ask, openMemory, type Memory } from './asking.ts';
import { inParallel } from './parallel.ts';
import { operationOf, type Known, type Operation } from './operation.ts';
import { changesBetween, clear, emptyRows, type Rows } from './tables.ts';
import { masterSecret, type Register, type Twin } from './twin.ts';
import { twinOf } from './variation.ts';
import { view } from './view.ts';
import { classOf, viewersOf, type Viewer } from './viewers.ts';
import { gatewayFaults, rowFaults, subgraphFaults } from './walls.ts';
import { worldOf, type World } from './world.ts';

export interface Finding {
  /** Of the campaign, not of the world: operations go on from one world to the next. */
  seed: number;
  viewer: Viewer;
  operation: Operation;
  /** The two hubs' answers. */
  one: string;
  other: string;
  base: Rows;
  twin: Rows;
}

export interface Tally {
  operations: number;
  requests: number;
  worlds: number;
  twins: number;
  classes: Set<string>;
  /** Fields held against the oracle, one record and viewer at a time, and what was not as it says. */
  checks: number;
  faults: Fault[];
  finding: Finding | undefined;
}

export interface Arena {
  one: Twin;
  other: Twin;
  register: Register;
}

export interface Settings {
  seed: number;
  /** Operations to compare, at least. */
  runs: number;
  /** Stop after this long, whatever was done. */
  msMax?: number;
  viewers?: number;
  progress?(tally: Tally): void;
}

const keys = recordKeys(masterSecret);
const schema = publishedSchema();
const roundsOfWorld = 12;
/** Kept from world to world, so that plans are warm, and replaced little by little. */
const operationsMax = 80;
const operationsReplaced = 16;
const operationsOfRound = 24;
/** How many twins are held against one hub's answers before these are asked for again. */
const twinsOfRound = 12;
const strangersEvery = 3;
const differencesOfTwin = 12;
const othersOfRound = 6;
const viewersChecked = 2;
const choiceMax = 2 ** 30;

/** Runs until `runs` operations were compared, the time is up, or one answer differs. World number n is drawn with `seed` + n. */
export async function campaign(arena: Arena, settings: Settings): Promise<Tally> {
  const tally: Tally = { operations: 0, requests: 0, worlds: 0, twins: 0, classes: new Set(), checks: 0, faults: [], finding: undefined };
  const untilMs = performance.now() + (settings.msMax ?? Infinity);
  const state: State = { operations: [] };
  for (const text of checkTexts) arena.register.addText(text);
  for (let seed = settings.seed; tally.operations < settings.runs && performance.now() < untilMs && !isOver(tally); seed += 1) {
    await oneWorld(arena, tally, seed, state, settings, untilMs);
    tally.worlds += 1;
  }
  return tally;
}

/** Choices from fast-check: a world, its viewers, its operations and every twin are read off one list. */
export function tapeOf(seed: number, length: number): Tape {
  const [choices] = fc.sample(fc.array(fc.nat(choiceMax), { minLength: length, maxLength: length, size: 'max' }), { seed, numRuns: 1 });
  return new Tape(choices!);
}

async function oneWorld(arena: Arena, tally: Tally, seed: number, state: State, settings: Settings, untilMs: number): Promise<void> {
  const world = worldOf(tapeOf(seed, 4_000), keys);
  const tape = tapeOf(seed + 0x40000000, 60_000);
  // Emptied first: from one world to the next a row may take what another had, and both are there while they change places.
  await Promise.all([arena.one, arena.other].map(async (twin) => {
    await clear(twin.pool);
    await twin.change(changesBetween(emptyRows(), world.rows));
  }));
  const viewers = viewersOf(world, tape, keys, settings.viewers ?? 14);
  state.operations.splice(0, operationsReplaced);
  replenished(state.operations, arena.register, tape, knownOf(world));
  const memory = openMemory();
  await checked(arena, tally, world, viewers, tape);
  for (let round = 0; round < roundsOfWorld && tally.operations < settings.runs && performance.now() < untilMs && !isOver(tally); round += 1) {
    await oneRound({ arena, tally, seed: settings.seed, world, viewers, operations: state.operations, memory }, tape);
    settings.progress?.(tally);
  }
}

/** What goes on from world to world. */
interface State {
  operations: Operation[];
}

function isOver({ finding, faults }: Tally): boolean {
  return finding !== undefined || faults.length > 0;
}

/** The oracle in full for a few viewers of each world; both hubs hold the same rows. */
async function checked({ one }: Arena, tally: Tally, { rows }: World, viewers: readonly Viewer[], tape: Tape): Promise<void> {
  for (let number = 0; number < viewersChecked; number += 1) {
    const viewer = viewers[tape.below(viewers.length)]!;
    tally.faults.push(...(await recordFaults(one, viewer, rows)), ...(await listFaults(one, viewer, rows)), ...(await rowFaults(one, viewer, rows)), ...(await subgraphFaults(one, viewer, rows)), ...(await gatewayFaults(one, viewer)));
    tally.checks += rows['hub.record'].size;
  }
}

interface Round {
  arena: Arena;
  tally: Tally;
  seed: number;
  world: World;
  viewers: readonly Viewer[];
  operations: readonly Operation[];
  memory: Memory;
}

async function oneRound(round: Round, tape: Tape): Promise<void> {
  const { arena, tally, world, viewers, operations, memory } = round;
  const subject = viewers[tape.below(viewers.length)]!;
  const others = Array.from({ length: othersOfRound }, () => viewers[tape.below(viewers.length)]!);
  const chosen = Array.from({ length: operationsOfRound }, (_, index) => {
    const viewer = index % 4 === 3 ? others[tape.below(others.length)]! : subject;
    return { viewer, operation: memory.filled(viewer, operations[tape.below(operations.length)]!, tape) };
  });
  const told = await inParallel(chosen, ({ viewer, operation }) => ask(arena.one, viewer, operation, memory));
  tally.requests += told.reduce((sum, one) => sum + one.requests, 0);
  for (let number = 0; number < twinsOfRound && !tally.finding; number += 1) {
    const twin = twinOf(subject, world.rows, tape, differencesOfTwin);
    if (!twin) continue;
    await compareTwin(round, twin, subject, chosen, told.map(({ text }) => text));
  }
}

async function compareTwin({ arena, tally, seed, world }: Round, twin: Rows, subject: Viewer, chosen: readonly { viewer: Viewer; operation: Operation }[], told: readonly string[]): Promise<void> {
  const same = new Map<Viewer, boolean>([[subject, true]]);
  const mustBeSame = (viewer: Viewer) => same.get(viewer) ?? same.set(viewer, view(viewer, world.rows) === view(viewer, twin)).get(viewer)!;
  // Callers to whom the twins may look different keep the gateways warm between the others; a part of them is enough.
  const asked = chosen.flatMap(({ viewer, operation }, index) => (mustBeSame(viewer) || index % strangersEvery === 0 ? [{ viewer, operation, told: told[index]! }] : []));
  await arena.other.change(changesBetween(world.rows, twin));
  const answers = await inParallel(asked, ({ viewer, operation }) => ask(arena.other, viewer, operation, null));
  await arena.other.change(changesBetween(twin, world.rows));
  tally.twins += 1;
  for (const [index, { viewer, operation, told: expected }] of asked.entries()) {
    const { text, requests } = answers[index]!;
    tally.requests += requests;
    if (!mustBeSame(viewer)) continue;
    tally.operations += requests;
    tally.classes.add(classOf(viewer));
    if (text !== expected) tally.finding ??= { seed, viewer, operation, one: expected, other: text, base: world.rows, twin };
  }
}

/** Operations, known to the gateways under their hashes; a few do not fit the schema. Keys are the same in every world. */
function replenished(operations: Operation[], register: Register, tape: Tape, known: Known): void {
  while (operations.length < operationsMax) {
    const operation = operationOf(schema, tape, known);
    if (validate(schema, parse(operation.text)).length > 0 && !tape.chance(5)) continue;
    register.addText(operation.text);
    operations.push(operation);
  }
}

function knownOf({ rows }: World): Known {
  const records = [...rows['hub.record'].values()].filter((row) => row['type_name'] !== null);
  return {
    recordIds: records.map((row) => globalId(String(row['type_name']), String(row['rid']))),
    matterIds: [...rows['hub.matter'].keys()].map((key) => globalId('Matter', key)),
    matterNos: [...rows['hub.matter'].values()].map((row) => String(row['matter_no'])),
  };
}
