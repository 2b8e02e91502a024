import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { publishCheckpoint } from '../../audit/checkpoint.ts';
import { exportAccessLog } from '../../audit/export.ts';
import { openAccessLog } from '../../audit/log.ts';
import { openSigner } from '../../audit/signer.ts';
import { storedTree } from '../../audit/tiles.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';
import { services } from '../services.ts';
import { entryOf } from './entries.ts';

// Verifiers of other people: Go's sumdb/tlog and sumdb/note (Debian's golang-golang-x-mod-dev), and sigstore-js.
const goPath = '/usr/share/gocode';
const goReady = services().go && (existsSync(join(goPath, 'src/golang.org/x/mod/sumdb/tlog')) || process.env['YIWANG_TEST_SERVICES'] === 'required');
const { verifyMerkleInclusion } = createRequire(import.meta.url)('@sigstore/verify/dist/tlog/merkle.js') as {
  verifyMerkleInclusion: (entry: { inclusionProof: { logIndex: string; hashes: Buffer[] }; canonicalizedBody: Buffer }, checkpoint: { logSize: bigint; logHash: Buffer }) => void;
};

const home = mkdtempSync(join(tmpdir(), 'yiwang-verifiers-'));
const out = join(home, 'export');
const verifier = join(home, 'verifier');
const run = promisify(execFile);
let database: TestDatabase;
let older: { size: number; root: Buffer };

beforeAll(async () => {
  database = await testDatabase();
  const signer = openSigner({ folder: join(home, 'key'), origin: 'hub.example/access-log' });
  const log = await openAccessLog({ pool: database.pool });
  await Promise.all(Array.from({ length: 300 }, (_, n) => log.append(entryOf(n))));
  await publishCheckpoint({ pool: database.pool, signer, folder: join(home, 'checkpoints') });
  older = signer.lastSigned();
  await Promise.all(Array.from({ length: 320 }, (_, n) => log.append(entryOf(n))));
  await log.close();
  await publishCheckpoint({ pool: database.pool, signer, folder: join(home, 'checkpoints') });
  await exportAccessLog({ pool: database.pool, publicKey: signer.publicKey, out });
});
afterAll(async () => {
  await database.drop();
  rmSync(home, { recursive: true });
});

describe.runIf(goReady)('Go', () => {
  beforeAll(async () => {
    const source = fileURLToPath(new URL('verifier/main.go', import.meta.url));
    await run('go', ['build', '-o', verifier, source], { cwd: home, env: { ...process.env, GO111MODULE: 'off', GOPATH: goPath, GOCACHE: join(home, 'cache') } });
  });

  it('opens the checkpoint, proves every entry, and the older size', async () => {
    const { stdout } = await run(verifier, [out, String(older.size), older.root.toString('base64')]);
    expect(stdout).toBe('size 620 checked 620\n');
  });

  it.each([
    ['an entry', 'tile/entries/001', 5_000],
    ['a tile', 'tile/0/000', 77],
    ['the checkpoint', 'checkpoint', 30],
  ])('refuses an export in which %s was changed', async (_name, file, place) => {
    const whole = readFileSync(join(out, file));
    const changed = Buffer.from(whole);
    changed[place]! ^= 1;
    writeFileSync(join(out, file), changed);
    try {
      await expect(run(verifier, [out])).rejects.toMatchObject({ code: 1 });
    } finally {
      writeFileSync(join(out, file), whole);
    }
  });

  it('refuses an older root that is not part of the log', async () => {
    await expect(run(verifier, [out, String(older.size - 1), older.root.toString('base64')])).rejects.toMatchObject({ code: 1 });
  });
});

describe('sigstore-js', () => {
  it('accepts every inclusion proof of the log, and none for another entry', async () => {
    const tree = storedTree(database.pool);
    const checkpoint = { logSize: 620n, logHash: await tree.root(620) };
    const { rows } = await database.pool.query<{ index: number; bytes: Buffer }>('SELECT index, bytes FROM audit.entry ORDER BY index');
    for (const { index, bytes } of rows) {
      const inclusionProof = { logIndex: String(index), hashes: await tree.inclusion(index, 620) };
      expect(() => verifyMerkleInclusion({ inclusionProof, canonicalizedBody: bytes }, checkpoint)).not.toThrow();
      expect(() => verifyMerkleInclusion({ inclusionProof, canonicalizedBody: rows[(index + 1) % 620]!.bytes }, checkpoint)).toThrow(/does not match/);
    }
  });
});
