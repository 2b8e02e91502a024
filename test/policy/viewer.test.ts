import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { signViewer, verifyViewer, viewerKey } from '../../policy/viewer.ts';
import { resident, viewer } from './viewers.ts';

const key = viewerKey(Buffer.alloc(32, 7));
const now = new Date('2026-03-02T08:00:00Z');
const binding = { audience: 'hotline', bodyHash: 'a'.repeat(64), key, now };
const header = signViewer(viewer(), binding);
const later = (ms: number) => new Date(now.getTime() + ms);
const refused = (given: string | undefined, changes: Partial<typeof binding> = {}) => {
  expect(() => verifyViewer(given, { ...binding, ...changes })).toThrow(expect.objectContaining({ code: 'UNAUTHENTICATED' }));
};

describe('the signed viewer context', () => {
  it('comes back as it was signed', () => {
    expect(verifyViewer(header, binding)).toEqual(viewer());
    expect(verifyViewer(signViewer(resident(), binding), binding)).toEqual(resident());
  });

  it('is refused without a header, for another subgraph, another body, another key', () => {
    refused(undefined);
    refused('');
    refused(header, { audience: 'police' });
    refused(header, { bodyHash: 'b'.repeat(64) });
    refused(header, { key: viewerKey(Buffer.alloc(32, 8)) });
  });

  it('lives 30 seconds and no longer, and was not signed in the future', () => {
    expect(verifyViewer(header, { ...binding, now: later(29_999) })).toEqual(viewer());
    refused(header, { now: later(30_000) });
    refused(header, { now: later(-6_000) });
  });

  it('has no algorithm to confuse', () => {
    const [, payload, mac] = header.split('.');
    const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
    for (const forged of [`v1.${payload}.`, `v1.${payload}`, `${none}.${payload}.`, `${none}.${payload}.${mac}`, `v2.${payload}.${mac}`, `.${payload}.${mac}`, `v1..${mac}`, `v1.v1.${payload}.${mac}`]) refused(forged);
  });

  it('does not take a payload that somebody else wrote', () => {
    const stronger = Buffer.from(JSON.stringify({ aud: 'hotline', body: binding.bodyHash, exp: later(20_000).getTime(), viewer: viewer({ tier: 'CITY' }) })).toString('base64url');
    refused(`v1.${stronger}.${header.split('.')[2]}`);
  });

  it('is refused after any change of any character, spare bits of base64url included', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    fc.assert(
      fc.property(fc.nat(header.length - 1), fc.constantFrom(...alphabet), (at, character) => {
        fc.pre(header[at] !== character);
        refused(header.slice(0, at) + character + header.slice(at + 1));
      }),
      { numRuns: 500 },
    );
    for (const character of alphabet) if (!header.endsWith(character)) refused(header.slice(0, -1) + character);
    refused(`${header}=`);
    refused(` ${header}`);
  });

  it('is refused when it is long, or any text at all', () => {
    refused(`v1.${'A'.repeat(10_000)}.AAAA`);
    fc.assert(fc.property(fc.string(), (text) => refused(text)), { numRuns: 200 });
  });
});
