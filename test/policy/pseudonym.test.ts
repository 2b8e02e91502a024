import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pseudonyms } from '../../policy/pseudonym.ts';
import { resident, viewer } from './viewers.ts';

const { pseudonym, entityKey } = pseudonyms(Buffer.alloc(32, 3));
const key = 'a1b2c3d4e5f60718293a4b5c6d7e8f90';

describe('pseudonyms of persons', () => {
  it('are the same for the same organisation and purpose, so that `node` resolves them', () => {
    expect(pseudonym(viewer(), key)).toBe(pseudonym(viewer({ sub: 'a colleague', matterKey: 'matter-2' }), key));
    expect(entityKey(viewer(), pseudonym(viewer(), key))).toBe(key);
    expect(pseudonym(viewer(), key)).not.toContain(key);
  });

  it('cannot be joined between organisations, purposes or residents', () => {
    const ids = [viewer(), viewer({ purpose: 'MATTER_HANDLING' }), viewer({ org: '12620102MB0000002B' }), resident(), resident({ idHmac: 'another' })].map((one) => pseudonym(one, key));
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids.slice(1)) expect(entityKey(viewer(), id)).toBeNull();
  });

  it('need the hub’s key', () => {
    expect(pseudonyms(Buffer.alloc(32, 4)).entityKey(viewer(), pseudonym(viewer(), key))).toBeNull();
  });

  it('answer null for whatever was not given out', () => {
    const id = pseudonym(viewer(), key);
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(entityKey(viewer(), text)).toBeNull();
      }),
    );
    fc.assert(
      fc.property(fc.nat(id.length - 1), fc.constantFrom(...'ABCxyz019-_'), (at, character) => {
        fc.pre(id[at] !== character);
        expect(entityKey(viewer(), id.slice(0, at) + character + id.slice(at + 1))).toBeNull();
      }),
    );
    expect(entityKey(viewer(), `${id}=`)).toBeNull();
    expect(entityKey(viewer(), 'A'.repeat(1_000_000))).toBeNull();
  });
});
