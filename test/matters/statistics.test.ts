import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noiseOf, perturbed } from '../../matters/noise.ts';
import { cellsOf, percentOf, periodsOf, type CountedRecord } from '../../matters/statistics.ts';

const secret = Buffer.alloc(32, 3);
const rids = (n: number, prefix = 'r') => Array.from({ length: n }, (_, index) => `${prefix}${index}`);

describe('the noise of a count', () => {
  it('is the same for the same records however they are ordered, and another one for another secret', () => {
    fc.assert(fc.property(fc.uniqueArray(fc.string(), { minLength: 1 }), (keys) => {
      expect(noiseOf([...keys].reverse(), secret)).toBe(noiseOf(keys, secret));
    }));
    const sets = Array.from({ length: 200 }, (_, index) => rids(10, `${index}-`));
    expect(sets.map((set) => noiseOf(set, secret))).not.toEqual(sets.map((set) => noiseOf(set, Buffer.alloc(32, 4))));
  });

  it('is unbiased and at most 2', () => {
    const noises = Array.from({ length: 20_000 }, (_, index) => noiseOf([`set ${index}`], secret));
    expect(Math.max(...noises.map(Math.abs))).toBe(2);
    // Standard deviation about 1, so the mean of 20,000 lies within 0.03 but once in 20,000 seeds; this one is fixed.
    expect(Math.abs(noises.reduce((sum, noise) => sum + noise, 0) / noises.length)).toBeLessThan(0.03);
  });

  it('never shows 1 to 4, whatever the floor, and tells only `<k` below it', () => {
    for (let n = 0; n < 60; n += 1) {
      for (const floor of [0, 1, 3, 10, 20]) {
        const { text, value } = perturbed(rids(n), secret, floor);
        if (value === null) expect(text).toMatch(/^<\d+$/);
        else {
          expect(value).toBeGreaterThanOrEqual(5);
          expect(n).toBeGreaterThanOrEqual(floor);
          expect(Math.abs(value - n)).toBeLessThanOrEqual(2);
        }
      }
    }
    expect([9, 10].map((n) => perturbed(rids(n), secret, 10).value === null)).toEqual([true, false]);
  });

  it('the total minus the shown cells does not tell the hidden one', () => {
    const wrong = Array.from({ length: 300 }, (_, seed) => {
      const shown = [rids(30, `${seed}a`), rids(25, `${seed}b`)];
      const hidden = rids(6, `${seed}c`);
      const total = perturbed([...shown.flat(), ...hidden], secret, 10).value!;
      return total - shown.reduce((sum, set) => sum + perturbed(set, secret, 10).value!, 0) === hidden.length;
    });
    const right = wrong.filter(Boolean).length / wrong.length;
    expect(right).toBeLessThan(0.35);
  });
});

describe('the cells of a snapshot', () => {
  const record = (rid: string, more: Partial<CountedRecord> = {}): CountedRecord => ({ rid, code: 'DOCKING', division: '510107001003', category: '02', day: '2026-08-09', extra: 'POLICE', numerator: true, denominator: true, sensitive: false, ...more });
  const cells = (records: CountedRecord[]) => cellsOf(records, secret, () => true);

  it('are official divisions × category × period × one more dimension', () => {
    const found = cells(rids(12).map((rid) => record(rid)));
    expect(new Set(found.map((cell) => cell.division))).toEqual(new Set(['510000000000', '510100000000', '510107000000', '510107001000', '510107001003']));
    expect(new Set(found.map((cell) => cell.period))).toEqual(new Set(periodsOf('2026-08-09')));
    expect(periodsOf('2026-08-09')).toEqual(['*', '2026', '2026-Q3', '2026-08']);
    expect(found).toHaveLength(5 * 4 * 2 * 2);
    expect(found.every((cell) => /^\d+$/.test(cell.denominator))).toBe(true);
  });

  it('a sensitive topic has its own floor and no cell below the county', () => {
    expect(cells(rids(19).map((rid) => record(rid, { category: '01' }))).filter((cell) => cell.category === '01')).toEqual([]);
    const found = cells(rids(20).map((rid) => record(rid, { category: '01' }))).filter((cell) => cell.category === '01');
    expect(found.length).toBeGreaterThan(0);
    expect(found.every((cell) => /^\d+$/.test(cell.denominator) && cell.division.endsWith('000000'))).toBe(true);
    const minor = cells(rids(15).map((rid) => record(rid, { sensitive: true })));
    expect(minor.map((cell) => cell.division)).not.toContain('510107001000');
    expect(cells(rids(9).map((rid) => record(rid)))).toEqual([]);
  });

  it('parts are below their floors on their own', () => {
    const found = cells([...rids(40).map((rid, index) => record(rid, { numerator: index < 4 })), record('x', { denominator: false })]).find((cell) => cell.division === '510107000000' && cell.category === '*' && cell.period === '*' && cell.extra === '*')!;
    expect([found.numerator, Math.abs(Number(found.denominator) - 40) <= 2, Math.abs(Number(found.all_counted) - 41) <= 2]).toEqual(['<10', true, true]);
  });

  it('ratios are made of what is told', () => {
    expect([percentOf('82', '122'), percentOf('82', '313'), percentOf('<10', '122'), percentOf('1', '0'), percentOf('13', '12')]).toEqual(['67.2', '26.2', null, null, '100.0']);
  });
});
