import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../../base/departments.ts';
import { alike } from '../../connectors/alike.ts';
import type { Row, Stream } from '../../connectors/contract.ts';
import { mapRecord } from '../../connectors/map.ts';
import { connectors } from '../../connectors/registry.ts';
import { keys } from './sample.ts';

const cases = await rowsByStream();

/** What is published of a row, as its hash is made of (connectors/fold.ts). */
function columns(stream: Stream, row: Row, restricted: boolean): string {
  const { record, detail, mentions, assignments, units, organization, thing } = mapRecord(stream, row, keys, restricted);
  return JSON.stringify({ record, detail, mentions, assignments, units, organization, thing });
}

describe.each(cases)('versions of $department $stream.name', ({ stream, rows }) => {
  it('are alike exactly where they become the same columns, whatever field differs and however it is written', () => {
    const fields = [...new Set(rows.flatMap((row) => Object.keys(row)))];
    const values = fields.map((field) => fc.constantFrom(...spellings(rows.map((row) => row[field]))));
    let same = 0;
    let different = 0;
    fc.assert(
      fc.property(fc.constantFrom(...rows), fc.array(fc.nat(fields.length - 1).chain((at) => values[at]!.map((value) => [fields[at]!, value] as const)), { maxLength: 3 }), fc.boolean(), (row, changes, restricted) => {
        const other = { ...row, ...Object.fromEntries(changes) };
        const isSame = columns(stream, row, restricted) === columns(stream, other, restricted);
        if (isSame) same += 1;
        else different += 1;
        expect(alike(stream, row, other, keys, restricted)).toBe(isSame);
        expect(alike(stream, other, row, keys, restricted)).toBe(isSame);
      }),
      { numRuns: 2_000, seed: 20261130 },
    );
    expect([same > 100, different > 100]).toEqual([true, true]);
  });
});

/** Each value as it is and as other hands write it: some of these are the same when they are read, some are not. */
function spellings(values: readonly unknown[]): unknown[] {
  const written = values.flatMap((value) => {
    if (typeof value === 'string') return [value, ` ${value}`, `${value} `, value.replaceAll(/\d/g, (digit) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0)), `${value}1`, value.toUpperCase()];
    if (Array.isArray(value)) return [value, [...value].reverse(), value.slice(1), [...value, ...value.slice(0, 1)]];
    if (typeof value === 'object' && value !== null) return [value, Object.fromEntries(Object.entries(value).reverse()), ...Object.keys(value).flatMap((name) => [{ ...value, [name]: null }, { ...value, [name]: ` ${String((value as Row)[name])}` }])];
    return [value];
  });
  return [...written, null, undefined, '', '无', '2024-02-30', '2010-05-06 07:08:09', 5, true, false];
}

interface Sample {
  stream: string;
  ends: string;
  row: Row;
}

async function rowsByStream(): Promise<{ department: string; stream: Stream; rows: Row[] }[]> {
  return [...(await connectors()).values()].flatMap(({ department, streams }) => {
    const samples = JSON.parse(readFileSync(join(projectRoot(), 'connectors', department, 'samples.json'), 'utf8')) as Sample[];
    return streams.map((stream) => ({ department, stream, rows: samples.filter((one) => one.stream === stream.name && one.ends === 'LIVE').map((one) => one.row) }));
  });
}
