import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { publishCheckpoint } from '../../audit/checkpoint.ts';
import type { FindingCode } from '../../audit/findings.ts';
import { openAccessLog } from '../../audit/log.ts';
import { leafHash } from '../../audit/merkle.ts';
import { openSigner, type Signer } from '../../audit/signer.ts';
import { verifyAccessLog } from '../../audit/verify.ts';
import type { Pool } from '../../base/db.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';
import { entryOf } from './entries.ts';
import { asOwner, forgedBytes, rebuild, replacedLeaf } from './forge.ts';

const origin = 'hub.example/access-log';
const entriesBuilt = 620; // two full tiles and a tail
const open: (() => Promise<void> | void)[] = [];
afterAll(async () => {
  for (const close of open) await close();
});

interface World {
  pool: Pool;
  home: string;
  signer: Signer;
}

interface Tampering {
  name: string;
  tamper: (world: World) => Promise<unknown>;
  /** Every code that must be found, and no other. */
  finds: FindingCode[];
  index?: number;
}

const forgeEntry = async (pool: Pool, index: number) => asOwner(pool, ['UPDATE audit.entry SET bytes = $2 WHERE index = $1', [index, await forgedBytes(pool, index)]]);
const cutTail = (size: number) => [
  `DELETE FROM audit.entry WHERE index >= ${size}`,
  `DELETE FROM audit.subject WHERE entry_index >= ${size}`,
  `DELETE FROM audit.batch WHERE size > ${size}`,
  `DELETE FROM audit.tile WHERE (index + 1) * 256 > ${size}`,
];
const yesterday = [...cutTail(300), 'DELETE FROM audit.checkpoint WHERE size > 300'];
const append = async (pool: Pool, count: number, now = () => new Date()) => {
  const log = await openAccessLog({ pool, now });
  await Promise.all(Array.from({ length: count }, (_, n) => log.append(entryOf(5_000 + n))));
  await log.close();
};

