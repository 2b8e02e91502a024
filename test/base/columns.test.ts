import { afterAll, expect, test } from 'vitest';
import { arrayText, asColumns } from '../../base/columns.ts';
import { testDatabase } from '../postgres.ts';

const database = await testDatabase();
afterAll(() => database.drop());

const texts = ['', ' ', 'NULL', 'null', '{}', '{"a"}', 'a,b', 'a"b', 'a\\b', '\\"', "it's", '第一行\n第二行\t', '😀', null];

test('PostgreSQL reads each text as it was', async () => {
  const { rows } = await database.pool.query<{ texts: (string | null)[] }>('SELECT $1::text[] AS texts', [arrayText(texts)]);
  expect(rows[0]!.texts).toEqual(texts);
});

test('rows come back with their types, whatever their texts hold', async () => {
  const given = texts.map((text, index) => ({ n: index, text, list: [text, 'b', null], json: index === 0 ? 'a "string"' : { text, list: [] }, empty: [], flag: index % 2 === 0, at: index === 1 ? null : `2026-01-0${1 + (index % 9)}T08:00:00.123Z` }));
  const { names, source, values } = asColumns(given, { n: 'integer', list: 'text[]', json: 'jsonb', empty: 'text[]', flag: 'boolean', at: 'timestamptz' }, 2);
  const { rows } = await database.pool.query(`SELECT x.*, $1::text AS first FROM ${source} x ORDER BY n`, ['one', ...values]);
  expect(names).toEqual(['n', 'text', 'list', 'json', 'empty', 'flag', 'at']);
  expect(rows.map(({ at, first, ...row }) => ({ ...row, at: at === null ? null : new Date(at as string).toISOString() }))).toEqual(given);
  expect(new Set(rows.map((row) => row['first']))).toEqual(new Set(['one']));
});

test('a column of JSON holds nothing where nothing was given, first, last or alone', async () => {
  const { pool } = database;
  for (const given of [[null], [null, null], [null, { a: '第一行\n第二行' }, null], [{ quote: '"\\' }, null], [[], '', 'null', 0]]) {
    const { source, values } = asColumns(given.map((json, n) => ({ n, json })), { n: 'integer', json: 'jsonb' });
    const { rows } = await pool.query<{ json: unknown; isNull: boolean }>(`SELECT json, json IS NULL AS "isNull" FROM ${source} x ORDER BY n`, values);
    expect(rows).toEqual(given.map((json) => ({ json, isNull: json === null })));
  }
});
