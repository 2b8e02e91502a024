import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { pairFinder } from '../../linkage/block.ts';
import { run } from '../../linkage/engine.ts';
import { linkTable } from '../../linkage/link.ts';
import { modelJsonSchema, modelSchema, type Model } from '../../linkage/model.ts';
import { shippedModels } from '../../linkage/models/shipped.ts';
import { Standardiser } from '../../linkage/standardised.ts';
import { column, valuesAt, type Column, type Table } from '../../linkage/table.ts';
import { checkModel } from '../../linkage/check-model.ts';

const folder = mkdtempSync(join(tmpdir(), 'link-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const model: Model = {
  name: 'books',
  version: '1',
  idColumn: 'isbn',
  fields: { title: { columns: ['title'], kind: 'text' }, author: { columns: ['author'], kind: 'text' }, year: { columns: ['year'], kind: 'digits', optional: true }, shelf: { columns: ['shelf'], kind: 'text', optional: true } },
  blocking: [
    { name: 'title', columns: ['title'] },
    { name: 'author and year', columns: ['author', 'year'] },
  ],
  comparisons: ['title', 'author'].map((column) => ({
    name: column,
    levels: [
      { label: 'missing', when: { kind: 'missing', columns: [column] }, neutral: true },
      { label: 'same', when: { kind: 'same', column } },
      { label: 'near', when: { kind: 'similar', column, measure: 'jaro_winkler', limit: 0.85 } },
      { label: 'else', when: { kind: 'else' } },
    ],
  })),
  threshold: 0.9,
};

describe('linking CSV files', () => {
  test('spellings of one book meet; source is the base name, every row is there once', async () => {
    const left = file('left.csv', ['isbn,title,author,year', ...books(40).map((book, n) => `L${n},${book}`)]);
    const right = file('right.csv', ['isbn,title,author,year', ...books(40).map((book, n) => `R${n},${book.replace('river', 'rivre')}`)]);
    const { clusters, entities } = await linkTable({ model: { ...model, pairs: 'across' }, inputs: [left, right] });
    expect(clusters).toHaveLength(80);
    expect(new Set(clusters.map((row) => row.source))).toEqual(new Set(['left.csv', 'right.csv']));
    const entityOf = new Map(clusters.map((row) => [row.id, row.entity]));
    expect(books(40).every((_, n) => entityOf.get(`L${n}`) === entityOf.get(`R${n}`))).toBe(true);
    expect(entities).toBe(40);
  });

  test('a byte-order mark, CR LF, quoted commas, quotes and newlines, blanks around cells, empty lines and cells of 64 KiB are CSV', async () => {
    const long = 'x'.repeat(64 << 10);
    const path = file('odd.csv', []);
    writeFileSync(path, `\ufeffisbn , title,"author",shelf\r\n"1,a", "The ""river""\r\nin winter" ,writer aaaaa,${long}\r\n\r\n2 ,the river in winter,writer aaaaa,\r\n3,island of copper,,"${long}"`);
    const { clusters } = await linkTable({ model, inputs: [path] });
    expect(clusters).toEqual([{ source: 'odd.csv', id: '1,a', entity: 'E1' }, { source: 'odd.csv', id: '2', entity: 'E2' }, { source: 'odd.csv', id: '3', entity: 'E3' }]);
  });

  test('the same inputs give the same clusters', async () => {
    const input = file('twice.csv', ['isbn,title,author,year', ...[...books(40), ...books(20)].map((book, n) => `${n},${book}`)]);
    const [one, two] = [await linkTable({ model, inputs: [input] }), await linkTable({ model, inputs: [input] })];
    expect(two.clusters).toEqual(one.clusters);
  });

  test('a stored model links without training', async () => {
    const input = file('stored.csv', ['isbn,title,author,year', ...[...books(40), ...books(20)].map((book, n) => `${n},${book}`)]);
    const first = await linkTable({ model, inputs: [input] });
    const again = await linkTable({ model, inputs: [input], trained: first.trained });
    expect(again.clusters).toEqual(first.clusters);
    const stored = modelSchema.parse(JSON.parse(JSON.stringify({ ...model, trained: first.trained })));
    expect((await linkTable({ model: stored, inputs: [input] })).trained).toEqual(first.trained);
    const misfit = { ...stored, comparisons: stored.comparisons.slice(0, 1) };
    await expect(linkTable({ model: misfit, inputs: [input] })).rejects.toMatchObject({ code: 'USAGE' });
  });
});

test('a second thread that takes batches as they come gives the same columns', async () => {
  const values = Array.from({ length: 20_000 }, (_, n) => `1380${String(n * 13).padStart(7, '0')}${n % 3 === 0 ? `、1390${String(n % 7000).padStart(7, '0')}` : n % 5 === 0 ? '9' : ''}`);
  const codes = Int32Array.from({ length: 20_001 }, (_, row) => (row === 5 ? -1 : (row * 7) % 20_000));
  const columnsFrom = async (threadFrom: number): Promise<Map<string, Column>> => {
    const standardiser = new Standardiser([{ name: 'phone', kind: 'phone_cn', ends: ['', '.suspect'] }, { name: 'name', kind: 'name_cn', ends: ['.surname'] }], threadFrom);
    try {
      for (let from = 0; from < values.length; from += 1_500) standardiser.add({ field: 0, values: values.slice(from, from + 1_500) });
      standardiser.add({ field: 1, values: ['王小明', '欧阳修'] });
      return await standardiser.columns([codes, codes.map((_, row) => row % 2)]);
    } finally {
      standardiser.close();
    }
  };
  const [alone, shared] = [await columnsFrom(Infinity), await columnsFrom(4_000)];
  expect([...shared.keys()].sort()).toEqual(['name.surname', 'phone', 'phone.suspect']);
  for (const [name, own] of alone) for (let row = 0; row < codes.length; row += 1) expect(valuesAt(shared.get(name)!, row)).toEqual(valuesAt(own, row));
  expect(valuesAt(alone.get('phone')!, 5)).toEqual([]);
  expect(valuesAt(alone.get('phone')!, 6)).toEqual(['+8613800000546', '+8613900000042']);
  expect(valuesAt(alone.get('name.surname')!, 1)).toEqual(['欧阳']);
});

test('clustering is told of any two rows what scoring them gives, candidates or not', () => {
  const titles = books(30).map((book) => book.split(',')[0]!);
  const of = (values: readonly string[]) => column(60, (row) => values[row % 30]!);
  const table: Table = { rows: 60, columns: new Map([['title', of(titles)], ['author', of(titles.map((title) => title.slice(0, 5)))], ['year', column(60, () => null)], ['shelf', column(60, () => null)]]), inputs: new Uint8Array(60) };
  const found = run(model, table);
  expect(found.candidates).toBeGreaterThan(0);
  for (let i = 0; i < 60; i += 1) for (let j = 0; j < 60; j += 1) if (i !== j) expect(found.evidence(i, j)).toBe(found.score.weight(i, j) - found.score.prior);
});

test('a pair is found where it stands, either row first, and no other is', () => {
  const place = pairFinder({ count: 5, left: Int32Array.of(0, 0, 0, 2, 3), right: Int32Array.of(1, 3, 6, 3, 6) }, 7);
  expect([place(0, 1), place(3, 0), place(0, 6), place(3, 2), place(6, 3)]).toEqual([0, 1, 2, 3, 4]);
  expect([place(0, 2), place(1, 3), place(2, 6), place(6, 5)]).toEqual([-1, -1, -1, -1]);
});

describe('bad input is refused before work starts', () => {
  test.each([
    ['an empty file', [''], /`bad.csv` is empty/],
    ['a header alone', ['isbn,title,author'], /no rows/],
    ['a missing column', ['isbn,title', '1,a'], /lacks the column `author`/],
    ['a missing id column', ['title,author', 'a,b'], /lacks the column `isbn`/],
    ['duplicate ids', ['isbn,title,author', '1,a,b', '2,a,c', '1,d,e'], /rows 2 and 4 of `bad.csv` have the same `isbn`/],
    ['a row without an id', ['isbn,title,author', '1,a,b', ',a,c'], /row 3 .* has no `isbn`/],
    ['a broken quote', ['isbn,title,author', '1,"a,b'], /cannot be read as CSV/],
    ['a row with a cell too many', ['isbn,title,author', '1,a,b,c'], /cannot be read as CSV, near line 2/],
    ['a header that names a column twice', ['isbn,title,author,title', '1,a,b,c'], /names the column `title` twice/],
    ['text after a closing quote', ['isbn,title,author', '1,"a"x,b'], /cannot be read as CSV, near line 2/],
    ['a quote inside a bare cell', ['isbn,title,author', '1,a,b', '2,a"b,c'], /cannot be read as CSV, near line 3/],
    ['a record of more than 1 MiB', ['isbn,title,author', `1,"${'x'.repeat((1 << 20) + 9)}`], /cannot be read as CSV, near line 2/],
    ['a header in another encoding', ['isbn,\ufffd\ufffd,author', '1,a,b'], /not valid UTF-8/],
  ])('%s', async (_, lines, message) => {
    await expect(linkTable({ model, inputs: [file('bad.csv', lines)] })).rejects.toMatchObject({ code: 'DATASET_INVALID', hint: expect.stringMatching(message) });
  });

  test('bytes that are not UTF-8', async () => {
    const path = file('gb.csv', ['isbn,title,author']);
    writeFileSync(path, Buffer.concat([Buffer.from('isbn,title,author\n1,'), Buffer.from([0xc8, 0xcb]), Buffer.from(',b\n')]));
    await expect(linkTable({ model, inputs: [path] })).rejects.toMatchObject({ hint: expect.stringContaining('not valid UTF-8') });
  });

  test('two inputs of one name', async () => {
    const path = file('same.csv', ['isbn,title,author', '1,a,b']);
    await expect(linkTable({ model, inputs: [path, path] })).rejects.toMatchObject({ hint: expect.stringContaining('same file name') });
  });

  test('a blocking rule that would compare everything, with the number of comparisons', async () => {
    const input = file('boundless.csv', ['isbn,title,author,shelf', ...books(100).map((_, n) => `${n},t${n},a${n},fiction`)]);
    const boundless = { ...model, blocking: [{ name: 'shelf', columns: ['shelf'] }] };
    await expect(linkTable({ model: boundless, inputs: [input] })).rejects.toMatchObject({ code: 'DATASET_INVALID', hint: expect.stringMatching(/`shelf` would compare nearly everything: 4950 comparisons/) });
  });

  test('a model that names a column it does not have', async () => {
    const wrong = { ...model, blocking: [{ name: 'publisher', columns: ['publisher'] }] };
    await expect(linkTable({ model: wrong, inputs: [file('any.csv', ['isbn,title,author', '1,a,b'])] })).rejects.toMatchObject({ code: 'USAGE', hint: expect.stringContaining('`publisher`') });
  });
});

describe('models', () => {
  test.each(Object.keys(shippedModels))('%s is valid, survives JSON and names only its own columns', (name) => {
    const shipped = JSON.parse(JSON.stringify(shippedModels[name]));
    expect(modelSchema.parse(shipped)).toEqual(shipped);
    expect(() => checkModel(shipped)).not.toThrow();
  });

  test('the printed schema is JSON Schema', () => {
    expect(modelJsonSchema()).toMatchObject({ $schema: expect.stringContaining('json-schema.org'), type: 'object', required: expect.arrayContaining(['idColumn', 'blocking', 'comparisons']) });
    expect(modelSchema).toBeInstanceOf(z.ZodType);
  });
});

function file(name: string, lines: readonly string[]): string {
  const path = join(folder, name);
  writeFileSync(path, lines.join('\n'));
  return path;
}

/** Books that differ in every word. */
function books(count: number): string[] {
  const words = ['river', 'stone', 'winter', 'harbour', 'letters', 'garden', 'copper', 'island'];
  return Array.from({ length: count }, (_, n) => `${words[n % 8]} ${words[(n * 3 + 1) % 8]} of ${String.fromCharCode(97 + (n % 26)).repeat(4)}${n},writer ${String.fromCharCode(97 + ((n * 7) % 26)).repeat(5)}${n},${1900 + n}`);
}
