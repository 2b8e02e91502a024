import { XMLParser } from 'fast-xml-parser';
import { current } from './court.ts';
import type { Dataset } from './dataset.ts';
import { sameText, thrice } from './hotline.ts';
import type { Answer, Request } from './http.ts';
import type { LineFile } from './lines.ts';
import type { Misbehaviour } from './misbehave.ts';
import { instantMs } from './time.ts';

const pagePetitionsMax = 200;
const namespace = 'urn:gov:petition:1';

/** The petition office's SOAP 1.1 service: `QueryPetitions`, and its WSDL at `?wsdl`. */
export function servePetitions(dataset: Dataset, file: LineFile, round: () => number, account: { username: string; password: string }): (request: Request, wrong?: Misbehaviour) => Answer {
  return (request, wrong) => {
    if (request.method === 'GET' && request.url.searchParams.has('wsdl')) return xml(200, wsdl(`http://${request.headers.host ?? '127.0.0.1'}/petition`));
    if (request.method !== 'POST') return fault(405, 'soap:Client', 'POST a SOAP 1.1 envelope');
    const asked = readEnvelope(request.body);
    if (typeof asked === 'string') return fault(500, 'soap:Client', asked);
    if (!sameText(asked.username, account.username) || !sameText(asked.password, account.password)) return fault(500, 'wsse:FailedAuthentication', 'the security token could not be authenticated');
    const sinceMs = asked.since === '' ? -Infinity : instantMs(asked.since);
    if (sinceMs === Infinity) return fault(500, 'soap:Client', 'since is not a time');
    if (!Number.isInteger(asked.pageNo) || asked.pageNo < 1) return fault(500, 'soap:Client', 'pageNo counts from 1');
    if (!Number.isInteger(asked.pageSize) || asked.pageSize < 1 || asked.pageSize > pagePetitionsMax) return fault(500, 'soap:Client', `pageSize is 1 to ${pagePetitionsMax}`);
    const wanted = current(dataset.petitions.versions, round()).filter((version) => version.watermarkMs >= sinceMs);
    const page = wrong?.kind === 'lost-page' ? [] : wanted.slice((asked.pageNo - 1) * asked.pageSize, asked.pageNo * asked.pageSize);
    const shown = thrice(page, wrong?.kind === 'repeat').map((version) => petitionXml(file.value(version)));
    const result = `<QueryPetitionsResult total="${wanted.length + (wrong?.kind === 'total' ? 3 : 0)}" pageNo="${asked.pageNo}">${shown.join('')}</QueryPetitionsResult>`;
    return xml(200, hostile(envelope(`<QueryPetitionsResponse xmlns="${namespace}">${result}</QueryPetitionsResponse>`), wrong));
  };
}

const deepLevels = 100_000;

/** The envelope as an attacker between the two would have it. */
function hostile(text: string, wrong: Misbehaviour | undefined): string {
  const declared = (doctype: string) => text.replace('?>', `?>${doctype}`);
  if (wrong?.kind === 'dtd') return declared('<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/hostname">]>');
  if (wrong?.kind === 'laughs') return declared(`<!DOCTYPE x [<!ENTITY l0 "ha">${Array.from({ length: 9 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join('')}]>`);
  return wrong?.kind === 'deep' ? text.replace('</QueryPetitionsResult>', `${'<gy>'.repeat(deepLevels)}${'</gy>'.repeat(deepLevels)}$&`) : text;
}

interface Asked {
  username: string;
  password: string;
  since: string;
  pageNo: number;
  pageSize: number;
}

const parser = new XMLParser({ removeNSPrefix: true, processEntities: false, ignoreAttributes: true, parseTagValue: false });

/** What the envelope asks, or why it cannot be read. */
function readEnvelope(body: string): Asked | string {
  if (body.includes('<!DOCTYPE')) return 'a DTD is not allowed';
  let root: unknown;
  try {
    root = parser.parse(body);
  } catch {
    return 'the envelope is not well-formed XML';
  }
  const at = (...path: string[]) => path.reduce<unknown>((value, name) => (typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined), root);
  const text = (value: unknown) => (typeof value === 'string' ? unescaped(value.trim()) : '');
  if (at('Envelope', 'Body', 'QueryPetitions') === undefined) return 'the body holds no QueryPetitions';
  const token = ['Envelope', 'Header', 'Security', 'UsernameToken'] as const;
  const query = (name: string) => text(at('Envelope', 'Body', 'QueryPetitions', name));
  return { username: text(at(...token, 'Username')), password: text(at(...token, 'Password')), since: query('since'), pageNo: Number(query('pageNo') || 1), pageSize: Number(query('pageSize') || pagePetitionsMax) };
}

