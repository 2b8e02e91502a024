import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, openSync, ftruncateSync, closeSync, readFileSync, readdirSync, renameSync, rmdirSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import iconv from 'iconv-lite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pullStream } from '../../connectors/pull.ts';
import { connectorOf, streamOf } from '../../connectors/registry.ts';
import { comparable, everything, keys, pull } from '../connectors/sample.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';
import { publishedTables, temporaryFolder } from './hub.ts';
import { workbook, zipped, type ZipPart } from './zip.ts';

const columns = ['名称', '统一社会信用代码', '类别', '状态', '更新时间'];
const rows = Array.from({ length: 30 }, (_, n) => [`调解委员会${n}`, `52620102MJ000000${String(n).padStart(2, '0')}`, '社会团体', '正常', '2026-03-01']);
const good = workbook([columns, ...rows]);
const mega = (n: number) => Buffer.alloc(n << 20, 0x20);
const hostile: Record<string, { bytes: Buffer; why: RegExp }> = {
  'a bomb of ratio 1000': { bytes: zipped([...good, { name: 'xl/sharedStrings.xml', data: mega(60) }]), why: /inflates/ },
  'many parts that are too much together': { bytes: zipped([...good, ...Array.from({ length: 70 }, (_, n) => ({ name: `docProps/${n}.bin`, data: Buffer.concat([randomBytes(20_000), mega(1)]) }))]), why: /inflates/ },
  'a part that says it is small': { bytes: zipped(good.map((part, index) => (index === 2 ? { ...part, data: mega(50), declaredBytes: 1_000 } : part))), why: /archive/ },
  'parts that share their bytes': { bytes: zipped([...good, ...Array.from({ length: 200 }, (_, n) => ({ name: `xl/worksheets/x${n}.xml`, data: good[2]!.data, sharesBytesOf: 2 }))]), why: /overlap/ },
  'a part twice': { bytes: zipped([...good, good[2]!]), why: /twice/ },
  '60,000 parts': { bytes: zipped([...good, ...Array.from({ length: 60_000 }, (_, n) => ({ name: `a${n}`, data: Buffer.alloc(0) }))]), why: /too many/ },
  'a part that climbs out': { bytes: zipped([...good, { name: '../../../../tmp/yiwang-slipped.xml', data: Buffer.from('x') }]), why: /archive/ },
  'an absolute part': { bytes: zipped([...good, { name: '/tmp/yiwang-slipped.xml', data: Buffer.from('x') }]), why: /archive/ },
  'a backslash that climbs out': { bytes: zipped([...good, { name: '..\\..\\yiwang-slipped.xml', data: Buffer.from('x') }]), why: /archive/ },
  'a wrong checksum': { bytes: zipped(good.map((part, index) => (index === 2 ? { ...part, crc: 1 } : part))), why: /checksum/ },
  'an encrypted part': { bytes: zipped(good.map((part) => ({ ...part, encrypted: true }))), why: /encrypted/ },
  'an encrypted workbook': { bytes: Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(4096)]), why: /encrypted/ },
  'half of an archive': { bytes: zipped(good).subarray(0, 500), why: /archive/ },
  'a sheet with a DTD': { bytes: zipped(sheet('<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><worksheet><sheetData><row><c><v>&b;</v></c></row></sheetData></worksheet>')), why: /DTD/ },
  'a sheet 100,000 deep': { bytes: zipped(sheet(`<worksheet><sheetData>${Array.from({ length: 100_000 }, (_, n) => `<a${n}>`).join('')}`)), why: /deeper/ },
};

function sheet(xml: string): ZipPart[] {
  return good.map((part, index) => (index === 2 ? { ...part, data: Buffer.from(xml) } : part));
}

function randomBytes(n: number): Buffer {
  return createHash('shake256', { outputLength: n }).update('parts').digest();
}

