import { createRequire } from 'node:module';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openFixture, type Fixture } from './fixture.ts';

// What readers of a catalogue stumble over; what stands in it is asked of a whole hub in scenarios/catalogue.test.ts.
const jsonld = createRequire(import.meta.url)('jsonld') as { expand(document: object, options: object): Promise<any[]>; toRDF(document: object, options: object): Promise<string> };
const base = 'https://hub.example/catalog.jsonld';
const dcat = 'http://www.w3.org/ns/dcat#';
const dct = 'http://purl.org/dc/terms/';
let fixture: Fixture;
let document: object;
let catalogue: any;
beforeAll(async () => {
  fixture = await openFixture();
  document = (await (await fetch(`${fixture.url}/catalog.jsonld`)).json()) as object;
  [catalogue] = await jsonld.expand(document, { base });
});
afterAll(async () => fixture?.stop());

test('every IRI has at most one fragment, and no character that an IRI has not', async () => {
  const triples = await jsonld.toRDF(document, { base, format: 'application/n-quads' });
  const iris = [...new Set([...triples.matchAll(/<([^>]*)>/g)].map((match) => match[1]!))];
  expect(iris.length).toBeGreaterThan(100);
  expect(iris.filter((iri) => iri.split('#').length > 2 || /[\s"{}|\\^`]/.test(iri) || !URL.canParse(iri))).toEqual([]);
  expect(iris).toContain(`${base}#dataset/civil/jzsq/source/column/${encodeURIComponent('申请人姓名')}`);
});

test('the catalogue says who publishes it, and each data set of records what they are, in Chinese and English', () => {
  expect(catalogue[`${dct}publisher`]).toHaveLength(1);
  const described = catalogue[`${dcat}dataset`].filter((one: any) => one[`${dct}description`]);
  expect(described.map((one: any) => one[`${dct}identifier`][0]['@value'])).toEqual(['civil/jzsq', 'court/prelitigation-cases', 'hotline/tickets', 'petition/petitions', 'police/jcj_jjd']);
  for (const one of described) expect(one[`${dct}description`].map((text: any) => text['@language'])).toEqual(['zh', 'en']);
  expect(described[2][`${dct}description`]).toContainEqual({ '@value': 'a ticket of the 12345 hotline', '@language': 'en' });
});
