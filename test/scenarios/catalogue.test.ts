import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectors } from '../../connectors/registry.ts';
import { scenarioHub, type ScenarioHub } from './hub.ts';
import { operation } from './operations.ts';

// 16: the catalogue of data sets with sharing attribute, steward, freshness, lineage: page, GraphQL and DCAT 3 JSON-LD.
const jsonld = createRequire(import.meta.url)('jsonld') as { expand(document: object, options: object): Promise<any[]>; toRDF(document: object, options: object): Promise<string> };
let hub: ScenarioHub;
const startTimeoutMs = 240_000;
beforeAll(async () => {
  hub = await scenarioHub({ residents: 100 });
}, startTimeoutMs);
afterAll(() => hub?.stop());

const read = async (path: string) => {
  const response = await fetch(`${hub.url}${path}`);
  return { status: response.status, type: response.headers.get('content-type'), policy: response.headers.get('content-security-policy') ?? '', text: await response.text() };
};
/** Whoever asks for something elsewhere is told no: the document needs no network. */
const offline = { base: 'https://hub.example/catalog.jsonld', documentLoader: async (url: string) => Promise.reject(new Error(`asks for ${url}`)) };
const declared = async () => [...(await connectors()).values()].flatMap((connector) => connector.streams.map((stream) => ({ connector, stream, id: `${connector.department}/${stream.name}` })));

describe('GraphQL', () => {
  let datasets: any[];
  beforeAll(async () => {
    const answer = await hub.ask('developer', { query: operation('Datasets') });
    expect(answer.errors).toBeUndefined();
    datasets = answer.data.datasets;
  });
  const dataset = (id: string) => datasets.find((one) => one.id === id);
  const field = (id: string, name: string) => dataset(id).fields.find((one: any) => one.name === name);

  it('has every stream that is declared, fresh as its last sync left it', async () => {
    expect(datasets.map((one) => one.id)).toEqual((await declared()).map((one) => one.id));
    const { rows } = await hub.pool.query<{ id: string; fresh: Date }>(`SELECT department || '/' || stream AS id, fresh_through AS fresh FROM hub.stream WHERE fresh_through IS NOT NULL`);
    expect(rows.length).toBeGreaterThan(0);
    for (const { id, fresh } of rows) expect(new Date(dataset(id).freshThrough).getTime()).toBe(new Date(fresh).getTime());
  });

  it('derives the sharing attribute from the classes of the fields', () => {
    expect(dataset('civil/shzz').sharing).toBe('UNCONDITIONAL');
    expect(dataset('civil/jzsq').sharing).toBe('CONDITIONAL');
    expect(field('petition/petitions', 'bfydw')).toMatchObject({ class: 'RESTRICTED', sharing: 'NOT_SHARED', schemaFields: [] });
  });

  it('shows the department\'s own term beside the field of the schema, with class, code system and lineage', () => {
    expect(field('police/jcj_jjd', 'bjrxm')).toMatchObject({ schemaFields: ['Person.name'], class: 'PERSONAL', title: { zh: '姓名', en: 'name' } });
    expect(field('police/jcj_jjd', 'xzqh')).toMatchObject({ schemaFields: ['PoliceCall.division'], codeSystem: 'GB/T 2260' });
    expect(field('police/rk_hj', 'xb').codeSystem).toBe('GB/T 2261.1');
    expect(field('court/prelitigation-cases', 'disputeType').codeSystem).toBe('dispute-type');
    expect(field('court/prelitigation-cases', 'outcome').values).toEqual(['PENDING', 'AGREED', 'NOT_AGREED', 'WITHDRAWN', 'FILED']);
    expect(field('hotline/tickets', 'lng').lineage).toEqual([{ reads: ['lng', 'lat'], repair: 'GCJ-02 to WGS 84', target: 'hotline.ticket.lng', schemaField: 'HotlineTicket.location' }, { reads: ['lng', 'lat'], repair: 'GCJ-02 to WGS 84', target: 'hotline.ticket.lat', schemaField: 'HotlineTicket.location' }]);
    // Who asks for assistance is sensitive: so are the name and the phone that came with it.
    expect([field('civil/jzsq', '申请人姓名').class, field('civil/jzsq', '联系电话').class]).toEqual(['SENSITIVE', 'SENSITIVE']);
    expect(field('petition/petitions', 'xfr[].zjhm')).toMatchObject({ schemaFields: ['Person.idNumber'], class: 'IDENTIFYING', codeSystem: 'GB 11643' });
  });

  it('lists what is never stored, and no such column among the fields', async () => {
    expect(dataset('court/prelitigation-cases').neverStored).toContainEqual({ field: null, rule: 'CLOSED_HEARING', when: 'closedHearing' });
    for (const { id, stream } of await declared()) {
      expect(dataset(id).neverStored.map((one: any) => one.field)).toEqual(expect.arrayContaining([...stream.neverStored]));
      expect(dataset(id).fields.map((one: any) => one.name).filter((name: string) => stream.neverStored.includes(name))).toEqual([]);
    }
  });

  it('every column of a detail table is shown by a field of the schema', () => {
    const steps = datasets.flatMap((one) => one.fields.flatMap((each: any) => each.lineage)).filter((step: any) => /^(?!record|mention|decision|organization|thing)/.test(step.target));
    expect(steps.length).toBeGreaterThan(60);
    expect(steps.filter((step: any) => step.schemaField === null).map((step: any) => step.target)).toEqual([]);
  });

  it('anybody may read it, signed in or not, and of one department alone', async () => {
    const answer = await hub.ask(null, { query: operation('Datasets'), variables: { department: 'civil' } });
    expect(answer.errors).toBeUndefined();
    expect(answer.data.datasets).toEqual(datasets.filter((one) => one.id.startsWith('civil/')));
  });
});