describe('a workbook of whatever kind', () => {
  it('is refused within a second and 64 MB, for what it is, and writes nothing anywhere', () => {
    const folder = temporaryFolder();
    const path = (name: string, bytes: Buffer) => {
      writeFileSync(join(folder, name), bytes);
      return join(folder, name);
    };
    const paths = Object.values(hostile).map(({ bytes }, index) => path(`${index}.xlsx`, bytes));
    const before = readdirSync('/tmp').filter((name) => name.includes('slipped'));
    const said = execFileSync(process.execPath, [join(import.meta.dirname, 'refuse-process.ts'), path('good.xlsx', zipped(good)), ...paths], { encoding: 'utf8', cwd: folder });
    const { outcomes, grownMb } = JSON.parse(said) as { outcomes: { ended: string; ms: number }[]; grownMb: number };
    Object.entries(hostile).forEach(([what, { why }], index) => {
      expect({ what, ended: outcomes[index]!.ended }).toEqual({ what, ended: expect.stringMatching(why) });
      expect(outcomes[index]!.ms, what).toBeLessThan(1_000);
    });
    expect(grownMb).toBeLessThan(64);
    expect(readdirSync('/tmp').filter((name) => name.includes('slipped'))).toEqual(before);
    expect(readdirSync(folder).sort()).toEqual([...paths.map((_, index) => `${index}.xlsx`), 'good.xlsx'].sort());
  });
});

