import fc from 'fast-check';
import { openArena, type Arena, type Report } from './compare.ts';
import { shrunk } from './shrink.ts';
import { worldOf } from './world.ts';

export interface Campaign {
  /** Operations to compare, at least. */
  runs: number;
  seed: number;
  planner?: 'hive' | 'apollo';
  /** Operations on each world; 25 unless told. A failure shows again under the same number only. */
  perWorld?: number;
  progress?(done: number): void;
}

export interface Tally {
  worlds: number;
  uncomposed: number;
  operations: number;
  invalid: number;
  /** Why the reference was found wrong → how often. */
  apolloWrong: Record<string, number>;
  /** Both give the same answer, and it is wrong → how often. */
  bothWrong: Record<string, number>;
  /** The reference cannot plan it, and the native planner's plan is wrong → how often. */
  planWrong: Record<string, number>;
  /** Operations that failed, the first few made small; a world is left at its first one. */
  failures: (Report & { seed: number })[];
}

const operationsPerWorld = 25;
const worldChoicesMax = 250;
const operationChoicesMax = 120;
const choiceMax = 2 ** 20;
/** More failures than this end the campaign; more than the first few are not made small. */
const failuresMax = 20;
const shrunkMax = 3;
const shrinkMsMax = 60_000;

/**
 * Compares our engine with the reference on random worlds and operations until `runs` operations were compared or many
 * failed. World number n is drawn with `seed` + n, so that a failure is found again by its own seed.
 */
export async function campaign({ runs, seed, planner, perWorld = operationsPerWorld, progress }: Campaign): Promise<Tally> {
  const tally: Tally = { worlds: 0, uncomposed: 0, operations: 0, invalid: 0, apolloWrong: {}, bothWrong: {}, planWrong: {}, failures: [] };
  for (let number = seed; tally.operations < runs && tally.failures.length < failuresMax; number += 1) {
    await oneWorld(tally, number, planner, perWorld);
    progress?.(tally.operations);
  }
  return tally;
}

const choices = (length: number) => fc.array(fc.nat(choiceMax), { minLength: length / 2, maxLength: length, size: 'max' });
const drawn = (operations: number) => fc.tuple(choices(worldChoicesMax), fc.array(choices(operationChoicesMax), { minLength: operations, maxLength: operations, size: 'max' }));

async function oneWorld(tally: Tally, seed: number, planner: Campaign['planner'], perWorld: number): Promise<void> {
  const [[world, operations]] = fc.sample(drawn(perWorld), { seed, numRuns: 1 }) as [[number[], number[][]]];
  const arena = await openArena(worldOf(world), planner);
  tally[arena ? 'worlds' : 'uncomposed'] += 1;
  if (!arena) return;
  try {
    for (const operation of operations) {
      const verdict = await arena.compare(operation);
      tally[verdict.kind === 'invalid' ? 'invalid' : 'operations'] += 1;
      if (verdict.kind === 'apolloWrong' || verdict.kind === 'bothWrong' || verdict.kind === 'planWrong') tally[verdict.kind][verdict.why] = (tally[verdict.kind][verdict.why] ?? 0) + 1;
      if (verdict.kind === 'failed') {
        tally.failures.push({ ...((tally.failures.length < shrunkMax ? await smallest(arena, world, operation, planner) : undefined) ?? verdict.report), seed });
        return;
      }
    }
  } finally {
    await arena.close();
  }
}

/** The operation is made small on the world as it is, then the world; undefined where the failure does not show again, so that something outside the seed decides. */
async function smallest(arena: Arena, world: readonly number[], operation: readonly number[], planner: Campaign['planner']): Promise<Report | undefined> {
  const untilMs = performance.now() + shrinkMsMax;
  const short = await shrunk(operation, async (candidate) => (await failureIn(arena, candidate)) !== undefined, untilMs);
  const report = await failureIn(arena, short);
  const small = await shrunk(world, async (candidate) => (await failureOn(candidate, short, planner)) !== undefined, untilMs);
  return (await failureOn(small, short, planner)) ?? report;
}

async function failureOn(world: readonly number[], operation: readonly number[], planner: Campaign['planner']): Promise<Report | undefined> {
  const arena = await openArena(worldOf(world), planner).catch(() => undefined);
  const failure = arena && (await failureIn(arena, operation));
  await arena?.close();
  return failure;
}

async function failureIn(arena: Arena, operation: readonly number[]): Promise<Report | undefined> {
  const verdict = await arena.compare(operation);
  return verdict.kind === 'failed' ? verdict.report : undefined;
}