const tamperings: Tampering[] = [
  { name: 'nothing', tamper: async () => undefined, finds: [] },
  { name: 'an entry edited', tamper: ({ pool }) => forgeEntry(pool, 77), finds: ['ENTRY_EDITED'], index: 77 },
  { name: 'an entry of the unfinished tile edited', tamper: ({ pool }) => forgeEntry(pool, 600), finds: ['ENTRY_EDITED'], index: 600 },
  { name: 'a stored leaf hash flipped', tamper: async ({ pool }) => asOwner(pool, await replacedLeaf(pool, 40, leafHash(Buffer.from('other')))), finds: ['LEAF_HASH_ALTERED'], index: 40 },
  {
    name: 'an entry edited together with its leaf hash',
    tamper: async ({ pool }) => {
      const bytes = await forgedBytes(pool, 300);
      await asOwner(pool, ['UPDATE audit.entry SET bytes = $1 WHERE index = 300', [bytes]], await replacedLeaf(pool, 300, leafHash(bytes)));
    },
    finds: ['LEAF_HASH_ALTERED', 'ENTRY_EDITED'],
    index: 300,
  },
  {
    name: 'the same where no tile is full yet',
    tamper: async ({ pool }) => {
      const bytes = await forgedBytes(pool, 610);
      await asOwner(pool, ['UPDATE audit.entry SET bytes = $1 WHERE index = 610', [bytes]], await replacedLeaf(pool, 610, leafHash(bytes)));
    },
    finds: ['ROOT_ALTERED', 'CHECKPOINT_CONTRADICTED', 'HISTORY_REWRITTEN'],
  },
  { name: 'a root altered', tamper: ({ pool }) => asOwner(pool, `UPDATE audit.batch SET root = sha256(root) WHERE size = 300`), finds: ['ROOT_ALTERED'] },
  { name: 'an entry deleted in the middle', tamper: ({ pool }) => asOwner(pool, 'DELETE FROM audit.entry WHERE index = 123'), finds: ['ENTRY_DELETED'], index: 123 },
  {
    name: 'an entry deleted and the later ones renumbered',
    tamper: ({ pool }) => asOwner(pool, 'DELETE FROM audit.entry WHERE index = 400', 'UPDATE audit.entry SET index = index + 100000 WHERE index > 400', 'UPDATE audit.entry SET index = index - 100001 WHERE index > 100000'),
    finds: ['ENTRY_DELETED', 'ENTRIES_RENUMBERED'],
    index: 400,
  },
  {
    name: 'two entries exchanged',
    tamper: ({ pool }) => asOwner(pool, 'UPDATE audit.entry SET index = 99999 WHERE index = 20', 'UPDATE audit.entry SET index = 20 WHERE index = 500', 'UPDATE audit.entry SET index = 500 WHERE index = 99999'),
    finds: ['ENTRIES_REORDERED'],
    index: 20,
  },
  { name: 'the last entries deleted', tamper: ({ pool }) => asOwner(pool, 'DELETE FROM audit.entry WHERE index >= 610'), finds: ['TAIL_TRUNCATED'], index: 610 },
  { name: 'the tail cut off from entries, batches, tiles and index', tamper: ({ pool }) => asOwner(pool, ...cutTail(300)), finds: ['TAIL_TRUNCATED'], index: 300 },
  { name: "yesterday's backup restored", tamper: ({ pool }) => asOwner(pool, ...yesterday), finds: ['BACKUP_RESTORED'], index: 300 },
  {
    name: "yesterday's backup restored and written on",
    tamper: async ({ pool }) => {
      await asOwner(pool, ...yesterday);
      await append(pool, 400);
    },
    finds: ['HISTORY_REWRITTEN'],
    index: 300,
  },
  {
    name: 'an entry edited and everything rebuilt',
    tamper: async ({ pool }) => {
      await forgeEntry(pool, 350);
      await rebuild(pool);
    },
    finds: ['CHECKPOINT_CONTRADICTED', 'HISTORY_REWRITTEN'],
  },
  {
    name: 'an entry edited, everything rebuilt, and the checkpoints in the database deleted',
    tamper: async ({ pool }) => {
      await forgeEntry(pool, 350);
      await rebuild(pool);
      await asOwner(pool, 'DELETE FROM audit.checkpoint WHERE size > 300');
    },
    finds: ['HISTORY_REWRITTEN'],
    index: 300,
  },
  {
    name: 'two histories signed with one key',
    tamper: async ({ pool, home }) => {
      await forgeEntry(pool, 350);
      await rebuild(pool);
      await asOwner(pool, 'DELETE FROM audit.checkpoint WHERE size > 300');
      rmSync(join(home, 'key', 'access-log.last-signed.json'));
      await publishCheckpoint({ pool, signer: openSigner({ folder: join(home, 'key'), origin }), folder: join(home, 'elsewhere') });
    },
    finds: ['HISTORY_FORKED'],
    index: 300,
  },
  {
    name: 'the key swapped',
    tamper: async ({ pool, home }) => {
      await publishCheckpoint({ pool, signer: openSigner({ folder: join(home, 'other-key'), origin }), folder: join(home, 'elsewhere') });
    },
    finds: ['KEY_SWAPPED'],
  },
  { name: 'a checkpoint in the database altered', tamper: ({ pool }) => asOwner(pool, `UPDATE audit.checkpoint SET note = replace(note, E'\\n300\\n', E'\\n299\\n') WHERE size = 300`), finds: ['CHECKPOINT_FORGED'] },
  {
    name: 'a checkpoint outside altered',
    tamper: async ({ home }) => {
      const file = join(home, 'checkpoints', 'checkpoint');
      writeFileSync(file, readFileSync(file, 'utf8').replace('\n620\n', '\n619\n'));
    },
    finds: ['CHECKPOINT_FORGED'],
  },
  { name: 'a tile altered', tamper: ({ pool }) => asOwner(pool, `UPDATE audit.tile SET hashes = set_byte(hashes, 100, get_byte(hashes, 100) # 1) WHERE level = 0 AND index = 1`), finds: ['TILE_ALTERED'], index: 256 },
  { name: 'the root of a tile altered', tamper: ({ pool }) => asOwner(pool, 'UPDATE audit.tile SET root = sha256(root) WHERE level = 0 AND index = 1'), finds: ['TILE_ALTERED'], index: 256 },
  { name: 'a tile deleted', tamper: ({ pool }) => asOwner(pool, 'DELETE FROM audit.tile WHERE level = 0 AND index = 0'), finds: ['TILE_MISSING'], index: 0 },
  { name: 'the record of a group commit deleted', tamper: ({ pool }) => asOwner(pool, 'DELETE FROM audit.batch WHERE size = 300'), finds: ['BATCH_MISSING'] },
  {
    name: 'an entry put in behind the sequencer',
    tamper: ({ pool }) => asOwner(pool, 'INSERT INTO audit.entry SELECT 620, bytes, at, viewer, org, department, purpose, operation, decision, code, trace_id, disclosed_from FROM audit.entry WHERE index = 1'),
    finds: ['ENTRY_UNSEQUENCED'],
    index: 620,
  },
  {
    name: 'an entry put in at the last number there is',
    tamper: ({ pool }) => asOwner(pool, 'INSERT INTO audit.entry (index, bytes, at, decision) SELECT 9223372036854775807, bytes, at, decision FROM audit.entry WHERE index = 3'),
    finds: ['ENTRY_UNSEQUENCED'],
    index: 620,
  },
  { name: 'a tile put in that would cover more than a log can hold', tamper: ({ pool }) => asOwner(pool, 'INSERT INTO audit.tile SELECT 7, index, hashes, root FROM audit.tile WHERE level = 0 AND index = 0'), finds: ['TAIL_TRUNCATED'], index: 620 },
  { name: 'the columns of an entry altered', tamper: ({ pool }) => asOwner(pool, `UPDATE audit.entry SET org = 'somebody else' WHERE index = 8`), finds: ['ENTRY_COLUMNS_ALTERED'], index: 8 },
  { name: 'the time column of an entry altered', tamper: ({ pool }) => asOwner(pool, `UPDATE audit.entry SET at = at - interval '1 day' WHERE index = 9`), finds: ['ENTRY_COLUMNS_ALTERED'], index: 9 },
  { name: 'a subject taken out of the index', tamper: ({ pool }) => asOwner(pool, 'DELETE FROM audit.subject WHERE entry_index = 10'), finds: ['SUBJECT_INDEX_ALTERED'], index: 10 },
  { name: "an entry turned to another person's", tamper: ({ pool }) => asOwner(pool, 'UPDATE audit.subject SET tag = sha256(tag) WHERE entry_index = 11'), finds: ['SUBJECT_INDEX_ALTERED'], index: 11 },
  {
    name: 'a checkpoint between two milliseconds',
    tamper: ({ pool }) => asOwner(pool, `INSERT INTO audit.checkpoint SELECT size, date_trunc('second', now()) + interval '1 second 123456 microseconds', 'forged' FROM audit.checkpoint ORDER BY size DESC LIMIT 1`),
    finds: ['KEY_SWAPPED'],
  },
  {
    name: 'the record of a group commit far behind the end',
    tamper: ({ pool }) => asOwner(pool, 'INSERT INTO audit.batch (size, prev_size, root, leaves, writer) SELECT 1000000000001, 1000000000000, root, substr(leaves, 1, 32), writer FROM audit.batch LIMIT 1'),
    finds: ['BATCH_MISSING'],
    index: 620,
  },
  { name: 'the clock a day back', tamper: ({ pool }) => append(pool, 1, () => new Date(Date.now() - 86_400_000)), finds: ['CLOCK_WENT_BACK'], index: 620 },
];

