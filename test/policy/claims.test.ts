import { describe, expect, it } from 'vitest';
import { readClaims } from '../../policy/claims.ts';

const clerk = { sub: 's', client_id: 'c', kind: 'CLERK', org: '12620102MB0000001A', department: 'police', tier: 'COUNTY', division: '620102000000', purposes: ['MATTER_HANDLING', 'OTHER_SYSTEM'] };

describe('claims of a token', () => {
  it('become the hub’s names; purposes of other systems are dropped', () => {
    expect(readClaims(clerk)).toEqual({ kind: 'CLERK', sub: 's', clientId: 'c', org: '12620102MB0000001A', department: 'POLICE', tier: 'COUNTY', division: '620102000000', purposes: ['MATTER_HANDLING'], idNumber: null });
  });

  it('may leave department, tier and division to the organisation’s record', () => {
    expect(readClaims({ sub: 's', kind: 'CLERK', org: '12620102MB0000001A', department: 'NONE' })).toMatchObject({ department: null, tier: null, division: null, purposes: [], clientId: '' });
  });

  it.each(['constructor', '__proto__', 'toString'])('take the department `%s` for a name as any other', (department) => {
    expect(readClaims({ ...clerk, department }).department).toBe(department.toUpperCase());
  });

  it('take an ID number from residents only, and an organisation from everybody else', () => {
    expect(readClaims({ ...clerk, kind: 'RESIDENT', id_number: '62010219900307123x' })).toMatchObject({ idNumber: '62010219900307123X', org: null, department: null, tier: null, division: null });
    expect(readClaims({ ...clerk, id_number: '62010219900307123X' }).idNumber).toBeNull();
  });

  it.each([
    ['no kind', { ...clerk, kind: undefined }],
    ['an anonymous kind', { ...clerk, kind: 'ANONYMOUS' }],
    ['a kind of Object.prototype', { ...clerk, kind: 'constructor' }],
    ['no subject', { ...clerk, sub: undefined }],
    ['a short division', { ...clerk, division: '620102' }],
    ['a division with a wildcard', { ...clerk, division: '62%%%%%%%%%%' }],
    ['a tier of its own', { ...clerk, tier: 'COUNTRY' }],
    ['an org that is no credit code', { ...clerk, org: `x'; DROP` }],
    ['purposes as text', { ...clerk, purposes: 'AUDIT' }],
  ])('are refused with %s', (_, payload) => {
    expect(() => readClaims(payload)).toThrow(expect.objectContaining({ code: 'UNAUTHENTICATED' }));
  });

  it('never repeat a value in the message', () => {
    expect(() => readClaims({ ...clerk, kind: 'RESIDENT', id_number: '6201021990' })).toThrow(/`id_number`/);
    expect(() => readClaims({ ...clerk, kind: 'RESIDENT', id_number: '6201021990' })).not.toThrow(/6201021990/);
  });
});
