import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entryBytesMax, readEntry, sealEntry, type AccessEntryInput } from '../../audit/entry.ts';
import { leafHash, verifyInclusion, inclusionSpans, merkleRoot } from '../../audit/merkle.ts';
import { readSubjectLeaf, subjectTag, subjectTags, subjectsRoot } from '../../audit/subjects.ts';
import { canonicalJson } from '../../base/canonical.ts';
import { YiwangError } from '../../base/errors.ts';
import { entryOf, tagSecret } from './entries.ts';

const chance = { now: new Date('2026-11-22T20:00:00.000Z'), randomBytes };

describe('an entry', () => {
  it('is canonical JSON of everything the log promises to keep', () => {
    const { bytes, leaf, entry } = sealEntry(entryOf(1), chance);
    const read = JSON.parse(bytes.toString('utf8'));
    expect(canonicalJson(read)).toBe(bytes.toString('utf8'));
    expect(leaf).toEqual(leafHash(bytes));
    expect(readEntry(bytes)).toEqual(entry);
    expect(Object.keys(read).sort()).toEqual(['aggregated', 'breakGlass', 'client', 'code', 'coordinates', 'decision', 'department', 'disclosedFrom', 'division', 'legalBasis', 'matter', 'nonce', 'operation', 'operations', 'org', 'policyVersion', 'purpose', 'recordCount', 'subjectsRoot', 'tier', 'time', 'traceId', 'version', 'viewer', 'withdraws']);
  });

  it('is another one each time, by its nonce', () => {
    expect(sealEntry(entryOf(1), chance).leaf).not.toEqual(sealEntry(entryOf(1), chance).leaf);
  });

  it('never exceeds 64 KiB: coordinates are added up per type, then altogether', () => {
    const many = (types: number) => Object.fromEntries(Array.from({ length: 6_000 }, (_, n) => [`Type${n % types}With.aRatherLongFieldName${n}`, 2]));
    const perType = sealEntry(entryOf(1, { coordinates: { full: many(3), masked: many(3), withheld: {} } }), chance);
    expect(perType.bytes.length).toBeLessThanOrEqual(entryBytesMax);
    expect(perType.entry.aggregated).toBe('TYPE');
    expect(perType.entry.coordinates.full).toEqual({ 'Type0With.*': 4_000, 'Type1With.*': 4_000, 'Type2With.*': 4_000 });
    const all = sealEntry(entryOf(1, { coordinates: { full: many(6_000), masked: {}, withheld: {} } }), chance);
    expect(all.entry).toMatchObject({ aggregated: 'ALL', coordinates: { full: { '*': 12_000 } } });
    expect(readEntry(all.bytes)).toEqual(all.entry);
  });

  it('fits and can be read back, whatever text a caller sends', () => {
    const text = fc.string({ unit: 'binary', maxLength: 2_000 });
    fc.assert(
      fc.property(text, text, text, (client, matter, name) => {
        const { bytes, entry } = sealEntry(entryOf(1, { client, matter, legalBasis: client, operation: { name, hash: 'a'.repeat(64) } }), chance);
        expect(bytes.length).toBeLessThanOrEqual(entryBytesMax);
        expect(bytes.includes(0)).toBe(false);
        expect(readEntry(bytes)).toEqual(entry);
      }),
      { numRuns: 200 },
    );
  });

  it('keeps no number that a caller hides in the name of an operation', () => {
    const { bytes } = sealEntry(entryOf(1, { operation: { name: 'Find_13812345678_620102199001011234', hash: 'a'.repeat(64) } }), chance);
    expect(bytes.toString()).not.toMatch(/13812345678|620102199001011234/);
  });

  it.each<[string, Partial<AccessEntryInput>]>([
    ['a refusal without a code', { decision: 'REFUSED' }],
    ['an allowed operation with one', { code: 'FORBIDDEN' }],
    ['a coordinate that is none', { coordinates: { full: { 'select *': 1 }, masked: {}, withheld: {} } }],
    ['a tag that is no HMAC', { subjects: [{ keyId: '2026-11', tag: 'Zhang San' }] }],
    ['a trace id with blanks', { traceId: 'a b' }],
  ])('is refused: %s', (_name, over) => {
    expect(() => sealEntry(entryOf(1, over), chance)).toThrow(YiwangError);
  });

  it('is not read from bytes that are no entry', () => {
    expect(readEntry(Buffer.from('{'))).toBeNull();
    expect(readEntry(Buffer.from('{"version":1}'))).toBeNull();
    expect(readEntry(Buffer.from([0xff, 0xfe]))).toBeNull();
  });
});

describe('the subjects of an entry', () => {
  const month = new Date('2026-11-02T00:00:00Z');
  const subjects = ['m1', 'm2', 'm3', 'm1'].map((mention) => ({ ...subjectTag(tagSecret, mention, month), coordinates: [`Person.${mention}`] }));

  it('stand behind one root, each provable alone, each once', () => {
    const sealed = sealEntry(entryOf(1, { subjects }), chance);
    const leaves = sealed.subjects.map((leaf) => leafHash(leaf.bytes));
    expect(leaves.length).toBe(3);
    expect(sealed.entry.subjectsRoot).toBe(subjectsRoot(sealed.subjects.map((leaf) => leaf.bytes)).toString('hex'));
    for (const [index, leaf] of leaves.entries()) {
      const path = inclusionSpans(index, 3).map((span) => merkleRoot(leaves.slice(span.from, span.to)));
      expect(verifyInclusion({ index, size: 3, leaf, path, root: Buffer.from(sealed.entry.subjectsRoot, 'hex') })).toBe(true);
    }
    expect(readSubjectLeaf(sealed.subjects[0]!.bytes)!.tag).toBe(sealed.subjects[0]!.tag);
  });

  it('leave nothing in the entry that is the same in another entry about the same person', () => {
    const first = sealEntry(entryOf(1, { subjects }), chance);
    const second = sealEntry(entryOf(2, { subjects }), chance);
    const hashes = new Set(first.subjects.map((leaf) => leafHash(leaf.bytes).toString('hex')));
    expect(second.subjects.some((leaf) => hashes.has(leafHash(leaf.bytes).toString('hex')))).toBe(false);
    for (const { tag } of first.subjects) expect(first.bytes.includes(tag)).toBe(false);
  });

  it('have another tag every month, and all of them are found again', () => {
    const tags = subjectTags(tagSecret, 'm1', new Date('2026-09-30T23:59:59Z'), month);
    expect(tags.map((tag) => tag.keyId)).toEqual(['2026-09', '2026-10', '2026-11']);
    expect(new Set(tags.map((tag) => tag.tag)).size).toBe(3);
    expect(tags.at(-1)).toEqual(subjectTag(tagSecret, 'm1', month));
    expect(subjectTag(Buffer.alloc(32), 'm1', month).tag).not.toBe(tags.at(-1)!.tag);
  });
});
