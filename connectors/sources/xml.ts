import { SaxesParser } from 'saxes';
import { YiwangError } from '../../base/errors.ts';

export interface XmlElement {
  /** Without its namespace prefix. */
  name: string;
  attributes: Readonly<Record<string, string>>;
  children: (XmlElement | string)[];
}

const depthMax = 64;

/**
 * Reads XML whose author is not trusted: no DTD, no entities but the five of XML and character references, no depth beyond
 * 64, nothing cut off. Characters that XML forbids but services send, as they are or as references (`&#x0B;`), stay in the
 * text: the repair that removes them records it.
 */
export function parsedXml(text: string): XmlElement {
  const root: XmlElement = { name: '', attributes: {}, children: [] };
  const open = [root];
  const holdsForbidden = forbidden.test(text) || !text.isWellFormed();
  const parser = new SaxesParser({ xmlns: false, position: false });
  parser.on('error', ({ message }) => {
    if (message !== ofForbidden || !holdsForbidden) throw refused('that is not well-formed');
  });
  parser.on('doctype', () => {
    throw refused('with a DTD');
  });
  parser.on('opentag', ({ name, attributes }) => {
    const child: XmlElement = { name: localName(name), attributes, children: [] };
    open.at(-1)!.children.push(child);
    if (open.push(child) > depthMax + 1) throw refused(`deeper than ${depthMax} elements`);
  });
  parser.on('closetag', () => void open.pop());
  const keep = (part: string) => void open.at(-1)!.children.push(part);
  parser.on('text', keep);
  parser.on('cdata', keep);
  // The library leaves a reference to a forbidden character as it is written, as which `&amp;#11;` is read too.
  Object.assign(parser, { parseEntity: referred });
  parser.write(text).close();
  return root;
}

/** Characters that are none of XML's (XML 1.0, 2.2). */
const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;
/** What the library says of one that stands there as it is, and of `<` in an attribute. */
const ofForbidden = 'disallowed character.';

const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/**
 * What `&reference;` stands for; one that is not known stays as it is written. What is no reference is refused: of an `&`
 * that stands for itself the library goes on to the next semicolon, over whatever elements lie between.
 */
function referred(reference: string): string {
  if (!wellFormedReference.test(reference)) throw refused('that is not well-formed');
  const [, hex, decimal] = /^#(?:x([0-9a-f]{1,6})|(\d{1,7}))$/i.exec(reference) ?? [];
  if (hex === undefined && decimal === undefined) return (Object.hasOwn(named, reference) ? named[reference] : undefined) ?? `&${reference};`;
  const point = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
  return point > 0x10ffff ? '' : String.fromCodePoint(point);
}

const wellFormedReference = /^(?:#x[0-9a-f]+|#\d+|[\p{L}_:][\p{L}\p{N}._:-]*)$/iu;

/** The source text of each element of a name that stands directly in `parent`, one at a time: a sheet's rows, for example. */
export function* fragments(text: string, parent: string, name: string): Generator<string> {
  const open: string[] = [];
  let start = -1;
  for (const tag of markup(text)) {
    const isWanted = tag.name === name && open.at(-1) === parent;
    if (tag.kind === 'EMPTY') {
      if (isWanted) yield text.slice(tag.start, tag.end);
    } else if (tag.kind === 'OPEN') {
      if (isWanted) start = tag.start;
      open.push(tag.name);
      if (open.length > depthMax) throw refused(`deeper than ${depthMax} elements`);
    } else {
      if (open.pop() !== tag.name) throw refused('whose elements overlap');
      if (start !== -1 && tag.name === name && open.at(-1) === parent) {
        yield text.slice(start, tag.end);
        start = -1;
      }
    }
  }
  if (open.length > 0) throw refused('that is cut off');
}

/** Throws where the markup itself is hostile, before anything is built from it. */
export function checkMarkup(text: string): void {
  let depth = 0;
  for (const { kind } of markup(text)) {
    if (kind === 'OPEN') depth += 1;
    else if (kind === 'CLOSE') depth -= 1;
    if (depth > depthMax) throw refused(`deeper than ${depthMax} elements`);
  }
}

function refused(why: string): YiwangError {
  return new YiwangError('SOURCE_SCHEMA', { hint: `the source sent XML ${why}` });
}

interface Tag {
  kind: 'OPEN' | 'CLOSE' | 'EMPTY';
  /** Without its namespace prefix. */
  name: string;
  start: number;
  end: number;
}

/** The tags of a document in order, in one pass whatever it holds: comments, CDATA and quoted `>` are no tags. */
function* markup(text: string): Generator<Tag> {
  for (let start = text.indexOf('<'); start !== -1; ) {
    let end: number;
    if (text.startsWith('<!--', start)) end = after(text, '-->', start + 4);
    else if (text.startsWith('<![CDATA[', start)) end = after(text, ']]>', start + 9);
    else if (text.startsWith('<?', start)) end = after(text, '?>', start + 2);
    else if (text.startsWith('<!', start)) throw refused('with a DTD');
    else {
      end = tagEnd(text, start + 1);
      const kind = text[start + 1] === '/' ? 'CLOSE' : text[end - 2] === '/' ? 'EMPTY' : 'OPEN';
      nameAt.lastIndex = start + 1;
      const name = nameAt.exec(text)?.[1] ?? '';
      yield { kind, name: localName(name), start, end };
    }
    start = text.indexOf('<', end);
  }
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

const nameAt = /\/?([^\s/>]*)/y;

function after(text: string, end: string, from: number): number {
  const at = text.indexOf(end, from);
  if (at === -1) throw refused('that is cut off');
  return at + end.length;
}

function tagEnd(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    const character = text[at];
    if (character === '>') return at + 1;
    if (character === '"' || character === "'") at = after(text, character, at + 1) - 1;
  }
  throw refused('that is cut off');
}

export function element(parent: XmlElement | undefined, name: string): XmlElement | undefined {
  return parent?.children.find((child): child is XmlElement => typeof child !== 'string' && child.name === name);
}

export function childElements(parent: XmlElement, name: string): XmlElement[] {
  return parent.children.filter((child): child is XmlElement => typeof child !== 'string' && child.name === name);
}

/** All text of an element, CDATA included. */
export function textOf(one: XmlElement | undefined): string {
  return one?.children.filter((child) => typeof child === 'string').join('') ?? '';
}
