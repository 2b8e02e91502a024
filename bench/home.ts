import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeHome } from '../base/embedded-place.ts';
import { startEmbeddedPostgres } from '../base/embedded.ts';

/** A home of its own with an embedded server, for one bench; nothing of it is left. `fill` runs before the server starts. */
export async function inBenchHome<T>(name: string, fill: (home: string) => void, work: (home: string, databaseUrl: string) => Promise<T>): Promise<T> {
  const home = mkdtempSync(join(tmpdir(), `yiwang-bench-${name}-`));
  try {
    return await inHome(home, work, fill);
  } finally {
    removeHome(home);
  }
}

/** The same in a home that is there, and stays. */
export async function inHome<T>(home: string, work: (home: string, databaseUrl: string) => Promise<T>, fill: (home: string) => void = () => undefined): Promise<T> {
  const before = process.env['YIWANG_HOME'];
  process.env['YIWANG_HOME'] = home;
  try {
    fill(home);
    const server = await startEmbeddedPostgres({ home });
    try {
      return await work(home, server.url);
    } finally {
      await server.stop();
    }
  } finally {
    if (before === undefined) delete process.env['YIWANG_HOME'];
    else process.env['YIWANG_HOME'] = before;
  }
}
