import { hash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { publishCheckpoint } from '../../audit/checkpoint.ts';
import { exportAccessLog } from '../../audit/export.ts';
import { openAccessLog } from '../../audit/log.ts';
import { openSigner, type Signer } from '../../audit/signer.ts';
import { storedTree, tilePath } from '../../audit/tiles.ts';
import { emptyTree, grow } from '../../audit/tree.ts';
import { leafHash, merkleRoot, verifyConsistency, verifyInclusion } from '../../audit/merkle.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';
import { entryOf } from './entries.ts';
import { asOwner } from './forge.ts';

const home = mkdtempSync(join(tmpdir(), 'yiwang-export-'));
const start = Date.UTC(2026, 10, 22, 20);
const total = 600;
let database: TestDatabase;
let signer: Signer;

// 600 entries, one a second from 20:00 UTC; the checkpoint covers 590 of them.
beforeAll(async () => {
  database = await testDatabase();
  signer = openSigner({ folder: join(home, 'key'), origin: 'hub.example/access-log' });
  let clock = start;
  const log = await openAccessLog({ pool: database.pool, now: () => new Date((clock += 1_000)), flushEntries: 32 });
  await Promise.all(Array.from({ length: 590 }, (_, n) => log.append(entryOf(n))));
  await publishCheckpoint({ pool: database.pool, signer, folder: join(home, 'checkpoints') });
  await Promise.all(Array.from({ length: total - 590 }, (_, n) => log.append(entryOf(590 + n))));
  await log.close();
});
afterAll(async () => {
  await database.drop();
  rmSync(home, { recursive: true });
});

describe('an export', () => {
  it('has the layout of tlog-tiles, and its root can be computed from the entries alone', async () => {
    const out = join(home, 'all');
    expect(await exportAccessLog({ pool: database.pool, publicKey: signer.publicKey, out })).toEqual({ size: 590, firstIndex: 0, lastIndex: 589 });
    expect(filesIn(out)).toEqual(['checkpoint', 'export.json', 'log.vkey', 'tile/0/000', 'tile/0/001', 'tile/0/002.p/78', 'tile/1/000.p/2', 'tile/entries/000', 'tile/entries/001', 'tile/entries/002.p/78']);
    const leaves = ['000', '001', '002.p/78'].flatMap((name) => bundle(join(out, 'tile/entries', name))).map((bytes) => hash('sha256', Buffer.concat([Buffer.from([0]), bytes]), 'buffer'));
    expect(Buffer.concat(leaves.slice(0, 256))).toEqual(readFileSync(join(out, 'tile/0/000')));
    const [origin, size, root] = readFileSync(join(out, 'checkpoint'), 'utf8').split('\n');
    expect([origin, size, root]).toEqual(['hub.example/access-log', '590', merkleRoot(leaves).toString('base64')]);
    expect(readFileSync(join(out, 'log.vkey'), 'utf8')).toBe(`${signer.publicKey}\n`);
  });

  it('takes the bundles of a time only', async () => {
    const out = join(home, 'part');
    const done = await exportAccessLog({ pool: database.pool, publicKey: signer.publicKey, out, from: new Date(start + 300_000), to: new Date(start + 400_000) });
    expect(done.firstIndex).toBeGreaterThanOrEqual(290);
    expect(filesIn(join(out, 'tile/entries'))).toEqual(['001']);
    expect(filesIn(join(out, 'tile/0')).length).toBe(3);
    const none = await exportAccessLog({ pool: database.pool, publicKey: signer.publicKey, out: join(home, 'none'), from: new Date(start + 86_400_000) });
    expect(none).toEqual({ size: 590, firstIndex: null, lastIndex: null });
    expect(existsSync(join(home, 'none', 'tile/entries'))).toBe(false);
  });

  it('never overwrites, never exports under a wrong key, never exports a log that does not fit its checkpoint', async () => {
    await expect(exportAccessLog({ pool: database.pool, publicKey: signer.publicKey, out: home })).rejects.toMatchObject({ code: 'USAGE' });
    const other = openSigner({ folder: join(home, 'other'), origin: 'hub.example/access-log' });
    await expect(exportAccessLog({ pool: database.pool, publicKey: other.publicKey, out: join(home, 'x') })).rejects.toMatchObject({ code: 'LOG_TAMPERED' });
    const empty = await testDatabase();
    await expect(exportAccessLog({ pool: empty.pool, publicKey: signer.publicKey, out: join(home, 'y') })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await empty.drop();
    await asOwner(database.pool, 'UPDATE audit.tile SET hashes = set_byte(hashes, 5, get_byte(hashes, 5) # 1) WHERE level = 0 AND index = 0');
    await asOwner(database.pool, 'UPDATE audit.tile SET root = sha256(hashes) WHERE level = 0 AND index = 0');
    await expect(exportAccessLog({ pool: database.pool, publicKey: signer.publicKey, out: join(home, 'z') })).rejects.toMatchObject({ code: 'LOG_TAMPERED' });
    await asOwner(database.pool, 'UPDATE audit.tile SET hashes = set_byte(hashes, 5, get_byte(hashes, 5) # 1) WHERE level = 0 AND index = 0');
  });
});

describe('the stored tree', () => {
  it('proves entries and older sizes over two levels of tiles', { timeout: 60_000 }, async () => {
    const copy = await testDatabase();
    const leaves = Array.from({ length: 66_000 }, (_, n) => leafHash(Buffer.from(`entry ${n}`)));
    let tree = emptyTree;
    for (let from = 0; from < leaves.length; from += 1_000) {
      const own = leaves.slice(from, from + 1_000);
      const grown = grow(tree, own);
      tree = grown.tree;
      await copy.pool.query('INSERT INTO audit.batch (size, prev_size, root, leaves, writer) VALUES ($1, $2, $3, $4, $5)', [tree.size, from, Buffer.alloc(32), Buffer.concat(own), 'test']);
      for (const tile of grown.tiles) await copy.pool.query('INSERT INTO audit.tile (level, index, hashes, root) VALUES ($1, $2, $3, $4)', [tile.level, tile.index, tile.hashes, tile.root]);
    }
    const stored = storedTree(copy.pool);
    const roots = new Map([1, 255, 256, 257, 65_535, 65_536, 65_537, 65_999, 66_000].map((size) => [size, merkleRoot(leaves.slice(0, size))]));
    for (const [size, root] of roots) {
      expect(await stored.root(size)).toEqual(root);
      for (const index of [0, Math.floor(size / 2), size - 1]) {
        expect(verifyInclusion({ index, size, leaf: leaves[index]!, path: await stored.inclusion(index, size), root })).toBe(true);
        expect(await stored.leaf(index)).toEqual(leaves[index]);
      }
      for (const [first, firstRoot] of roots) if (first <= size) expect(verifyConsistency({ first, size, firstRoot, root, path: await stored.consistency(first, size) })).toBe(true);
    }
    await copy.drop();
  });

  it.each([
    [0, 0, 256, 'tile/0/000'],
    [1, 5, 17, 'tile/1/005.p/17'],
    [2, 1_234_067, 256, 'tile/2/x001/x234/067'],
    ['entries', 999, 256, 'tile/entries/999'],
    ['entries', 1_000, 1, 'tile/entries/x001/000.p/1'],
  ] as const)('names the tile %s, %d, %d as C2SP does', (level, index, width, path) => {
    expect(tilePath(level, index, width)).toBe(path);
  });
});

function filesIn(folder: string): string[] {
  const all = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return all.map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1)).sort();
}

function bundle(file: string): Buffer[] {
  const bytes = readFileSync(file);
  const entries: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt16BE(at);
    entries.push(bytes.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return entries;
}
