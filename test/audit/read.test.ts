import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getTableConfig } from 'drizzle-orm/pg-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { publishCheckpoint } from '../../audit/checkpoint.ts';
import { openAccessLog } from '../../audit/log.ts';
import { verifyAccessProof, type AccessProof } from '../../audit/proof.ts';
import { accessHistory, readAccessLog, type AccessLogFilter } from '../../audit/read.ts';
import { openSigner, type Signer } from '../../audit/signer.ts';
import { subjectTag, subjectTags } from '../../audit/subjects.ts';
import * as tables from '../../audit/tables.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';
import { entryOf, tagSecret } from './entries.ts';
import { asOwner, forgedBytes } from './forge.ts';

const month = new Date();
const tomorrow = new Date(Date.now() + 86_400_000);
const tagsOf = (mention: string) => subjectTags(tagSecret, mention, new Date(Date.now() - 40 * 86_400_000), month);
const home = mkdtempSync(join(tmpdir(), 'yiwang-read-'));
let database: TestDatabase;
let signer: Signer;

// 40 entries: mention-0 to mention-6 in turn; entry 35 (mention-0) is under a lawful delay; 40 covers two, own fields apart.
beforeAll(async () => {
  database = await testDatabase();
  signer = openSigner({ folder: join(home, 'key'), origin: 'hub.example/access-log' });
  const log = await openAccessLog({ pool: database.pool });
  for (let n = 0; n < 40; n += 1) await log.append(entryOf(n, n === 35 ? { disclosedFrom: tomorrow.toISOString() } : n % 10 === 9 ? { decision: 'REFUSED', code: 'FORBIDDEN', subjects: [] } : {}));
  const both = ['mention-0', 'mention-1'].map((mention) => ({ ...subjectTag(tagSecret, mention, month), coordinates: mention === 'mention-0' ? ['Person.phones'] : ['Person.name'] }));
  await log.append(entryOf(40, { subjects: both }));
  await publishCheckpoint({ pool: database.pool, signer, folder: join(home, 'checkpoints') });
  await log.append(entryOf(42));
  await log.close();
});
afterAll(async () => {
  await database.drop();
  rmSync(home, { recursive: true });
});

describe('the log for auditors', () => {
  it.each<[string, AccessLogFilter, number[]]>([
    ['everything', {}, [41, 40, 39, 38, 37]],
    ['one viewer', { viewer: 'viewer-3' }, [38, 33, 28, 23, 18]],
    ['refusals', { decision: 'REFUSED', code: 'FORBIDDEN' }, [39, 29, 19, 9]],
    ['one trace', { traceId: entryOf(7).traceId! }, [7]],
    ['another organisation', { org: 'nobody' }, []],
    ['a purpose and a department', { purpose: 'MEDIATION', department: 'MEDIATION', operation: 'MatterInbox' }, [41, 40, 39, 38, 37]],
    ['times in the future', { from: tomorrow }, []],
    ['times before now', { before: tomorrow }, [41, 40, 39, 38, 37]],
  ])('finds %s, newest first', async (_name, filter, indexes) => {
    const page = await readAccessLog(database.pool, { filter, first: 5 });
    expect(page.entries.map(({ index }) => index)).toEqual(indexes);
  });

  it('pages to the end without a gap or a repetition', async () => {
    const seen: number[] = [];
    for (let before: number | undefined; ; before = seen.at(-1)!) {
      const page = await readAccessLog(database.pool, { first: 9, ...(before === undefined ? {} : { before }) });
      seen.push(...page.entries.map(({ index }) => index));
      if (!page.hasNextPage) break;
    }
    expect(seen).toEqual(Array.from({ length: 42 }, (_, place) => 41 - place));
  });

  it('gives no more than 100 at a time', async () => {
    await expect(readAccessLog(database.pool, { first: 101 })).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    await expect(readAccessLog(database.pool, { first: 0 })).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
  });
});

