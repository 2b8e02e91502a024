import type { Pool } from '../../base/db.ts';

/** The same landed rows, written by `COPY` into a table with the same columns and index: how fast this PostgreSQL can take them at all. */
export async function copySeconds(pool: Pool): Promise<{ rows: number; seconds: number }> {
  const client = await pool.connect();
  try {
    await client.query("COPY hub.landed TO PROGRAM 'cat > landed.copy'"); // in the server's own folder
    await client.query('CREATE TABLE public.copied (LIKE hub.landed INCLUDING ALL)');
    const seconds: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      await client.query('TRUNCATE public.copied');
      await client.query('CHECKPOINT');
      const start = performance.now();
      await client.query("COPY public.copied FROM PROGRAM 'cat landed.copy'");
      seconds.push((performance.now() - start) / 1000);
    }
    const { rows } = await client.query<{ n: number }>('SELECT count(*)::int AS n FROM public.copied');
    await client.query('DROP TABLE public.copied');
    await client.query("COPY (SELECT 1) TO PROGRAM 'rm landed.copy'");
    return { rows: rows[0]!.n, seconds: seconds.sort((a, b) => a - b)[Math.floor(runs / 2)]! };
  } finally {
    client.release();
  }
}

const runs = 3;