function unescaped(text: string): string {
  const named: Record<string, string> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => named[name]!);
}

function petitionXml(row: Record<string, unknown>): string {
  return `<petition>${Object.entries(row).map(([name, value]) => elementXml(name, value)).join('')}</petition>`;
}

/** Lists repeat their element; null is left out. */
function elementXml(name: string, value: unknown): string {
  if (value === null || value === undefined || !/^[A-Za-z_][\w.-]*$/.test(name)) return '';
  if (Array.isArray(value)) return value.map((item) => elementXml(name, item)).join('');
  if (typeof value === 'object') return `<${name}>${Object.entries(value).map(([child, content]) => elementXml(child, content)).join('')}</${name}>`;
  return `<${name}>${textXml(String(value))}</${name}>`;
}

/**
 * Text that holds mark-up goes as CDATA. Control characters that XML 1.0 forbids go as the references that real services
 * of this kind send (`&#x0B;`): a conforming parser refuses them, and the hub must cope.
 */
function textXml(text: string): string {
  const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
  if (/[<&]/.test(text) && !forbidden.test(text)) return `<![CDATA[${text.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`;
  forbidden.lastIndex = 0;
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\r', '&#xD;');
  return escaped.replace(forbidden, (character) => `&#x${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')};`);
}

function envelope(body: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>${body}</soap:Body></soap:Envelope>`;
}

function fault(status: number, code: string, text: string): Answer {
  const wsse = 'xmlns:wsse="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"';
  return xml(status, envelope(`<soap:Fault ${wsse}><faultcode>${code}</faultcode><faultstring>${textXml(text)}</faultstring></soap:Fault>`));
}

function xml(status: number, body: string): Answer {
  return { status, headers: { 'content-type': 'text/xml; charset=utf-8' }, body };
}

const elements = 'xfjbh nd xfxs djsj rs nrfl jflxdm xfmd wtsd wtdz gy bfyr bfydw bmyq clfs qxdw slgzrq bjqx yqly clyj fcrq fhrq myd ccbz gxsj zf'.split(' ');

function wsdl(address: string): string {
  const string = (name: string) => `<xs:element name="${name}" type="xs:string" minOccurs="0"/>`;
  const xfr = `<xs:element name="xfr" minOccurs="0" maxOccurs="unbounded"><xs:complexType><xs:sequence>${['xfrxm', 'zjhm', 'dz', 'lxdh'].map(string).join('')}</xs:sequence></xs:complexType></xs:element>`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:tns="${namespace}" targetNamespace="${namespace}" name="PetitionService">
<types><xs:schema targetNamespace="${namespace}" elementFormDefault="qualified">
<xs:element name="QueryPetitions"><xs:complexType><xs:sequence><xs:element name="since" type="xs:string" minOccurs="0"/><xs:element name="pageNo" type="xs:int"/><xs:element name="pageSize" type="xs:int"/></xs:sequence></xs:complexType></xs:element>
<xs:element name="QueryPetitionsResponse"><xs:complexType><xs:sequence><xs:element name="QueryPetitionsResult"><xs:complexType><xs:sequence><xs:element name="petition" type="tns:Petition" minOccurs="0" maxOccurs="${pagePetitionsMax}"/></xs:sequence><xs:attribute name="total" type="xs:int"/><xs:attribute name="pageNo" type="xs:int"/></xs:complexType></xs:element></xs:sequence></xs:complexType></xs:element>
<xs:complexType name="Petition"><xs:choice minOccurs="0" maxOccurs="unbounded">${elements.map(string).join('')}${xfr}<xs:any minOccurs="0" processContents="skip"/></xs:choice></xs:complexType>
</xs:schema></types>
<message name="QueryPetitionsRequest"><part name="parameters" element="tns:QueryPetitions"/></message>
<message name="QueryPetitionsReply"><part name="parameters" element="tns:QueryPetitionsResponse"/></message>
<portType name="PetitionPort"><operation name="QueryPetitions"><input message="tns:QueryPetitionsRequest"/><output message="tns:QueryPetitionsReply"/></operation></portType>
<binding name="PetitionBinding" type="tns:PetitionPort"><soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/><operation name="QueryPetitions"><soap:operation soapAction="${namespace}/QueryPetitions"/><input><soap:body use="literal"/></input><output><soap:body use="literal"/></output></operation></binding>
<service name="PetitionService"><port name="PetitionPort" binding="tns:PetitionBinding"><soap:address location="${address}"/></port></service>
</definitions>
`;
}
