import { expect, test } from 'vitest';
import { divisionChanges, divisions, divisionsUnder, parentCode } from '../../schema/divisions/divisions.ts';
import { isCreditCode, unitOf } from '../../schema/units.ts';

test('every division has its parent above it, and five tiers', () => {
  const all = divisions();
  expect(all.size).toBeGreaterThan(665_000);
  const above = { PROVINCE: null, CITY: 'PROVINCE', COUNTY: 'CITY', TOWNSHIP: 'COUNTY', VILLAGE: 'TOWNSHIP' } as const;
  let wrong = 0;
  for (const division of all.values()) {
    const parent = division.parent === null ? null : all.get(division.parent)?.tier;
    // 东莞 and a few others have no counties: their townships stand under the city.
    if (parent !== above[division.tier] && !(division.tier === 'TOWNSHIP' && parent === 'CITY')) wrong += 1;
    if (parentCode(division.code) !== division.parent) wrong += 1;
  }
  expect(wrong).toBe(0);
});

test('one county is read without the others', () => {
  const county = divisionsUnder(['620102']);
  expect(county.get('620102000000')).toEqual({ code: '620102000000', name: '城关区', tier: 'COUNTY', parent: '620100000000' });
  expect([...county.keys()].every((code) => code.startsWith('620102'))).toBe(true);
  expect(divisionsUnder(['99'])).toEqual(new Map());
});

test('下城区 and its streets lead to 拱墅区 since 2021', () => {
  const changes = divisionChanges().filter((change) => change.oldCode.startsWith('330103'));
  expect(changes).toHaveLength(9);
  for (const change of changes) {
    expect(change.newCode.startsWith('330105')).toBe(true);
    expect(change.effectiveOn.slice(0, 4)).toBe('2021');
    expect(divisions().get(change.newCode)?.name).toBe(change.newName);
  }
});

test('a unit that the map does not list has a valid credit code of its county, always the same', () => {
  const court = unitOf('COURT', '川0107');
  expect(court).toEqual(unitOf('COURT', '川0107'));
  expect(court.creditCode.startsWith('11510107')).toBe(true);
  expect(isCreditCode(court.creditCode)).toBe(true);
  expect(unitOf('AGENCY', '510107000012').creditCode).not.toBe(unitOf('RECEIVING_UNIT', '510107000012').creditCode);
});
