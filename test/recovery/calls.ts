import type { Pool } from '../../base/db.ts';

/** A police source with so many calls, one in seven deleted and one in eleven no dispute, and three people of the register. */
export async function callSource(pool: Pool, calls: number): Promise<void> {
  await pool.query(`CREATE TABLE jcj_jjd (jjdbh varchar(30) PRIMARY KEY, bjsj timestamp, jjdw char(12), sfjf char(1), jflxdm varchar(4), fsdd varchar(200), xzqh char(12), bjrxm varchar(50), bjrdh varchar(30), jqjj text, yjzz char(1), gxsj timestamp(3), scbz char(1));
    CREATE TABLE rk_hj (rybh varchar(20) PRIMARY KEY, xm varchar(50), gxsj timestamp(3), scbz char(1));
    INSERT INTO rk_hj SELECT 'R' || n, '某甲', '2026-03-02', '0' FROM generate_series(1, 3) n`);
  await pool.query(
    `INSERT INTO jcj_jjd SELECT 'C' || n, '2026-03-02', '620102000000', CASE WHEN n % 11 = 0 THEN '0' ELSE '1' END, '02', '某路 ' || n, '620102001001', '某人' || n % 50, '1380013' || lpad((n % 100)::text, 4, '0'), 'text ' || n, (n % 2)::text,
       '2026-03-02 10:00:00'::timestamp + make_interval(secs => n * 7), CASE WHEN n % 7 = 0 THEN '1' ELSE '0' END FROM generate_series(1, $1) n`,
    [calls],
  );
}
