import { isUtf8 } from 'node:buffer';
import { YiwangError } from '../../base/errors.ts';

/**
 * The text of an answer. UTF-8 is taken as such whatever the source calls it; what is none is read in the encoding that the
 * media type or the XML declaration names (RFC 7303, 3). Where only some of it is no UTF-8, a lone surrogate stands for the
 * bytes that are none: it can be stored nowhere, so each record that holds one goes to quarantine and the others are read.
 * Throws `SOURCE_SCHEMA` where the encoding is unknown or most of the answer is in another one.
 */
export function answerText(bytes: Buffer, contentType: string | null): string {
  if (isUtf8(bytes)) return withoutMark(bytes.toString('utf8'));
  const declared = declaredEncoding(bytes, contentType);
  return declared === undefined || /^utf-?8$/i.test(declared) ? marked(bytes) : strictly(bytes, declared);
}

const byteOrderMark = '\ufeff';
/** The second half of a pair: what reads by code points takes a lone first half together with whatever follows it. */
const unreadable = '\udc00';
/** These bytes are no part of a longer character, and end each value of JSON and of XML. */
const boundaries = new Set(Buffer.from('"<>'));
const declarationBytesMax = 200;
/** Values with bytes that are none; with more of them than of those that are, the whole answer is in another encoding. */
const strayMax = 20;

function withoutMark(text: string): string {
  return text.startsWith(byteOrderMark) ? text.slice(1) : text;
}

function declaredEncoding(bytes: Buffer, contentType: string | null): string | undefined {
  const ofType = /;\s*charset\s*=\s*"?([\w.:-]+)/i.exec(contentType ?? '')?.[1];
  return ofType ?? /^\s*<\?xml[^>]*\sencoding\s*=\s*["']([\w.:-]+)["']/.exec(bytes.toString('latin1', 0, declarationBytesMax))?.[1];
}

function strictly(bytes: Buffer, encoding: string): string {
  try {
    return withoutMark(new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    throw new YiwangError('SOURCE_SCHEMA', { hint: `an answer of the source is not in the encoding \`${encoding.slice(0, 20)}\` that it names`, cause });
  }
}

function marked(bytes: Buffer): string {
  let text = '';
  let [good, bad] = [0, 0];
  for (const part of parts(bytes)) {
    const isGood = isUtf8(part);
    const read = part.toString('utf8');
    if (!isGood) bad += 1;
    else if (read.length < part.length) good += 1; // one that is longer than ASCII
    // At the front of its part: within the value, whichever of its bytes are none.
    text += isGood ? read : unreadable + read.replaceAll('\ufffd', '');
  }
  if (bad > strayMax && bad > good) throw new YiwangError('SOURCE_SCHEMA', { hint: 'an answer of the source is not in UTF-8, and names no other encoding' });
  return withoutMark(text);
}

function* parts(bytes: Buffer): Generator<Buffer> {
  let from = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    if (!boundaries.has(bytes[at]!)) continue;
    yield bytes.subarray(from, at + 1);
    from = at + 1;
  }
  yield bytes.subarray(from);
}
