import { describe, expect, test } from 'vitest';
import { anomaliesOf, type UseRow } from '../../subgraphs/hub/anomalies.ts';

const workday = '2026-05-12 10';
const night = '2026-05-12 23';

function use(row: Partial<UseRow>): UseRow {
  return { viewer: 'v0', org: 'o1', department: 'MEDIATION', tier: 'TOWNSHIP', purpose: 'MEDIATION', hour: workday, operations: 1, records: 10, emergencies: 0, firstIndex: 1, lastIndex: 2, ...row };
}

const peers = Array.from({ length: 8 }, (_, index) => use({ viewer: `v${index}`, records: 20 + index }));
const kinds = (rows: readonly UseRow[]) => anomaliesOf(rows, []).map(({ kind, viewer }) => `${kind} ${viewer}`);

describe('what is unusual', () => {
  test('nothing where all read alike', () => {
    expect(anomaliesOf(peers, [])).toEqual([]);
  });

  test('of each kind, however many there are of another', () => {
    const emergencies = Array.from({ length: 250 }, (_, index) => use({ viewer: `e${index}`, emergencies: 1 }));
    const told = kinds([...emergencies, use({ viewer: 'late', hour: night, operations: 9 })]);
    expect(told.filter((one) => one.startsWith('FULL_WITHOUT_ASSIGNMENT'))).toHaveLength(200);
    expect(told).toContain('OUTSIDE_HOURS late');
  });

  test('one caller far above the peers of the same department, tier and purpose, hours added up', () => {
    const rows = [...peers, use({ viewer: 'x', records: 60, firstIndex: 7 }), use({ viewer: 'x', records: 60, hour: '2026-05-12 11', firstIndex: 5, lastIndex: 9 })];
    expect(anomaliesOf(rows, [])).toEqual([{ kind: 'FAR_ABOVE_PEERS', viewer: 'x', organization: 'o1', purpose: 'MEDIATION', count: 120, usualMax: 50, peers: 8, firstIndex: 5, lastIndex: 9 }]);
  });

  test('nobody is compared with another tier or purpose', () => {
    expect(kinds([...peers, use({ viewer: 'x', records: 120, tier: 'CITY' }), use({ viewer: 'y', records: 120, purpose: 'SUPERVISION' })])).toEqual([]);
  });

  test('with few peers only very much is unusual', () => {
    expect(kinds([use({ records: 240 }), use({ viewer: 'v1', records: 1 })])).toEqual([]);
    expect(kinds([use({ records: 260 }), use({ viewer: 'v1', records: 1 })])).toEqual(['FAR_ABOVE_PEERS v0']);
  });

  test('many subjects for one purpose', () => {
    const met = peers.map(({ viewer, org, purpose }, index) => ({ viewer, org, purpose, subjects: index === 3 ? 180 : 30 + index }));
    expect(anomaliesOf(peers, met)).toMatchObject([{ kind: 'MANY_SUBJECTS', viewer: 'v3', count: 180 }]);
  });

  test('reading at night or on a holiday, but not where a department works around the clock', () => {
    const nightly = use({ viewer: 'x', hour: night, operations: 4 });
    expect(kinds([...peers, nightly])).toEqual(['OUTSIDE_HOURS x']);
    expect(kinds([...peers, use({ viewer: 'x', hour: '2026-10-01 10', operations: 4 })])).toEqual(['OUTSIDE_HOURS x']); // National Day
    expect(kinds([...peers, use({ viewer: 'x', hour: night, operations: 3 })])).toEqual([]);
    expect(kinds([...peers.map((one, index) => ({ ...one, hour: index % 2 ? night : workday, operations: 1 })), nightly])).toEqual([]);
  });

  test('whatever was read in full in an emergency', () => {
    expect(kinds([...peers, use({ viewer: 'x', emergencies: 1 })])).toEqual(['FULL_WITHOUT_ASSIGNMENT x']);
  });
});
