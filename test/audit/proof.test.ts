import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getTableConfig } from 'drizzle-orm/pg-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { publishCheckpoint } from '../../audit/checkpoint.ts';
import { openAccessLog } from '../../audit/log.ts';
import { proveAccesses, verifyAccessProof, type AccessProof } from '../../audit/proof.ts';
import { openSigner, type Signer } from '../../audit/signer.ts';
import { subjectTag, subjectTags, tagBytes } from '../../audit/subjects.ts';
import * as tables from '../../audit/tables.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';
import { entryOf, tagSecret } from './entries.ts';
import { asOwner, forgedBytes } from './forge.ts';

const month = new Date();
const tagsOf = (mention: string) => subjectTags(tagSecret, mention, new Date(Date.now() - 40 * 86_400_000), month).map(tagBytes);
const home = mkdtempSync(join(tmpdir(), 'yiwang-proof-'));
let database: TestDatabase;
let signer: Signer;

// 40 entries about mention-0 to mention-6 in turn; entry 40 is about two of them; no checkpoint covers entry 41.
beforeAll(async () => {
  database = await testDatabase();
  signer = openSigner({ folder: join(home, 'key'), origin: 'hub.example/access-log' });
  const log = await openAccessLog({ pool: database.pool });
  for (let n = 0; n < 40; n += 1) await log.append(entryOf(n));
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

describe("the proofs of a resident's history", () => {
  it('hold with the public key alone, and break with any change', async () => {
    const proofs = await proveAccesses(database.pool, { indexes: [0, 7, 14, 40, 41], tags: tagsOf('mention-0'), publicKey: signer.publicKey });
    expect([...proofs.keys()].sort((a, b) => a - b)).toEqual([0, 7, 14, 40]); // no checkpoint covers 41 yet
    for (const proof of proofs.values()) {
      expect(verifyAccessProof(proof, signer.publicKey)).toEqual({ time: JSON.parse(proof.entry).time, tags: [subjectTag(tagSecret, 'mention-0', month).tag] });
    }
    const proof = proofs.get(40)!;
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
      { ...proof, subjects: [] },
    ];
    for (const forged of changed) expect(verifyAccessProof(forged, signer.publicKey)).toBeNull();
    expect(verifyAccessProof(proof, other.publicKey)).toBeNull();
  });

  it('fail where the entry was changed', async () => {
    const copy = await testDatabase();
    try {
      const log = await openAccessLog({ pool: copy.pool });
      for (let n = 0; n < 3; n += 1) await log.append(entryOf(n));
      await log.close();
      const own = openSigner({ folder: join(home, 'third'), origin: 'hub.example/access-log' });
      await publishCheckpoint({ pool: copy.pool, signer: own, folder: join(home, 'third') });
      await asOwner(copy.pool, ['UPDATE audit.entry SET bytes = $1 WHERE index = 1', [await forgedBytes(copy.pool, 1)]]);
      const proofs = await proveAccesses(copy.pool, { indexes: [0, 1], tags: tagsOf('mention-1'), publicKey: own.publicKey });
      expect(verifyAccessProof(proofs.get(1)!, own.publicKey)).toBeNull();
      expect(proofs.has(0)).toBe(false); // whole, and about somebody else
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
