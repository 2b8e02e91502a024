import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { openCheckpoint } from '../../audit/checkpoint-text.ts';
import { newestCheckpoint, publishCheckpoint, publishCheckpoints } from '../../audit/checkpoint.ts';
import { openAccessLog } from '../../audit/log.ts';
import { newestOutside, outsideNotes } from '../../audit/outside.ts';
import { openSigner } from '../../audit/signer.ts';
import type { YiwangError } from '../../base/errors.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';
import { entryOf } from './entries.ts';
import { asOwner } from './forge.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

describe('publishing checkpoints', () => {
  it('signs the empty log, then what grew, in the database and outside', async () => {
    const { pool, folder, signer } = await opened();
    const log = await openAccessLog({ pool });
    closing.push(log.close);
    expect((await publishCheckpoint({ pool, signer, folder }))!.size).toBe(0);
    for (let n = 0; n < 300; n += 100) {
      await Promise.all(Array.from({ length: 100 }, () => log.append(entryOf(n))));
      expect((await publishCheckpoint({ pool, signer, folder }))!.size).toBe(n + 100);
    }
    const newest = await newestCheckpoint(pool, signer.publicKey);
    expect(newest!.head.size).toBe(300);
    expect(newestOutside(folder, signer.publicKey)).toEqual(newest!.head);
    expect(openCheckpoint(readFileSync(join(folder, 'checkpoint'), 'utf8'), signer.publicKey)!.size).toBe(300);
    expect(readdirSync(folder).sort().at(-1)).toBe('checkpoint');
    expect(outsideNotes(folder).length).toBeGreaterThanOrEqual(2);
  });

  it('follows a growing log, and is quiet while nothing happens', async () => {
    const { pool, folder, signer } = await opened();
    const log = await openAccessLog({ pool });
    closing.push(log.close);
    const publisher = publishCheckpoints({ pool, signer, folder, busyEveryMs: 50, idleEveryMs: 600 });
    closing.push(publisher.close);
    await log.append(entryOf(1));
    const published = async () => (await pool.query<{ at: Date }>('SELECT at FROM audit.checkpoint WHERE size = 1 ORDER BY at')).rows.map(({ at }) => new Date(at).getTime());
    await expect.poll(async () => (await published()).length).toBeGreaterThanOrEqual(2);
    const [first, second] = await published();
    expect(second! - first!).toBeGreaterThanOrEqual(550); // the minute of the idle log: not every time it looks
    await publisher.close();
    await log.append(entryOf(2));
    await sleep(150);
    expect(newestOutside(folder, signer.publicKey)!.size).toBe(1);
  });

  it('stops and says so when the log was changed', async () => {
    const { pool, folder, signer } = await opened();
    const log = await openAccessLog({ pool });
    await Promise.all([1, 2, 3].map((n) => log.append(entryOf(n))));
    await log.close();
    await publishCheckpoint({ pool, signer, folder });
    await asOwner(pool, 'DELETE FROM audit.batch');
    const told = new Promise<YiwangError>((resolve) => closing.push(publishCheckpoints({ pool, signer, folder, busyEveryMs: 20, tampered: resolve }).close));
    expect((await told).code).toBe('LOG_TAMPERED');
  });

  it('publishes once when two processes try', async () => {
    const { pool, folder, signer } = await opened();
    const blocker = await pool.connect();
    await blocker.query('BEGIN');
    await blocker.query('SELECT pg_advisory_xact_lock(7957879002)');
    expect(await publishCheckpoint({ pool, signer, folder })).toBeNull();
    await blocker.query('COMMIT');
    blocker.release();
    expect(await publishCheckpoint({ pool, signer, folder })).not.toBeNull();
  });

  it('holds the log to the one of the last minute where the newest was taken away', async () => {
    const { pool, signer, folder } = await opened();
    const log = await openAccessLog({ pool });
    await log.append(entryOf(0));
    await log.close();
    await publishCheckpoint({ pool, signer, folder });
    rmSync(join(folder, 'checkpoint'));
    expect(newestOutside(folder, signer.publicKey)).toMatchObject({ size: 1 });
    expect(() => newestOutside(folder, openSigner({ folder: `${folder}-other`, origin: 'hub.example/access-log' }).publicKey)).toThrow();
  });

  it('does not pass a folder without checkpoints for one that agrees with everything by accident', async () => {
    const { signer, folder } = await opened();
    expect(existsSync(folder)).toBe(false);
    expect(newestOutside(folder, signer.publicKey)).toBeNull();
    expect(outsideNotes(folder)).toEqual([]);
  });
});

async function opened() {
  const database: TestDatabase = await testDatabase();
  const home = mkdtempSync(join(tmpdir(), 'yiwang-checkpoint-'));
  closing.push(() => rmSync(home, { recursive: true }), database.drop);
  return { pool: database.pool, folder: join(home, 'checkpoints'), signer: openSigner({ folder: join(home, 'key'), origin: 'hub.example/access-log' }) };
}
