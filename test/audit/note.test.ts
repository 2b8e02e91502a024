import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openCheckpoint, readCheckpointText } from '../../audit/checkpoint-text.ts';
import { consistencySpans, leafHash, merkleRoot } from '../../audit/merkle.ts';
import { openNote, readVerifierKey, signedNote, verifierKey } from '../../audit/note.ts';
import { openSigner } from '../../audit/signer.ts';

// The example of golang.org/x/mod/sumdb/note.
const goKey = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const goSeed = Buffer.from('AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz', 'base64').subarray(1);
const goText = 'If you think cryptography is the answer to your problem,\nthen you don\'t know what your problem is.\n';
const goNote = `${goText}\n\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n`;
const goPrivate = createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), goSeed]), format: 'der', type: 'pkcs8' });

const folders: string[] = [];
const folder = () => folders[folders.push(mkdtempSync(join(tmpdir(), 'yiwang-signer-'))) - 1]!;
afterAll(() => folders.forEach((name) => rmSync(name, { recursive: true })));

describe('a signed note', () => {
  it('is byte for byte the one that Go writes', () => {
    expect(signedNote(goText, 'PeterNeumann', goPrivate)).toBe(goNote);
    expect(openNote(goNote, goKey)).toBe(goText);
  });

  it('opens beside the signatures of others', () => {
    const other = generateKeyPairSync('ed25519');
    const witness = signedNote(goText, 'witness.example', other.privateKey).split('\n\n')[1]!;
    expect(openNote(goNote + witness, goKey)).toBe(goText);
    expect(openNote(goNote + witness, verifierKey('witness.example', other.publicKey))).toBe(goText);
  });

  it.each<[string, string]>([
    ['its text was changed', goNote.replace('cryptography', 'steganography')],
    ['its signature was changed', goNote.replace('ZJkuBS', 'ZJkuBT')],
    ['it has no signature', goText],
    ['only somebody else signed', signedNote(goText, 'PeterNeumann', generateKeyPairSync('ed25519').privateKey)],
    ['it ends in the middle', goNote.slice(0, -1)],
    ['something else follows', `${goNote}and more\n`],
  ])('does not open when %s', (_name, note) => {
    expect(openNote(note, goKey)).toBeNull();
  });

  it.each([['a changed key', goKey.replace('ARpc', 'ARpd')], ['another name', goKey.replace('Peter', 'Petra')], ['no key', 'x']])('is not checked with %s', (_name, key) => {
    expect(() => readVerifierKey(key)).toThrow(/verifier key/);
  });
});

describe('a checkpoint', () => {
  const root = leafHash(Buffer.from('x'));
  it.each([
    ['a size with a leading zero', `log\n007\n${root.toString('base64')}\n`],
    ['a size beyond what we can count', `log\n99999999999999999\n${root.toString('base64')}\n`],
    ['a root that is too short', `log\n1\n${root.subarray(1).toString('base64')}\n`],
    ['a root in another spelling', `log\n1\n${root.toString('base64url')}\n`],
    ['nothing', ''],
  ])('is not read from %s', (_name, text) => {
    expect(readCheckpointText(text)).toBeNull();
  });
});

describe('the signer', () => {
  const leaves = Array.from({ length: 40 }, (_, n) => leafHash(Buffer.from([n])));
  const head = (size: number, first: number, all = leaves) => ({
    size,
    root: merkleRoot(all.slice(0, size)),
    proof: consistencySpans(first, size).map((span) => merkleRoot(all.slice(span.from, span.to))),
  });

  it('keeps its key to itself and signs with the same one after a restart', () => {
    const at = folder();
    const signer = openSigner({ folder: at, origin: 'hub.example/access-log' });
    const note = signer.sign(head(3, 0));
    expect(statSync(join(at, 'access-log.key.pem')).mode & 0o777).toBe(0o600);
    const again = openSigner({ folder: at, origin: 'hub.example/access-log' });
    expect(openCheckpoint(note, again.publicKey)).toEqual({ origin: 'hub.example/access-log', size: 3, root: merkleRoot(leaves.slice(0, 3)) });
    expect(openCheckpoint(again.sign(head(7, 3)), signer.publicKey)!.size).toBe(7);
  });

  it('signs no second history, also after a restart', () => {
    const at = folder();
    openSigner({ folder: at, origin: 'hub.example' }).sign(head(20, 0));
    const signer = openSigner({ folder: at, origin: 'hub.example' });
    const other = [...leaves.slice(0, 12), leafHash(Buffer.from('forged')), ...leaves.slice(13)];
    expect(() => signer.sign(head(30, 20, other))).toThrow(/does not match/);
    expect(() => signer.sign(head(20, 20, other))).toThrow(/does not match/);
    expect(() => signer.sign(head(10, 10))).toThrow(/does not match/);
    expect(signer.lastSigned().size).toBe(20);
    expect(() => signer.sign(head(30, 20))).not.toThrow();
  });

  it('signs nothing when its memory is unreadable', () => {
    const at = folder();
    openSigner({ folder: at, origin: 'hub.example' }).sign(head(20, 0));
    writeFileSync(join(at, 'access-log.last-signed.json'), '{');
    expect(() => openSigner({ folder: at, origin: 'hub.example' })).toThrow(/restore it/);
    expect(readFileSync(join(at, 'access-log.key.pem'), 'utf8')).toContain('PRIVATE KEY');
  });
});
