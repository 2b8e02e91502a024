import { describe, expect, it } from 'vitest';
import { scalars } from '../../subgraphs/scalars.ts';

const refused = expect.objectContaining({ extensions: { code: 'BAD_REQUEST' } });

describe('DateTime', () => {
  it.each([
    ['2026-02-28T00:00:00Z', '2026-02-28T00:00:00.000Z'],
    ['2024-02-29T08:00:00.5+08:00', '2024-02-29T00:00:00.500Z'],
    ['2026-03-01T07:59:59+08:00', '2026-02-28T23:59:59.000Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59Z', '9999-12-31T23:59:59.000Z'],
  ])('%s is read', (text, read) => {
    expect((scalars.DateTime.parseValue(text) as Date).toISOString()).toBe(read);
  });

  it.each(['2026-02-31T00:00:00Z', '2026-02-29T00:00:00Z', '2026-04-31T12:00:00+08:00', '2026-13-01T00:00:00Z', '2026-01-00T00:00:00Z', '0000-01-01T00:00:00Z', '0001-01-01T00:00:00+08:00', '9999-12-31T23:59:59-23:59', '2026-09-01T24:00:00Z', '2026-09-01T00:00:00+99:99', '2026-09-01T00:00:00', '2026-09-01 00:00:00Z', '2026-09-01'])('%s is none', (text) => {
    expect(() => scalars.DateTime.parseValue(text)).toThrow(refused);
  });
});

describe('Date', () => {
  it.each(['2026-02-28', '2024-02-29', '0001-01-01', '9999-12-31'])('%s is read', (text) => {
    expect(scalars.Date.parseValue(text)).toBe(text);
  });

  it.each(['2026-02-31', '2023-02-29', '0000-01-01', '2026-00-10', '2026-1-1', '2026-09-01T00:00:00Z'])('%s is none', (text) => {
    expect(() => scalars.Date.parseValue(text)).toThrow(refused);
  });
});