describe('a delivery', () => {
  let hub: TestDatabase;
  let folder: string;
  beforeEach(async () => {
    hub = await testDatabase();
    folder = temporaryFolder();
  });
  afterEach(() => hub.drop());
  const env = () => ({ CIVIL_SOURCE_URL: pathToFileURL(folder).href });
  const deliver = (name: string, files: { name: string; stream: string; rows: number; bytes: Buffer; encoding: string }[], kind = 'INCREMENT') => {
    mkdirSync(join(folder, name));
    for (const file of files) writeFileSync(join(folder, name, file.name), file.bytes);
    writeFileSync(join(folder, name, 'manifest.json'), JSON.stringify({ kind, asOf: `${name.slice(0, 4)}-${name.slice(4, 6)}-${name.slice(6, 8)}T00:00:00+08:00`, files: files.map(({ bytes, ...file }) => ({ ...file, sha256: createHash('sha256').update(bytes).digest('hex') })) }));
  };
  const header = '业务编号,办理状态,更新时间,申请日期,申请人姓名';
  const line = (n: number, name = `某甲${n}`) => `A${n},受理,2026-03-01,2026-02-01,${name}`;
  const csv = (bytes: Buffer, encoding = 'GB18030', rowsDeclared = 3) => [{ name: 'jzsq_1.csv', stream: 'jzsq', rows: rowsDeclared, bytes, encoding }];
  const gb = (text: string) => iconv.encode(text, 'gb18030');

  it('with a hostile workbook is refused whole, holds up no later one, and is read when it is replaced', async () => {
    deliver('20260301', [{ name: 'shzz_1.xlsx', stream: 'shzz', rows: 30, bytes: zipped(good), encoding: 'binary' }]);
    await pull(hub.pool, 'civil', 'shzz', env());
    const before = await publishedTables(hub.pool);
    deliver('20260302', [{ name: 'shzz_1.xlsx', stream: 'shzz', rows: 30, bytes: hostile['a bomb of ratio 1000']!.bytes, encoding: 'binary' }, ...csv(gb(`${header}\n${line(1)}\n${line(2)}\n${line(3)}\n`))], 'SNAPSHOT');
    for (const stream of ['shzz', 'jzsq']) expect((await pull(hub.pool, 'civil', stream, env())).counts).toMatchObject({ offered: 0 });
    expect(await publishedTables(hub.pool)).toEqual(before);
    expect((await hub.pool.query('SELECT folder, state, reason FROM hub.delivery WHERE reason IS NOT NULL')).rows).toEqual([{ folder: '20260302', state: 'REFUSED', reason: expect.stringMatching(/^WORKBOOK_UNREADABLE: .*inflates/) }]);
    deliver('20260303', csv(gb(`${header}\n${line(4)}\n`), 'GB18030', 1));
    expect((await pull(hub.pool, 'civil', 'jzsq', env())).counts).toMatchObject({ published: 1 });
    const more = zipped(workbook([columns, ...rows, [...rows[0]!.slice(0, 1), '52620102MJ00000099', ...rows[0]!.slice(2)]]));
    writeFileSync(join(folder, '20260302', 'shzz_1.xlsx'), more);
    const manifest = join(folder, '20260302', 'manifest.json');
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace(createHash('sha256').update(hostile['a bomb of ratio 1000']!.bytes).digest('hex'), createHash('sha256').update(more).digest('hex')).replace('"rows":30', '"rows":31'));
    expect((await pull(hub.pool, 'civil', 'shzz', env())).counts).toMatchObject({ published: 1 });
    expect((await pull(hub.pool, 'civil', 'jzsq', env())).counts).toMatchObject({ published: 3 });
  });

  it.each([
    ['is no archive', [{ name: 'shzz_1.xlsx', stream: 'shzz', rows: 1, bytes: Buffer.from('no archive'), encoding: 'binary' }], /^WORKBOOK_UNREADABLE: .*archive/],
    ['breaks off in its last row', [{ name: 'shzz_1.xlsx', stream: 'shzz', rows: 600, bytes: brokenAtItsEnd(), encoding: 'binary' }], /^WORKBOOK_UNREADABLE/],
    ['is empty', csv(Buffer.from('\r\n')), /^FILE_EMPTY$/],
    ['is of an encoding that nobody knows', csv(gb(`${header}\n${line(1)}\n`), 'EBCDIC', 1), /^ENCODING_UNKNOWN$/],
  ])('with a file that %s is refused whole and holds up no later one', async (_, files, reason) => {
    deliver('20260301', files);
    deliver('20260302', [{ name: 'shzz_1.xlsx', stream: 'shzz', rows: 30, bytes: zipped(good), encoding: 'binary' }, ...csv(gb(`${header}\n${line(2)}\n`), 'cp936', 1)]);
    expect((await pull(hub.pool, 'civil', 'shzz', env())).counts).toMatchObject({ published: 30 });
    expect((await pull(hub.pool, 'civil', 'jzsq', env())).counts).toMatchObject({ published: 1 });
    expect((await hub.pool.query('SELECT state, reason FROM hub.delivery ORDER BY folder')).rows).toEqual([{ state: 'REFUSED', reason: expect.stringMatching(reason) }, { state: 'ACCEPTED', reason: null }]);
    expect(await comparable(hub.pool, 'civil', 'jzsq')).toMatchObject({ live: 1, quarantined: {} });
  });

  it.each([['no byte', Buffer.alloc(0)], ['an empty line', Buffer.from('\r\n')]])('with a file of %s that should hold no row is taken as one with a header only', async (_, bytes) => {
    deliver('20260301', [{ name: 'shzz_1.xlsx', stream: 'shzz', rows: 30, bytes: zipped(good), encoding: 'binary' }, ...csv(bytes, 'GB18030', 0)]);
    expect((await pull(hub.pool, 'civil', 'shzz', env())).counts).toMatchObject({ published: 30 });
    expect((await pull(hub.pool, 'civil', 'jzsq', env())).counts).toMatchObject({ offered: 0 });
    expect((await hub.pool.query('SELECT state, reason FROM hub.delivery')).rows).toEqual([{ state: 'ACCEPTED', reason: null }]);
  });

  it('of which a file is there and cannot be read is refused whole, holds up no later one, and is read when it can be', async () => {
    deliver('20260301', csv(gb(`${header}\n${line(1)}\n`), 'GB18030', 1));
    const [file, aside] = ['jzsq_1.csv', 'aside'].map((name) => join(folder, '20260301', name)) as [string, string];
    renameSync(file, aside);
    mkdirSync(file); // whoever tests may read every file
    deliver('20260302', csv(gb(`${header}\n${line(2)}\n`), 'GB18030', 1));
    expect((await pull(hub.pool, 'civil', 'jzsq', env())).counts).toMatchObject({ published: 1 });
    expect((await hub.pool.query('SELECT state, reason FROM hub.delivery ORDER BY folder')).rows).toEqual([{ state: 'REFUSED', reason: 'FILE_UNREADABLE' }, { state: 'ACCEPTED', reason: null }]);
    rmdirSync(file);
    renameSync(aside, file);
    expect((await pull(hub.pool, 'civil', 'jzsq', env())).counts).toMatchObject({ published: 1 });
  });

  it.each([
    ['was cleared away but for its manifest', (file: string) => rmSync(file)],
    ['holds something else by now', (file: string) => writeFileSync(file, gb(`${header}\n${line(7)}\n`))],
  ])('that comes late changes nothing that a snapshot settled of which the file %s, and holds up no later one', async (_, spoil) => {
    deliver('20260302', csv(gb(`${header}\n${line(1)}\n`), 'GB18030', 1), 'SNAPSHOT');
    await pull(hub.pool, 'civil', 'jzsq', env());
    spoil(join(folder, '20260302', 'jzsq_1.csv'));
    deliver('20260301', csv(gb(`${header}\n${line(1, '某乙')}\n${line(9)}\n`), 'GB18030', 2));
    deliver('20260303', csv(gb(`${header}\n${line(3)}\n`), 'GB18030', 1));
    expect((await pull(hub.pool, 'civil', 'jzsq', env())).counts).toMatchObject({ offered: 3, superseded: 2, published: 1 });
    expect((await hub.pool.query('SELECT record_key FROM hub.record ORDER BY 1')).rows.map((row) => row.record_key)).toEqual(['A1', 'A3']);
  });

  it('has rows with bad or cut bytes in quarantine with their byte offset, and the others published', async () => {
    const lines = [gb(`${header}\r\n`), gb(`${line(1)}\r\n`), Buffer.concat([gb('A2,受理,2026-03-01,2026-02-01,某'), Buffer.from([0x81, 0x20]), gb('\r\n')]), gb(`${line(3)}\r\n`), Buffer.concat([gb('A4,受理,2026-03-01,2026-02-01,某甲'), gb('乙').subarray(0, 1)])];
    deliver('20260301', csv(Buffer.concat(lines), 'GB18030', 4));
    await pull(hub.pool, 'civil', 'jzsq', env());
    const offset = (row: number) => lines.slice(0, row).reduce((sum, bytes) => sum + bytes.length, 0);
    expect((await hub.pool.query('SELECT reason, field, position, content FROM hub.quarantine ORDER BY id')).rows).toEqual([2, 4].map((row) => ({ reason: 'INVALID_BYTES', field: '申请人姓名', position: `jzsq_1.csv row ${row} byte ${offset(row)}`, content: null })));
    expect(await comparable(hub.pool, 'civil', 'jzsq')).toMatchObject({ live: 2 });
    expect(await everything(hub.pool)).not.toContain('\ufffd');
  });

  it('is read with a byte-order mark in either encoding; rows of a file of another encoding than it says are in quarantine, and its absence deletes nothing', async () => {
    deliver('20260301', csv(Buffer.concat([Buffer.from('efbbbf', 'hex'), Buffer.from(`${header}\n${line(1)}\n`)]), 'UTF-8', 1));
    deliver('20260302', csv(Buffer.concat([Buffer.from('84319533', 'hex'), gb(`${header}\n${line(2)}\n`)]), 'GB18030', 1));
    await pull(hub.pool, 'civil', 'jzsq', env());
    expect(await comparable(hub.pool, 'civil', 'jzsq')).toMatchObject({ live: 2, quarantined: {} });
    const before = await publishedTables(hub.pool);
    deliver('20260303', csv(Buffer.from(`${header}\n${line(3)}\n`), 'GB18030', 1), 'SNAPSHOT');
    deliver('20260304', csv(gb(`${header}\n${line(4)}\n`), 'UTF-8', 1));
    await pull(hub.pool, 'civil', 'jzsq', env());
    expect(await publishedTables(hub.pool)).toEqual(before);
    expect(await comparable(hub.pool, 'civil', 'jzsq')).toMatchObject({ live: 2, deleted: 0, quarantined: { INVALID_BYTES: 2 } });
    expect((await hub.pool.query('SELECT position, content, sample FROM hub.quarantine ORDER BY id')).rows).toEqual([3, 4].map(() => ({ position: expect.stringMatching(/^jzsq_1\.csv row 1 byte \d+$/), content: null, sample: null })));
  });

  it('with a cell of 64 KiB + 1 has that row in quarantine, one of 64 KiB published', async () => {
    deliver('20260301', csv(gb([header, line(1, 'x'.repeat(65_536)), line(2, 'x'.repeat(65_537)), line(3), ''].join('\n'))));
    await pull(hub.pool, 'civil', 'jzsq', env());
    expect(await comparable(hub.pool, 'civil', 'jzsq')).toMatchObject({ live: 2, quarantined: { TOO_LARGE: 1 } });
  });

  it('with a file over its limit is refused whole before it is read; one within it is streamed', async () => {
    const connector = await connectorOf('civil');
    const read = (fileBytesMax?: number) => pullStream({ pool: hub.pool, keys, connector, stream: streamOf(connector, 'jzsq'), runId: null, mode: 'INCREMENT', env: env(), now: () => new Date(0), ...(fileBytesMax ? { limits: { fileBytesMax } } : {}) });
    deliver('20260301', csv(gb(`${header}\n`), 'GB18030', 1));
    const path = join(folder, '20260301', 'jzsq_1.csv');
    sparse(path, 2 * 1024 ** 3 + 1);
    await read(); // one that was read would be refused for its hash
    expect((await hub.pool.query('SELECT state, reason FROM hub.delivery')).rows).toEqual([{ state: 'REFUSED', reason: 'FILE_TOO_LARGE' }]);

    // 120 MB without a line's end after its header: neither a row nor the file is ever whole in memory.
    const size = 120 << 20;
    const hash = createHash('sha256').update(gb(`${header}\n`));
    const left = size - gb(`${header}\n`).length;
    for (let done = 0; done < left; done += 1 << 20) hash.update(Buffer.alloc(Math.min(1 << 20, left - done)));
    writeFileSync(path, gb(`${header}\n`));
    sparse(path, size);
    writeFileSync(join(folder, '20260301', 'manifest.json'), JSON.stringify({ kind: 'INCREMENT', asOf: '2026-03-01T00:00:00+08:00', files: [{ name: 'jzsq_1.csv', stream: 'jzsq', rows: 1, sha256: hash.digest('hex'), encoding: 'GB18030' }] }));
    const before = process.memoryUsage().rss;
    let most = 0;
    const watching = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20);
    await read();
    clearInterval(watching);
    expect((await comparable(hub.pool, 'civil', 'jzsq'))['quarantined']).toEqual({ TOO_LARGE: expect.any(Number) });
    expect((most - before) / 2 ** 20).toBeLessThan(100);
  });
});

/** A sheet of more than a page whose last cell is not closed. */
function brokenAtItsEnd(): Buffer {
  const many = Array.from({ length: 600 }, (_, n) => [`协会${n}`, `52620102MJ0000${String(n).padStart(4, '0')}`, '社会团体', '正常', '2026-03-01']);
  return zipped(workbook([columns, ...many]).map((part, index) => (index === 2 ? { ...part, data: Buffer.from(part.data.toString().replace(/<\/c>(?=<\/row><\/sheetData>)/, '')) } : part)));
}

/** Lengthens a file without writing it. */
function sparse(path: string, bytes: number): void {
  const descriptor = openSync(path, 'r+');
  writeSync(descriptor, '');
  ftruncateSync(descriptor, bytes);
  closeSync(descriptor);
}