describe('tampering is found and named', () => {
  it.each(tamperings)('$name', async ({ tamper, finds, index }) => {
    const world = await builtWorld();
    await tamper(world);
    const result = await verifyAccessLog({ pool: world.pool, publicKey: world.signer.publicKey, checkpointFolder: join(world.home, 'checkpoints') });
    expect([...new Set(result.findings.map((finding) => finding.code))].sort()).toEqual([...finds].sort());
    expect(result.ok).toBe(finds.length === 0);
    if (index !== undefined) expect(result.findings.map((finding) => finding.index)).toContain(index);
    for (const { text } of result.findings) expect(text.zh.length * text.en.length).toBeGreaterThan(0);
  });
});

describe('verification', () => {
  it('needs an outside checkpoint to find a history rewritten with care, and says how many it had', async () => {
    const { pool, home, signer } = await builtWorld();
    await forgeEntry(pool, 350);
    await rebuild(pool);
    await asOwner(pool, 'DELETE FROM audit.checkpoint WHERE size > 300');
    expect(await verifyAccessLog({ pool, publicKey: signer.publicKey })).toMatchObject({ ok: true, outsideCheckpoints: 0 });
    const withFile = await verifyAccessLog({ pool, publicKey: signer.publicKey, checkpointFile: join(home, 'checkpoints', 'checkpoint') });
    expect(withFile).toMatchObject({ ok: false, outsideCheckpoints: 1, findings: [{ code: 'HISTORY_REWRITTEN' }] });
  });

  it('finds several things at once, each at its place', async () => {
    const { pool, signer } = await builtWorld();
    await forgeEntry(pool, 5);
    await forgeEntry(pool, 6);
    await asOwner(pool, 'DELETE FROM audit.entry WHERE index = 450', `UPDATE audit.entry SET org = 'x' WHERE index = 13`);
    const { findings } = await verifyAccessLog({ pool, publicKey: signer.publicKey });
    expect(findings.map(({ code, index, through }) => [code, index, through])).toEqual([['ENTRY_COLUMNS_ALTERED', 13, 13], ['ENTRY_EDITED', 5, 6], ['ENTRY_DELETED', 450, 450]]);
    expect(findings[1]!.text).toEqual({ zh: '条目内容被修改（第 5 至 6 条）', en: 'the entry was edited (entries 5 to 6)' });
  });

  it('reports its progress and passes an empty log', async () => {
    const { pool, signer } = await builtWorld();
    const steps: number[] = [];
    await verifyAccessLog({ pool, publicKey: signer.publicKey, progress: (done) => steps.push(done) });
    expect(steps.at(-1)).toBe(entriesBuilt);
    const empty = await testDatabase();
    open.push(empty.drop);
    expect(await verifyAccessLog({ pool: empty.pool, publicKey: signer.publicKey })).toMatchObject({ ok: true, size: 0 });
  });

  it('raises no alarm while the log is written and published', async () => {
    const { pool, home, signer } = await builtWorld();
    const log = await openAccessLog({ pool });
    let done = false;
    const writing = (async () => {
      for (let n = 0; !done; n += 1) {
        await Promise.all(Array.from({ length: 20 }, () => log.append(entryOf(n))));
        await publishCheckpoint({ pool, signer, folder: join(home, 'checkpoints') });
      }
    })();
    // As often as it takes until it was written to meanwhile: a machine may be slow at the one and quick at the other.
    for (let run = 0; run < 5 || log.size() <= entriesBuilt + 40; run += 1) expect((await verifyAccessLog({ pool, publicKey: signer.publicKey, checkpointFolder: join(home, 'checkpoints') })).findings).toEqual([]);
    done = true;
    await writing;
    await log.close();
    expect(log.size()).toBeGreaterThan(entriesBuilt + 40);
  });

  it('does not run with a key that is none, or a checkpoint that is not there or is none', async () => {
    const { pool, signer } = await builtWorld();
    await expect(verifyAccessLog({ pool, publicKey: 'x' })).rejects.toMatchObject({ code: 'CONFIG' });
    await expect(verifyAccessLog({ pool, publicKey: signer.publicKey, checkpointFile: '/nowhere' })).rejects.toMatchObject({ code: 'USAGE' });
    await expect(verifyAccessLog({ pool, publicKey: signer.publicKey, checkpointFile: fileURLToPath(import.meta.url) })).rejects.toMatchObject({ code: 'USAGE' });
  });
});

