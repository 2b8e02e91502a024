import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluateAll, mentionIdOf } from '../../cli/commands/linkage.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  for (const key of ['7', '川诉前调/2026/7']) {
    await db.pool.query(`INSERT INTO hub.record (rid, department, stream, record_key, type_name, fetched_at) VALUES ($1, 'court', 'prelitigation-cases', $1, 'CourtCase', now())`, [key]);
    for (const [role, ordinal] of [['PLAINTIFF', 0], ['DEFENDANT', 1]] as const) {
      await db.pool.query(`INSERT INTO hub.mention (mention_id, rid, department, role, ordinal, kind, name) VALUES ($1, $2, 'court', $3, $4, 'PERSON', '某人')`, [`${key} ${role}`, key, role, ordinal]);
    }
  }
});
afterAll(() => db.drop());

describe('`linkage explain` finds a mention', () => {
  it.each([
    ['court/prelitigation-cases/7/DEFENDANT/1', '7 DEFENDANT'],
    ['court/prelitigation-cases/7/DEFENDANT', '7 DEFENDANT'],
    ['court/prelitigation-cases/7', '7 PLAINTIFF'],
    ['court/prelitigation-cases/川诉前调/2026/7/DEFENDANT/1', '川诉前调/2026/7 DEFENDANT'],
    ['court/prelitigation-cases/川诉前调/2026/7', '川诉前调/2026/7 PLAINTIFF'],
    ['7 DEFENDANT', '7 DEFENDANT'],
  ])('%s', async (name, mention) => {
    expect(await mentionIdOf(db.pool, name)).toBe(mention);
  });

  it.each(['court/prelitigation-cases/7/AGENT/0', 'court/prelitigation-cases/8', '', 'court'])('%s is none', async (name) => {
    await expect(mentionIdOf(db.pool, name)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('`linkage evaluate`', () => {
  it('refuses the truth of another data set: shares of nothing would be perfect', async () => {
    const truth = mkdtempSync(join(tmpdir(), 'yiwang-truth-'));
    writeFileSync(join(truth, 'persons.csv'), 'department,stream,recordKey,role,ordinal,personId\ncourt,prelitigation-cases,another,PLAINTIFF,0,p1\n');
    writeFileSync(join(truth, 'matters.csv'), 'department,stream,recordKey,matterId\ncourt,prelitigation-cases,another,m1\n');
    await expect(evaluateAll(db.pool, { truth, json: true })).rejects.toMatchObject({ code: 'USAGE' });
    rmSync(truth, { recursive: true });
  });
});
