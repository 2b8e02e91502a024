import { expect, test } from 'vitest';
import { allMigrations } from '../../base/migrate.ts';

/** What PostgreSQL 15, the oldest that DATABASE_URL may name, does not parse or know; the tests' own server is newer. */
const newer = /\bIS (NOT )?JSON\b|\bany_value\(|\bpg_input_is_valid\(|\barray_(sample|shuffle|sort|reverse)\(|\bJSON_(TABLE|EXISTS|QUERY|VALUE|SCALAR|SERIALIZE)\(|\bmerge_action\(|\buuidv[47]\(|\bRETURNING (OLD|NEW)\b|\bWITH (INHERIT|SET) (TRUE|FALSE)\b|[^\w.]\d+_\d/i;

test('migrations ask nothing of a database that PostgreSQL 15 has not', () => {
  const statements = (sql: string) => sql.replaceAll(/--.*$/gm, '').replaceAll(/'[^']*'/g, "''");
  expect(allMigrations().filter(({ sql }) => newer.test(statements(sql))).map(({ name }) => name)).toEqual([]);
});
