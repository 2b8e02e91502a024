import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testDatabase, type TestDatabase } from '../postgres.ts';
import { campaign, type Arena, type Tally } from './campaign.ts';
import { hunted, looks } from './hunt.ts';
import { findingText } from './report.ts';
import { smallest } from './shrink.ts';
import { openRegister, openTwin } from './twin.ts';

/** Long runs are `npm run fuzz:access`; these are what every change is held against. */
const runs = 700;
const fixedSeed = 4_711;
const days = 86_400_000;
const timeoutMs = 10 * 60_000; // a minute on an idle machine
let databases: [TestDatabase, TestDatabase];

beforeAll(async () => {
  databases = [await testDatabase(), await testDatabase()];
});
afterAll(() => Promise.all(databases.map((database) => database.drop())));

describe('two hubs that differ only in what a caller may not see', () => {
  let arena: Arena;
  const tallies: Tally[] = [];
  beforeAll(async () => {
    const register = openRegister();
    const [one, other] = await Promise.all(databases.map(({ url }) => openTwin(url, register)));
    arena = { one: one!, other: other!, register };
  });
  afterAll(() => Promise.all([arena.one.stop(), arena.other.stop()]));

  test.each([['a seed that stays', fixedSeed], ['today\'s seed', Math.floor(Date.now() / days)]])('answer random operations alike: %s', async (_name, seed) => {
    const tally = await campaign(arena, { seed, runs });
    tallies.push(tally);
    expect(tally.faults, 'what the oracle says of records, lists, calls and rows').toEqual([]);
    expect(tally.finding && findingText(await smallest(arena, tally.finding))).toBeUndefined();
    expect(tally.operations).toBeGreaterThanOrEqual(runs);
  }, timeoutMs);

  test('for callers of at least eight classes', () => {
    expect(new Set(tallies.flatMap(({ classes }) => [...classes])).size).toBeGreaterThanOrEqual(8);
  });
});

test.each(looks.filter((look) => look !== 'twins'))('looked at alone, the source as it is holds: %s', async (look) => {
  expect(await hunted([databases[0].url, databases[1].url], [look])).toEqual({});
}, timeoutMs);
