import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { projectRoot } from '../../base/departments.ts';
import type { Row, Stream } from '../../connectors/contract.ts';
import { connectors } from '../../connectors/registry.ts';
import { misshapenField } from '../../connectors/shape.ts';

const cases = [...(await connectors()).values()].flatMap(({ department, streams }) => {
  const samples = JSON.parse(readFileSync(join(projectRoot(), 'connectors', department, 'samples.json'), 'utf8')) as { stream: string; ends: string; row: Row }[];
  return streams.map((stream) => ({ department, stream, rows: samples.filter((one) => one.stream === stream.name && one.ends === 'LIVE').map(({ row }) => withEvent(stream, row)) }));
});

function withEvent(stream: Stream, row: Row): Row {
  return Object.hasOwn(stream.shape.shape, 'eventType') ? { eventType: 'cn.gov.12345.ticket.updated', ...row } : row;
}

describe.each(cases)('the shape of $department $stream.name', ({ stream, rows }) => {
  it('is what zod says of it, whatever a field holds', () => {
    const fields = [...Object.keys(stream.shape.shape), '别的'];
    const value = fc.oneof(fc.constantFrom(null, undefined, '', 'x', 0, -1.5, Number.NaN, Number.POSITIVE_INFINITY, true, [], {}, [null], [undefined], [true], { name: true }, { kind: 1 }, 12n), fc.anything({ maxDepth: 3 }));
    let refused = 0;
    fc.assert(
      fc.property(fc.constantFrom(...rows), fc.array(fc.tuple(fc.constantFrom(...fields), value), { maxLength: 3 }), fc.option(fc.constantFrom(...fields)), (row, changes, without) => {
        const other: Row = { ...row, ...Object.fromEntries(changes) };
        if (without !== null) delete other[without];
        const parsed = stream.shape.safeParse(other);
        const expected = parsed.success ? null : String(parsed.error.issues[0]?.path[0] ?? '');
        if (expected !== null) refused += 1;
        expect(misshapenField(stream, other)).toBe(expected);
      }),
      { numRuns: 2_000, seed: 20261130 },
    );
    expect(refused).toBeGreaterThan(100);
  });

  it('is told of a usual row without zod', () => {
    const asked = vi.spyOn(stream.shape, 'safeParse');
    try {
      for (const row of rows) expect(misshapenField(stream, row)).toBeNull();
      expect(rows.length).toBeGreaterThan(0);
      expect(asked).not.toHaveBeenCalled();
    } finally {
      asked.mockRestore();
    }
  });
});