describe("a resident's own history", () => {
  it('shows who looked, newest first, and nothing of the official or of others', async () => {
    const { accesses, hasNextPage } = await accessHistory(database.pool, { tags: tagsOf('mention-0'), first: 3, now: month });
    expect(accesses.map(({ index }) => index)).toEqual([41, 40, 28]);
    expect(hasNextPage).toBe(true);
    expect(accesses[1]).toEqual({ index: 40, time: expect.any(String), org: '116201020139876543', department: 'MEDIATION', purpose: 'MEDIATION', legalBasis: '人民调解法 20', fields: ['Person.phones'], proof: null });
    expect(JSON.stringify(accesses)).not.toMatch(/viewer-|township-desk/);
  });

  it('shows nobody else theirs', async () => {
    expect(await accessHistory(database.pool, { tags: tagsOf('a stranger'), first: 10, now: month })).toEqual({ accesses: [], hasNextPage: false });
    expect(await accessHistory(database.pool, { tags: [], first: 10, now: month })).toEqual({ accesses: [], hasNextPage: false });
  });

  it('holds back what is under a lawful delay, and shows it in its place afterwards', async () => {
    const indexes = async (now: Date) => (await accessHistory(database.pool, { tags: tagsOf('mention-0'), first: 100, now })).accesses.map(({ index }) => index);
    expect(await indexes(month)).toEqual([41, 40, 28, 21, 14, 7, 0]);
    expect(await indexes(new Date(tomorrow.getTime() + 1_000))).toEqual([41, 40, 35, 28, 21, 14, 7, 0]);
  });

  it('pages by index', async () => {
    const page = await accessHistory(database.pool, { tags: tagsOf('mention-0'), first: 3, before: 28, now: month });
    expect(page.accesses.map(({ index }) => index)).toEqual([21, 14, 7]);
    expect((await accessHistory(database.pool, { tags: tagsOf('mention-0'), first: 3, before: 14, now: month })).hasNextPage).toBe(false);
  });

  it('comes with proofs that hold with the public key alone, and break with any change', async () => {
    const { accesses } = await accessHistory(database.pool, { tags: tagsOf('mention-0'), first: 10, now: month, publicKey: signer.publicKey });
    expect(accesses[0]).toMatchObject({ index: 41, proof: null }); // no checkpoint covers it yet
    for (const access of accesses.slice(1)) {
      expect(verifyAccessProof(access.proof!, signer.publicKey)).toEqual({ time: access.time, tags: [subjectTag(tagSecret, 'mention-0', month).tag] });
    }
    const proof = accesses[1]!.proof!;
    expect(proof.subjects[0]!.path.length).toBe(1); // beside the co-party, of whom only a salted hash is shown
    expect(JSON.stringify(proof)).not.toContain(subjectTag(tagSecret, 'mention-1', month).tag);
    const other = openSigner({ folder: join(home, 'other'), origin: 'hub.example/access-log' });
    const changed: AccessProof[] = [
      { ...proof, entry: proof.entry.replace('MEDIATION', 'SUPERVISE') },
      { ...proof, index: proof.index - 1 },
      { ...proof, path: proof.path.slice(1) },
      { ...proof, size: proof.size - 1 },
      { ...proof, checkpoint: proof.checkpoint.replace('\n41\n', '\n42\n') },
      { ...proof, subjects: [{ ...proof.subjects[0]!, leaf: proof.subjects[0]!.leaf.replace('phones', 'namess') }] },
      { ...proof, subjects: [{ ...proof.subjects[0]!, path: [] }] },
    ];
    for (const forged of changed) expect(verifyAccessProof(forged, signer.publicKey)).toBeNull();
    expect(verifyAccessProof(proof, other.publicKey)).toBeNull();
  });

  it('gives a proof that fails where the entry was changed', async () => {
    const copy = await testDatabase();
    try {
      const log = await openAccessLog({ pool: copy.pool });
      for (let n = 0; n < 3; n += 1) await log.append(entryOf(n));
      await log.close();
      const own = openSigner({ folder: join(home, 'third'), origin: 'hub.example/access-log' });
      await publishCheckpoint({ pool: copy.pool, signer: own, folder: join(home, 'third') });
      await asOwner(copy.pool, ['UPDATE audit.entry SET bytes = $1 WHERE index = 1', [await forgedBytes(copy.pool, 1)]]);
      const { accesses } = await accessHistory(copy.pool, { tags: tagsOf('mention-1'), first: 10, now: month, publicKey: own.publicKey });
      expect(verifyAccessProof(accesses[0]!.proof!, own.publicKey)).toBeNull();
    } finally {
      await copy.drop();
    }
  });
});

describe('the tables in TypeScript', () => {
  it.each([tables.batches, tables.entries, tables.tiles, tables.subjects, tables.checkpoints].map((table) => ({ table, name: getTableConfig(table).name })))('are those of the migrations: $name', async ({ table, name }) => {
    const { rows } = await database.pool.query<{ column_name: string; data_type: string; is_nullable: string }>(`SELECT column_name, data_type, is_nullable FROM information_schema.columns WHERE table_schema = 'audit' AND table_name = $1`, [name]);
    const declared = getTableConfig(table).columns.map((column) => [column.name, column.getSQLType(), column.notNull ? 'NO' : 'YES']);
    expect(declared.sort()).toEqual(rows.map((row) => [row.column_name, row.data_type, row.is_nullable]).sort());
  });
});
