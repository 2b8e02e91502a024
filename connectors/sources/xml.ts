import { XMLParser, XMLValidator } from 'fast-xml-parser';
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
 * 64, nothing cut off. Characters that XML forbids but services send as references (`&#x0B;`) stay in the text: the repair
 * that removes them records it.
 */
export function parsedXml(text: string): XmlElement {
  const markup = text.replace(/<!\[CDATA\[[\s\S]*?\]\]>/g, '');
  if (/<!(?:DOCTYPE|ENTITY)/i.test(markup)) throw new YiwangError('SOURCE_SCHEMA', { detail: 'XML with a DTD' });
  if (tooDeep(markup)) throw new YiwangError('SOURCE_SCHEMA', { detail: 'XML deeper than 64 elements' });
  if (XMLValidator.validate(text) !== true) throw new YiwangError('SOURCE_SCHEMA', { detail: 'XML that is not well-formed' });
  const root: XmlElement = { name: '', attributes: {}, children: [] };
  append(root, parser.parse(text) as OrderedNode[]);
  return root;
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

const cdata = '#cdata';
const parser = new XMLParser({
  preserveOrder: true,
  removeNSPrefix: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseAttributeValue: false,
  processEntities: false,
  parseTagValue: false,
  trimValues: false,
  cdataPropName: cdata,
  ignoreDeclaration: true,
  ignorePiTags: true,
});

type OrderedNode = Record<string, unknown>;

function append(parent: XmlElement, nodes: readonly OrderedNode[]): void {
  for (const node of nodes) {
    const name = Object.keys(node).find((key) => key !== ':@');
    if (name === undefined) continue;
    if (name === '#text') parent.children.push(decoded(String(node[name])));
    else if (name === cdata) parent.children.push((node[name] as OrderedNode[]).map((part) => String(part['#text'] ?? '')).join(''));
    else {
      const child: XmlElement = { name, attributes: (node[':@'] ?? {}) as Record<string, string>, children: [] };
      append(child, node[name] as OrderedNode[]);
      parent.children.push(child);
    }
  }
}

const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function decoded(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w+));/gi, (whole, hex: string | undefined, decimal: string | undefined, name: string | undefined) => {
    if (name !== undefined) return named[name] ?? whole;
    const point = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return point > 0x10ffff ? '' : String.fromCodePoint(point);
  });
}

function tooDeep(markup: string): boolean {
  let depth = 0;
  for (const [tag] of markup.matchAll(/<\/?[A-Za-z_][^<>]*>/g)) {
    if (tag.startsWith('</')) depth -= 1;
    else if (!tag.endsWith('/>')) depth += 1;
    if (depth > depthMax) return true;
  }
  return false;
}