describe('JSON-LD', () => {
  const dcat = 'http://www.w3.org/ns/dcat#';
  const dct = 'http://purl.org/dc/terms/';
  // Of DCAT 3 and DCMI Metadata Terms; a name that stands in neither is a mistake that every parser accepts.
  const vocabulary = new Set([
    ...['Catalog', 'Dataset', 'Distribution', 'DataService', 'dataset', 'service', 'distribution', 'accessURL', 'accessService', 'endpointURL', 'servesDataset', 'mediaType'].map((name) => dcat + name),
    ...['title', 'description', 'language', 'conformsTo', 'identifier', 'publisher', 'accessRights', 'accrualPeriodicity', 'modified', 'provenance', 'Standard', 'LinguisticSystem', 'RightsStatement', 'Frequency', 'ProvenanceStatement'].map((name) => dct + name),
  ]);
  let catalogue: any;
  let text: string;
  beforeAll(async () => {
    const answer = await read('/catalog.jsonld');
    expect([answer.status, answer.type]).toEqual([200, 'application/ld+json; charset=utf-8']);
    text = answer.text;
    const expanded = await jsonld.expand(JSON.parse(text), offline);
    expect(expanded.length).toBe(1);
    [catalogue] = expanded;
  });

  it('is a DCAT catalogue of every stream, with a service that serves them, in Chinese and English', async () => {
    expect(catalogue['@type']).toEqual([`${dcat}Catalog`]);
    const datasets = catalogue[`${dcat}dataset`];
    expect(datasets.map((one: any) => one[`${dct}identifier`][0]['@value'])).toEqual((await declared()).map((one) => one.id));
    for (const one of [catalogue, ...datasets]) expect(one[`${dct}title`].map((title: any) => title['@language'])).toEqual(['zh', 'en']);
    const [service] = catalogue[`${dcat}service`];
    expect(service[`${dcat}endpointURL`]).toEqual([{ '@id': 'https://hub.example/graphql' }]);
    expect(service[`${dcat}servesDataset`].map((one: any) => one['@id'])).toEqual(datasets.map((one: any) => one['@id']));
    for (const one of datasets) expect(one[`${dcat}distribution`][0][`${dcat}accessService`]).toEqual([{ '@id': service['@id'] }]);
  });

  it('says rights, frequency, standard, provenance and columns of a data set', () => {
    const one = catalogue[`${dcat}dataset`].find((each: any) => each[`${dct}identifier`][0]['@value'] === 'hotline/tickets');
    expect(one[`${dct}accessRights`][0]['@id']).toBe('http://publications.europa.eu/resource/authority/access-right/RESTRICTED');
    expect(one[`${dct}accrualPeriodicity`][0]['@id']).toBe('http://publications.europa.eu/resource/authority/frequency/10MIN');
    expect(one[`${dct}modified`][0]).toMatchObject({ '@type': 'http://www.w3.org/2001/XMLSchema#dateTime' });
    expect(one['http://www.w3.org/ns/prov#wasDerivedFrom'].length).toBe(1);
    const [schema] = one[`${dct}conformsTo`];
    expect(schema['@type']).toContain(`${dct}Standard`);
    const columns = schema['http://www.w3.org/ns/csvw#column'];
    expect(columns.map((column: any) => column['http://www.w3.org/ns/csvw#name'][0]['@value'])).toContain('requester.name');
  });

  it('uses words of DCAT and of DCMI only where it says that it does, loses none, and becomes triples', async () => {
    const used = JSON.stringify(catalogue).match(/"http:\/\/(?:www\.w3\.org\/ns\/dcat#|purl\.org\/dc\/terms\/)[^"]*"/g)!.map((name) => name.slice(1, -1));
    expect([...new Set(used)].filter((name) => !vocabulary.has(name))).toEqual([]);
    // A term without a prefix that the context defines is dropped by every processor without a word.
    const written = new Set([...text.matchAll(/"([a-z]+):[A-Za-z]+":/g)].map((match) => match[1]!));
    expect([...written].filter((prefix) => !(prefix in JSON.parse(text)['@context']))).toEqual([]);
    const triples = await jsonld.toRDF(JSON.parse(text), { ...offline, format: 'application/n-quads' });
    expect(triples.split('\n').length).toBeGreaterThan(1_000);
  });
});

describe('the page', () => {
  it('shows the same in both languages, without a script, under the gateway\'s own policy', async () => {
    const page = await read('/catalog');
    expect([page.status, page.type]).toEqual([200, 'text/html; charset=utf-8']);
    for (const { id, stream } of await declared()) for (const part of [`id="${id}"`, stream.title.zh, stream.title.en]) expect(page.text).toContain(part);
    expect(page.text).not.toMatch(/<script|\son\w+=|https?:\/\//);
    expect(page.policy).toContain("default-src 'none'");
  });
});

it('nothing of any record stands in it', async () => {
  const { rows } = await hub.pool.query<{ value: string }>(`SELECT DISTINCT value FROM hub.mention, unnest(ARRAY[name, id_number, address] || phones) AS value WHERE length(value) > 2`);
  expect(rows.length).toBeGreaterThan(50);
  const shown = (await read('/catalog.jsonld')).text + (await read('/catalog')).text;
  expect(rows.map((row) => row.value).filter((value) => shown.includes(value))).toEqual([]);
});