describe('a log that contradicts what was published', () => {
  it('is neither signed nor opened for writing', async () => {
    const { pool, home, signer } = await builtWorld();
    const outside = { folder: join(home, 'checkpoints'), publicKey: signer.publicKey };
    await (await openAccessLog({ pool, outside })).close();
    await asOwner(pool, ...yesterday);
    await expect(openAccessLog({ pool, outside })).rejects.toMatchObject({ code: 'LOG_TAMPERED' });
    await expect(publishCheckpoint({ pool, signer, folder: outside.folder })).rejects.toMatchObject({ code: 'LOG_TAMPERED' });
    await append(pool, 400);
    await expect(openAccessLog({ pool, outside })).rejects.toMatchObject({ code: 'LOG_TAMPERED' });
    await expect(publishCheckpoint({ pool, signer, folder: outside.folder })).rejects.toMatchObject({ code: 'LOG_TAMPERED' });
  });
});

/** 620 entries, checkpoints at 300 and 620, inside and outside. */
async function builtWorld(): Promise<World> {
  const database: TestDatabase = await testDatabase();
  const home = mkdtempSync(join(tmpdir(), 'yiwang-tamper-'));
  open.push(database.drop, () => rmSync(home, { recursive: true }));
  const signer = openSigner({ folder: join(home, 'key'), origin });
  const publish = (minute: number) => publishCheckpoint({ pool: database.pool, signer, folder: join(home, 'checkpoints'), now: () => new Date(Date.UTC(2026, 10, 22, 20, minute)) });
  const log = await openAccessLog({ pool: database.pool, flushEntries: 50 });
  for (const [from, to] of [[0, 250], [250, 300], [300, 500], [500, entriesBuilt]] as const) {
    await Promise.all(Array.from({ length: to - from }, (_, n) => log.append(entryOf(from + n))));
    if (to === 300) await publish(0);
  }
  await log.close();
  await publish(1);
  return { pool: database.pool, home, signer };
}
